package content_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

func TestWhoIsMentioned(t *testing.T) {
	t.Parallel()
	own := []types.JID{{User: "5511999990001", Device: 7, Server: types.DefaultUserServer}, types.NewJID("100000000000001", types.HiddenUserServer), {}}
	said := func(c *waE2E.ContextInfo) *waE2E.Message {
		return &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: proto.String("hi"), ContextInfo: c}}
	}
	for what, test := range map[string]struct {
		message *waE2E.Message
		want    bool
	}{
		"nobody":                    {&waE2E.Message{Conversation: proto.String("@100000000000001")}, false},
		"nothing":                   {nil, false},
		"by hidden id":              {said(&waE2E.ContextInfo{MentionedJID: []string{"300000000000003@lid", "100000000000001@lid"}}), true},
		"by number, with a device":  {said(&waE2E.ContextInfo{MentionedJID: []string{"5511999990001:3@s.whatsapp.net"}}), true},
		"somebody else":             {said(&waE2E.ContextInfo{MentionedJID: []string{"300000000000003@lid", "", "@"}}), false},
		"everybody":                 {said(&waE2E.ContextInfo{NonJIDMentions: proto.Uint32(1)}), true},
		"an answer":                 {said(&waE2E.ContextInfo{StanzaID: proto.String("A"), Participant: proto.String("100000000000001@lid")}), true},
		"an answer to somebody":     {said(&waE2E.ContextInfo{StanzaID: proto.String("A"), Participant: proto.String("300000000000003@lid")}), false},
		"in what disappears":        {&waE2E.Message{EphemeralMessage: &waE2E.FutureProofMessage{Message: said(&waE2E.ContextInfo{MentionedJID: []string{"100000000000001@lid"}})}}, true},
		"in the caption of a photo": {&waE2E.Message{ImageMessage: &waE2E.ImageMessage{ContextInfo: &waE2E.ContextInfo{MentionedJID: []string{"100000000000001@lid"}}}}, true},
	} {
		require.Equal(t, test.want, content.Mentions(test.message, own), what)
	}
}
