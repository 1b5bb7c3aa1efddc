package content_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// What is kept of a message until its job is pruned holds no secret, whatever the
// message is wrapped in; the message, which others use, keeps it.
func TestM9_AnEnvelopeHoldsNoMessageSecret(t *testing.T) {
	t.Parallel()
	secret := bytes.Repeat([]byte("s3cr"), 8)
	context := func() *waE2E.MessageContextInfo {
		return &waE2E.MessageContextInfo{MessageSecret: secret, MessageAddOnDurationInSecs: proto.Uint32(7)}
	}
	text := func() *waE2E.Message {
		return &waE2E.Message{Conversation: proto.String("hello"), MessageContextInfo: context()}
	}
	wrap := func(m *waE2E.Message) *waE2E.FutureProofMessage { return &waE2E.FutureProofMessage{Message: m} }
	shared := text()
	for what, m := range map[string]*waE2E.Message{
		"plain":              text(),
		"from the own phone": {DeviceSentMessage: &waE2E.DeviceSentMessage{Message: text()}, MessageContextInfo: context()},
		"ephemeral":          {EphemeralMessage: wrap(text()), MessageContextInfo: context()},
		"deep":               {DeviceSentMessage: &waE2E.DeviceSentMessage{Message: &waE2E.Message{EphemeralMessage: wrap(&waE2E.Message{ViewOnceMessageV2: wrap(text())})}}},
		"an edit":            {EditedMessage: wrap(text())},
		"several wrappers":   {EphemeralMessage: wrap(text()), ViewOnceMessage: wrap(text())},
		"one context twice":  {EphemeralMessage: wrap(shared), MessageContextInfo: shared.MessageContextInfo},
	} {
		before := proto.Clone(m)
		envelope, err := content.MessageEnvelope(types.MessageInfo{ID: "A", Timestamp: time.Unix(1, 0)}, m, func(types.JID) types.JID { return types.EmptyJID })
		require.NoError(t, err, what)
		var kept struct {
			Proto []byte `json:"proto"`
		}
		require.NoError(t, json.Unmarshal(envelope.Payload, &kept), what)
		require.NotContains(t, string(kept.Proto), string(secret), what)
		require.True(t, proto.Equal(before, m), what)
		require.Contains(t, string(kept.Proto), "hello", what)
		var again waE2E.Message
		require.NoError(t, proto.Unmarshal(kept.Proto, &again), what)
	}
}
