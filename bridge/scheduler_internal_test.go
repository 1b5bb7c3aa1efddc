package bridge

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// newScheduler is a bridge whose one line writes to a desk; it has no
// connection to WhatsApp, and its workers run once they are started.
func newScheduler(t *testing.T, desk http.RoundTripper) *runtime {
	t.Helper()
	db := databasetest.SQLite(t)
	b := New(Config{
		DB: db, Cache: idmap.NewMemory(1000, time.Now), Log: slog.New(slog.DiscardHandler), Clock: time.Now,
		Instance: "test", Metrics: NewMetrics(prometheus.NewRegistry()),
	})
	b.expiry.Stop()
	t.Cleanup(func() {
		b.cancel()
		b.pool.Wait(time.Minute)
		b.background.Wait()
	})
	return b.addLine(t, "l1", desk)
}

// addLine adds a line that writes to a desk of its own.
func (b *Bridge) addLine(t *testing.T, id LineID, desk http.RoundTripper) *runtime {
	t.Helper()
	const insert = `INSERT INTO line (id, name, chatwoot_url, account_id, inbox_id, settings, path_hash, created) VALUES ($1, '', '', 1, 1, '{}', $1, 0)`
	_, err := b.db.Exec(insert, string(id))
	require.NoError(t, err)
	settings := DefaultSettings()
	settings.Events = lines.EventsOff // no lines about when a message was sent
	line := Line{ID: id, ChatwootURL: "http://" + string(id) + ".example.com", Account: 1, Inbox: 1, Settings: settings, Token: "x", SourceKey: "k"}
	r, err := b.newRuntime(line, true, false)
	require.NoError(t, err)
	r.desk, err = chatwoot.New(chatwoot.Config{BaseURL: line.ChatwootURL, Token: "x", Account: 1, Transport: desk, Gate: b.gate(line.ChatwootURL), Log: b.log})
	require.NoError(t, err)
	b.running[line.ID] = r
	return r
}

func chatJID(chat int) string { return fmt.Sprintf("55118888%05d@s.whatsapp.net", chat) }

// know makes a chat one that has its contact and its conversation.
func (r *runtime) know(t *testing.T, chat int) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, r.b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		id, _, err := r.b.ids.Resolve(ctx, tx, string(r.line.ID), r.sourceID, chatJID(chat))
		if err != nil {
			return err
		}
		return r.b.ids.SetContact(ctx, tx, idmap.Chat{
			ID: id, Line: string(r.line.ID), SourceID: r.sourceID(id), Contact: int64(chat), Conversation: int64(chat), Name: "known", Identifier: chatJID(chat),
		})
	}))
}

// write takes in a customer's message, as the session would.
func (r *runtime) write(t *testing.T, chat int, id string) {
	t.Helper()
	encoded, err := proto.Marshal(&waE2E.Message{Conversation: proto.String(id)})
	require.NoError(t, err)
	from := content.Address{JID: chatJID(chat)}
	payload, err := json.Marshal(map[string]any{"v": 1, "id": id, "chat": from, "sender": from, "at": time.Now(), "proto": encoded})
	require.NoError(t, err)
	require.NoError(t, r.Take(t.Context(), content.Envelope{Kind: content.EnvMessage, Chat: from, Dedupe: id, At: time.Now(), Payload: payload}))
}

// answer is what a scripted Chatwoot says to a message; the zero value is that
// it was stored.
type answer struct {
	status int
	body   string
	err    error
}

// scriptedDesk is a Chatwoot that decides about each message, with the lock
// held, after some time.
type scriptedDesk struct {
	each   time.Duration
	decide func(conversation string) answer

	mu    sync.Mutex
	posts int
	got   map[string][]string // source ids by conversation
	last  time.Time           // when the last message was stored
}

// RoundTrip implements http.RoundTripper for messages and their lookup.
func (d *scriptedDesk) RoundTrip(r *http.Request) (*http.Response, error) {
	if d.each > 0 {
		select {
		case <-time.After(d.each):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if r.Method == http.MethodPost {
		d.posts++
	}
	a := answer{}
	if d.decide != nil {
		a = d.decide(r.URL.Path)
	}
	switch {
	case a.err != nil:
		return nil, a.err
	case a.status != 0:
	case r.Method == http.MethodGet:
		a = answer{status: http.StatusOK, body: `{"payload":[]}`}
	default:
		var body struct {
			SourceID string `json:"source_id"`
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			return nil, err
		}
		if d.got == nil {
			d.got = map[string][]string{}
		}
		d.got[r.URL.Path] = append(d.got[r.URL.Path], body.SourceID)
		d.last = time.Now()
		a = answer{status: http.StatusOK, body: fmt.Sprintf(`{"id":%d,"message_type":0,"created_at":%d}`, d.posts, time.Now().Unix())}
	}
	return &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte(a.body))), Request: r}, nil
}

// stored is a picture of what was stored, and of how many posts it took.
func (d *scriptedDesk) stored() (got map[string][]string, posts int, last time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	got = map[string][]string{}
	for path, ids := range d.got {
		got[path] = append([]string(nil), ids...)
	}
	return got, d.posts, d.last
}

func (r *runtime) startInbound() { r.b.pool.Start(r.b.ctx) }

func deadJobs(t *testing.T, r *runtime) int {
	t.Helper()
	var n int
	require.NoError(t, r.b.db.QueryRow(`SELECT COUNT(*) FROM job WHERE state = $1`, string(journal.Dead)).Scan(&n))
	return n
}

// errRefused is what a transport says of a port on which nothing listens.
var errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
