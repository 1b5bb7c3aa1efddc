package main

import (
	"io"
	"net"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/processtest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// The program at its most talkative, with secrets wherever one can be set, works, is
// refused, and meets broken things: none of them is in its log, and none but a webhook's
// address, which an admin may need, in what its API says.
func TestL01_NoSecretIsShown(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())
	const (
		key   = "aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMmh1bnQ="
		query = "hunter2query"
	)
	sim := processtest.StartSimulators(t)
	bridge := processtest.NewBridge(t, sim, "WOOTBRIDGE_LOG_LEVEL=debug", "WOOTBRIDGE_LISTEN="+address, "WOOTBRIDGE_ENCRYPTION_KEY="+key,
		"WOOTBRIDGE_PUBLIC_URL=http://proxy:hunter2public@"+address+"/?via="+query, "WOOTBRIDGE_REDIS_URL=redis://:hunter2redis@127.0.0.1:1/0?read_timeout=1s")
	bridge.Start()
	line := bridge.CreateLine("Shop")
	bridge.Pair(line, ownPhone)
	_, err = sim.WhatsApp.NewPeer(t.Context(), otherPhone, "Alice")
	require.NoError(t, err)
	_, err = sim.WhatsApp.SendText(t.Context(), otherPhone, ownPhone, "hello")
	require.NoError(t, err)
	conversation := deskShows(t, sim, "hello").Conversation

	// What works, with files both ways.
	_, err = sim.WhatsApp.SendFile(t.Context(), otherPhone, whatsapptest.FileRequest{To: ownPhone, Kind: "document", Name: "a.txt", Mimetype: "text/plain", Caption: "a file"}, strings.NewReader("content"))
	require.NoError(t, err)
	deskShows(t, sim, "a file")
	_, err = sim.Chatwoot.Write(t.Context(), conversation, chatwoottest.WriteRequest{Text: "an answer"}, chatwoottest.Upload{Name: "b.txt", ContentType: "text/plain", Content: strings.NewReader("content")})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		got, err := sim.WhatsApp.Messages(t.Context(), otherPhone)
		return err == nil && slices.ContainsFunc(got, func(m whatsapptest.MessageState) bool { return m.Kind == "document" })
	}, patience, 10*time.Millisecond)

	// What is broken: Chatwoot answers nonsense, its live channel is cut, a file is gone.
	require.NoError(t, sim.Chatwoot.AddRule(t.Context(), chatwoottest.Rule{Method: http.MethodPost, Path: "/messages", Times: 1, Fault: chatwoottest.Fault{Status: http.StatusInternalServerError}}))
	require.NoError(t, sim.Chatwoot.MissFiles(t.Context(), 1))
	require.NoError(t, sim.Chatwoot.CutLive(t.Context()))
	_, err = sim.WhatsApp.SendText(t.Context(), otherPhone, ownPhone, "still there?")
	require.NoError(t, err)
	deskShows(t, sim, "still there?")

	// What is refused: strangers with parts of the truth.
	post := func(url, authorization string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(`{"event":"hunter2body"}`))
		require.NoError(t, err)
		r.Header.Set("Authorization", authorization)
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		_ = answer.Body.Close()
	}
	webhook := bridge.WaitLine(line.ID, func(api.Line) bool { return true }).WebhookURL
	post(webhook, "")
	post(bridge.URL()+"/webhooks/"+line.ID+"/hunter2path?key=hunter2asked", "")
	post(bridge.URL()+"/api/v1/lines?token=hunter2asked", "Bearer hunter2guess")
	post(bridge.AdminURL()+"/api/v1/lines?token=hunter2asked", "Bearer hunter2guess")
	out, code := bridge.Run([]string{"lines"}, "WOOTBRIDGE_URL=http://u:hunter2client@127.0.0.1:1")
	require.NotZero(t, code)
	require.NotContains(t, out, "hunter2")

	state, err := sim.Chatwoot.State(t.Context())
	require.NoError(t, err)
	secrets := []string{"hunter2", key, processtest.Token, state.AdminToken, path.Base(strings.Split(webhook, "?")[0])}
	for _, inbox := range state.Inboxes {
		require.NotEmpty(t, inbox.Secret)
		secrets = append(secrets, inbox.Secret)
	}
	said := map[string]string{}
	for _, path := range []string{"/api/v1/lines", "/api/v1/lines/" + line.ID, "/api/v1/jobs?state=waiting", "/api/v1/jobs?state=done", "/metrics"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, bridge.AdminURL()+path, http.NoBody)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+processtest.Token)
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusOK, answer.StatusCode)
		said[path] = strings.ReplaceAll(string(body), webhook, "(the webhook's address)")
	}
	require.Zero(t, bridge.Stop())
	said["the log"] = bridge.Log()
	require.Contains(t, said["the log"], `"level":"DEBUG","msg":"configuration"`)
	require.Contains(t, said["the log"], "redis")
	require.Contains(t, said["the log"], `"from":"127.0.0.1"`)
	for where, text := range said {
		for _, secret := range secrets {
			require.NotContains(t, text, secret, where)
		}
	}
}
