package whatsapp

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// What apps seal is opened with the secret of the message that it is about, whichever of
// their addresses they sealed it by, and with no other.
func TestWhatIsSealedOpensWithItsSecret(t *testing.T) {
	t.Parallel()
	lid := func(user string) types.JID { return types.NewJID(user, types.HiddenUserServer) }
	ana, bruno, number := lid("200000000000002"), lid("300000000000003"), types.NewJID("5511999990002", types.DefaultUserServer)
	secret := bytes.Repeat([]byte{0x44}, 32)
	for name, by := range map[string][2]types.JID{ // who wrote the earlier message, who seals
		"poll-vote-1": {ana, ana}, "poll-vote-2": {ana, ana}, "enc-reaction-1": {bruno, ana}, "event-response-1": {bruno, ana}, "event-edit-1": {bruno, bruno},
		"secret-edit-1": {ana, ana}, "secret-edit-2": {ana, ana}, "secret-edit-4": {ana, ana}, "secret-edit-5": {bruno, ana}, "enc-comment-1": {},
	} {
		raw, err := os.ReadFile(filepath.Join("content", "testdata", "messages", name+".json"))
		require.NoError(t, err)
		var s struct{ Message json.RawMessage }
		require.NoError(t, json.Unmarshal(raw, &s))
		var m waE2E.Message
		require.NoError(t, protojson.Unmarshal(s.Message, &m))
		envelope, err := content.MessageEnvelope(types.MessageInfo{ID: "A", MessageSource: types.MessageSource{Chat: ana, Sender: ana}}, &m, func(types.JID) types.JID { return types.EmptyJID })
		require.NoError(t, err)
		decoded, err := content.Decode(envelope.Payload)
		require.NoError(t, err)
		sealed, ok := decoded.Content.(content.Sealed)
		require.True(t, ok, name)
		author, sealer := by[0], by[1]
		if name == "enc-comment-1" {
			author, sealer = bruno, ana
		}
		plaintext, ok := open(secret, sealed, author, []types.JID{number, sealer})
		require.True(t, ok, name)
		opened, err := content.Open(decoded, sealed, plaintext)
		require.NoError(t, err)
		require.NotEqual(t, content.Nothing{}, opened.Content, name)
		_, ok = open(secret, sealed, number, []types.JID{number, sealer})
		require.False(t, ok, "%s: another author", name)
		_, ok = open(bytes.Repeat([]byte{0x45}, 32), sealed, author, []types.JID{number, sealer})
		require.False(t, ok, "%s: another secret", name)
		sealed.Payload = sealed.Payload[:3]
		_, ok = open(secret, sealed, author, []types.JID{sealer})
		require.False(t, ok, name)
	}
}
