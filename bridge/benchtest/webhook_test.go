package benchtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// webhook measures how long webhooks wait for their answer when 200 come in a
// second, against a handler that commits one row with the body. The line is
// paused, so that both sides do the same and nothing else.
func webhook(tb testing.TB, s size) []row {
	var rows []row
	for _, m := range modes {
		st := newStack(tb, m, s.of(50, 3))
		require.NoError(tb, st.Bridge.Pause(context.Background(), st.Line))
		made := st.webhooks()
		plain := httptest.NewServer(storing(tb, m))
		tb.Cleanup(plain.Close)
		inbox := st.Chatwoot.Inboxes()[0]
		n := s.of(600, 20)
		var bare, ours struct{ median, p99 samples }
		id := 1_000_000
		for range s.of(5, 1) {
			for _, side := range []struct {
				url  string
				into *struct{ median, p99 samples }
			}{{plain.URL, &bare}, {inbox.WebhookURL, &ours}} {
				took := at200(tb, side.url, inbox.Secret, made(&id, n))
				side.into.median, side.into.p99 = append(side.into.median, took.median()), append(side.into.p99, took.percentile(99))
			}
		}
		median, p99 := ours.median.median()/bare.median.median(), ours.p99.median()/bare.p99.median()
		rows = append(rows, row{
			figure: "webhook answer, at 200/s, median / p99, " + m.name, against: "a chi handler that commits one row",
			bare:   fmt.Sprintf("%.1f / %.1f ms", bare.median.median(), bare.p99.median()),
			bridge: fmt.Sprintf("%.1f / %.1f ms", ours.median.median(), ours.p99.median()),
			ratio:  fmt.Sprintf("%.2f / %.2f", median, p99), aim: "< 2", verdict: verdict(median < 2 && p99 < 2),
		})
	}
	return rows
}

// webhooks makes webhooks like Chatwoot's own for replies in all conversations.
func (s *stack) webhooks() func(id *int, n int) [][]byte {
	var templates []map[string]any
	for _, c := range s.Chatwoot.Conversations() {
		m, err := s.Chatwoot.Reply(c.ID, "An answer of the usual length, as agents write them all day.")
		require.NoError(s.tb, err)
		require.NoError(s.tb, s.Chatwoot.WaitIdle(context.Background()))
		for _, d := range s.Chatwoot.Webhooks() {
			if d.Event == "message_created" && d.Message == m.ID {
				var body map[string]any
				require.NoError(s.tb, json.Unmarshal(d.Body, &body))
				templates = append(templates, body)
			}
		}
	}
	return func(id *int, n int) [][]byte {
		var bodies [][]byte
		for range n {
			*id++
			body := templates[*id%len(templates)]
			body["id"] = *id
			raw, err := json.Marshal(body)
			require.NoError(s.tb, err)
			bodies = append(bodies, raw)
		}
		return bodies
	}
}

// storing is the least that a durable webhook receiver does.
func storing(tb testing.TB, m mode) http.Handler {
	db := m.plain(tb)
	_, err := db.Exec(`CREATE TABLE taken (at BIGINT NOT NULL, body ` + m.blob() + ` NOT NULL)`)
	require.NoError(tb, err)
	router := chi.NewRouter()
	router.Post("/", func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err == nil {
			_, err = db.ExecContext(r.Context(), `INSERT INTO taken (at, body) VALUES ($1, $2)`, time.Now().UnixMilli(), raw)
		}
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	return router
}

// at200 posts webhooks, 200 a second whatever their answers take, and gives
// how long each took.
func at200(tb testing.TB, url, secret string, bodies [][]byte) samples {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var took samples
	var posting sync.WaitGroup
	tick := time.NewTicker(time.Second / 200)
	defer tick.Stop()
	for _, body := range bodies {
		<-tick.C
		posting.Go(func() {
			timestamp := strconv.FormatInt(time.Now().Unix(), 10)
			req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
			if err != nil {
				tb.Error(err)
				return
			}
			req.Header.Set("X-Chatwoot-Timestamp", timestamp)
			req.Header.Set("X-Chatwoot-Signature", chatwoot.Sign(secret, timestamp, body))
			began := time.Now()
			resp, err := client.Do(req)
			if err != nil || resp.StatusCode != http.StatusOK {
				tb.Errorf("a webhook was refused: %v %v", resp, err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			took = append(took, millis(time.Since(began)))
		})
	}
	posting.Wait()
	return took
}
