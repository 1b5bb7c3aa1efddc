package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/processtest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// A Chatwoot whose certificate a company's own authority has signed is refused with
// what to do, and once that is done everything works: calls, files and the live
// channel. A limit of the web server there is told as well.
func TestK1_ACompanysOwnAuthorityIsTrustedOnceItIsNamed(t *testing.T) {
	t.Parallel()
	sim := processtest.StartSimulators(t)
	desk, err := sim.Chatwoot.State(t.Context())
	require.NoError(t, err)
	front, err := chatwoottest.NewSecureFront(desk.URL)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, front.Close()) })
	bridge := processtest.NewBridge(t, sim)
	bridge.Start()
	create := []string{"lines", "create", "--name", "Shop", "--chatwoot-url", front.URL(), "--account", "1"}
	token := "WOOTBRIDGE_CHATWOOT_TOKEN=" + desk.AdminToken
	out, code := bridge.Run(create, token)
	require.Equal(t, 1, code)
	require.Contains(t, out, "SSL_CERT_FILE")
	require.Zero(t, bridge.Stop())

	// The first line of the settings says the same, and is made when that is mended.
	bridge.Set("WOOTBRIDGE_CHATWOOT_URL="+front.URL(), token, "WOOTBRIDGE_CHATWOOT_ACCOUNT_ID=1")
	bridge.Start()
	bridge.WaitLog("SSL_CERT_FILE")
	require.Zero(t, bridge.Stop())
	authority := filepath.Join(t.TempDir(), "authority.pem")
	require.NoError(t, os.WriteFile(authority, front.Authority(), 0o600))
	bridge.Set("SSL_CERT_FILE=" + authority)
	bridge.Start()
	var lines []api.Line
	require.Eventually(t, func() bool {
		lines, err = bridge.Client().Lines(t.Context())
		return err == nil && len(lines) == 1
	}, patience, 20*time.Millisecond)
	_, err = bridge.Client().UpdateLine(t.Context(), lines[0].ID, api.LineUpdate{Settings: json.RawMessage(`{"listen":"live"}`)})
	require.NoError(t, err)
	bridge.Pair(lines[0], ownPhone)

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err = sim.WhatsApp.NewPeer(ctx, otherPhone, "Alice")
	require.NoError(t, err)
	file := bytes.Repeat([]byte("%PDF-1.4 "), 100_000)
	send := func(caption string) {
		_, err := sim.WhatsApp.SendFile(ctx, otherPhone, whatsapptest.FileRequest{To: ownPhone, Kind: "document", Name: "a.pdf", Caption: caption}, bytes.NewReader(file))
		require.NoError(t, err)
	}
	send("the contract")
	came, err := sim.Chatwoot.WaitMessage(ctx, func(m chatwoottest.Message) bool { return len(m.Files) == 1 })
	require.NoError(t, err)
	require.Equal(t, "the contract", came.Text)
	_, err = sim.Chatwoot.Write(ctx, came.Conversation, chatwoottest.WriteRequest{Text: "signed"}, chatwoottest.Upload{Name: "a.pdf", ContentType: "application/pdf", Content: bytes.NewReader(file)})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		got, err := sim.WhatsApp.Messages(ctx, otherPhone)
		return err == nil && len(got) == 1 && got[0].FileName == "a.pdf"
	}, patience, 20*time.Millisecond)

	front.Limit(chatwoottest.FrontLimit{Bytes: 100_000})
	send("once more")
	deskShows(t, sim, "⚠️ **The file (1 MB) is larger than this Chatwoot accepts. Open it on the phone.**\n\nonce more")
	_, err = sim.WhatsApp.SendText(ctx, otherPhone, ownPhone, "and a text")
	require.NoError(t, err)
	deskShows(t, sim, "and a text")
	require.Equal(t, 1, front.Refused())
	require.Zero(t, bridge.Stop())
}
