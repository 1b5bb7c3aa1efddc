package render_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/wootbridge/wootbridge/bridge/catalogue"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// sampleOf is the message in a file of what WhatsApp sends, as the decoder reads it.
func sampleOf(t *testing.T, name string) content.Message {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "whatsapp", "content", "testdata", "messages", name+".json"))
	require.NoError(t, err)
	var file struct{ Message json.RawMessage }
	require.NoError(t, json.Unmarshal(raw, &file))
	var m waE2E.Message
	require.NoError(t, protojson.Unmarshal(file.Message, &m))
	return decoded(t, &m)
}

// decoded is a message that somebody sent, after it was kept.
func decoded(t testing.TB, m *waE2E.Message) content.Message {
	t.Helper()
	somebody := types.NewJID("5511888880002", types.DefaultUserServer)
	info := types.MessageInfo{ID: "3EB0A", Timestamp: time.Unix(1_790_000_000, 0), MessageSource: types.MessageSource{Chat: somebody, Sender: somebody}}
	e, err := content.MessageEnvelope(info, m, func(types.JID) types.JID { return types.EmptyJID })
	require.NoError(t, err)
	got, err := content.Decode(e.Payload)
	require.NoError(t, err)
	return got
}

// What businesses send, from the wire to the agents' eyes.
func TestMessagesOfBusinessesAsAgentsSeeThem(t *testing.T) {
	t.Parallel()
	names := []string{
		"template-1", "template-2", "template-4", "template-5", "template-6", "template-8", "template-9", "buttons-2", "buttons-4", "carousel-1", "carousel-2",
		"product-list-1", "hsm-1", "interactive-1", "interactive-2", "interactive-4", "interactive-5", "interactive-6", "interactive-8", "interactive-9",
		"interactive-10", "interactive-12", "interactive-13", "interactive-14", "interactive-16", "hostile-4", "quote-13",
		"template-10", "interactive-response-1", "interactive-response-2", "interactive-response-4", "interactive-response-5", "business-pills-1",
	}
	for _, language := range catalogue.Languages() {
		var got strings.Builder
		for _, name := range names {
			got.WriteString("# " + name + "\n" + describe(render.Message(sampleOf(t, name), context(language))))
		}
		file := filepath.Join("testdata", "business-samples."+language+".golden")
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(got.String()), 0o644))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, string(want), got.String())
	}
}
