package content

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// WhatsApp's apps set a mark in the file's own message, inside the wrapper.
func TestAViewOnceFileKeepsItsKind(t *testing.T) {
	t.Parallel()
	for kind, m := range map[MediaKind]*waE2E.Message{
		Image:      {ImageMessage: &waE2E.ImageMessage{ViewOnce: proto.Bool(true)}},
		Video:      {VideoMessage: &waE2E.VideoMessage{ViewOnce: proto.Bool(true)}},
		RoundVideo: {PtvMessage: &waE2E.VideoMessage{ViewOnce: proto.Bool(true)}},
		Voice:      {AudioMessage: &waE2E.AudioMessage{ViewOnce: proto.Bool(true), PTT: proto.Bool(true)}},
	} {
		for name, sent := range map[string]*waE2E.Message{
			"alone":   m,
			"wrapped": {ViewOnceMessageV2: &waE2E.FutureProofMessage{Message: m}},
		} {
			content, _ := decodeContent(sent, 0)
			require.IsType(t, ViewOnce{}, content, "%s %s", kind, name)
			require.Equal(t, kind, content.(ViewOnce).Kind, name)
		}
	}
}
