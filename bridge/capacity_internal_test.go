package bridge

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
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
	"github.com/wootbridge/wootbridge/whatsapp"
)

// slowDesk is a Chatwoot that stores one message after the other, at a fixed
// rate, however many are asked for at once.
type slowDesk struct {
	each time.Duration
	busy chan struct{}
	mu   sync.Mutex
	got  []delivered
}

type delivered struct {
	conversation string
	sourceID     string
	at           time.Time
}

func newSlowDesk(perSecond int) *slowDesk {
	return &slowDesk{each: time.Second / time.Duration(perSecond), busy: make(chan struct{}, 1)}
}

// RoundTrip implements http.RoundTripper for the one request that a message in
// a known chat takes.
func (d *slowDesk) RoundTrip(r *http.Request) (*http.Response, error) {
	var body struct {
		SourceID string `json:"source_id"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Method != http.MethodPost {
		return nil, fmt.Errorf("not a message: %s %s: %w", r.Method, r.URL.Path, err)
	}
	d.busy <- struct{}{}
	time.Sleep(d.each)
	<-d.busy
	d.mu.Lock()
	defer d.mu.Unlock()
	d.got = append(d.got, delivered{r.URL.Path, body.SourceID, time.Now()})
	answer := fmt.Appendf(nil, `{"id":%d,"message_type":0,"created_at":%d}`, len(d.got), time.Now().Unix())
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(answer)), Request: r}, nil
}

func (d *slowDesk) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.got)
}

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
		// As a stop does: a test that failed because work stands still must end.
		defer time.AfterFunc(time.Minute, b.cancelWork).Stop()
		b.workers.Wait()
		b.cancelWork()
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
	content, err := proto.Marshal(&waE2E.Message{Conversation: proto.String(id)})
	require.NoError(t, err)
	from := whatsapp.Address{JID: chatJID(chat)}
	payload, err := json.Marshal(map[string]any{"v": 1, "id": id, "chat": from, "sender": from, "at": time.Now(), "proto": content})
	require.NoError(t, err)
	require.NoError(t, r.Take(t.Context(), whatsapp.Envelope{Kind: whatsapp.EnvMessage, Chat: from, Dedupe: id, At: time.Now(), Payload: payload}))
}

// startInbound starts the workers of the direction that these tests use.
func (r *runtime) startInbound() {
	for _, pool := range pools {
		bell := r.b.journal.Bell(pool.dir)
		for range pool.workers {
			if pool.dir == journal.In {
				r.b.workers.Go(func() { r.b.work(pool, bell) })
			}
		}
	}
}

// 500 messages wait in 50 chats, and a Chatwoot of 16 messages a second is to
// take them, while customers go on writing in 5 other chats.
func TestR41_ABacklogTakesWhatLiveChatsLeave(t *testing.T) {
	t.Parallel()
	for name, age := range map[string]time.Duration{
		"Chatwoot was away":            time.Minute,
		"WhatsApp brings them at once": 0, // what came at once is a backlog only after a while
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { testBacklog(t, age) })
		})
	}
}

func testBacklog(t *testing.T, age time.Duration) {
	const (
		capacity, backlog, waitingChats, liveChats = 16, 500, 50, 5
		pause                                      = 400 * time.Millisecond // between two live messages
	)
	desk := newSlowDesk(capacity)
	r := newScheduler(t, desk)
	for chat := range waitingChats + liveChats {
		r.know(t, 1+chat)
	}
	order := map[string][]string{}
	write := func(chat int, id string) {
		path := fmt.Sprintf("/api/v1/accounts/1/conversations/%d/messages", chat)
		order[path] = append(order[path], "WAID:"+id)
		r.write(t, chat, id)
	}
	for i := range backlog {
		write(1+i%waitingChats, fmt.Sprintf("old %d", i))
	}
	time.Sleep(age)
	began := time.Now()
	r.startInbound()
	time.Sleep(max(0, journal.LiveAge+time.Second-age))

	written := map[string]time.Time{}
	for i := 0; desk.count() < backlog+len(written); i++ {
		id := fmt.Sprintf("live %d", i)
		written["WAID:"+id] = time.Now()
		write(1+waitingChats+i%liveChats, id)
		time.Sleep(pause)
		require.Less(t, i, 1000, "the backlog does not end")
	}

	var waits []time.Duration
	var drained time.Time
	live := 0 // while there was a backlog
	got := map[string][]string{}
	for _, m := range desk.got {
		got[m.conversation] = append(got[m.conversation], m.sourceID)
		if at, ok := written[m.sourceID]; ok {
			waits = append(waits, m.at.Sub(at))
		} else {
			drained, live = m.at, len(waits)
		}
	}
	require.Equal(t, order, got, "nothing is lost, doubled or overtaken")
	slices.Sort(waits)
	median, p99 := waits[len(waits)/2], waits[len(waits)*99/100]
	took := drained.Sub(began).Seconds()
	left := capacity - float64(live)/took
	t.Logf("live: median %v, p99 %v; backlog: %.1f of %.1f messages a second", median, p99, backlog/took, left)
	require.Less(t, median, 2*time.Second)
	require.Less(t, p99, 5*time.Second)
	require.GreaterOrEqual(t, backlog/took, 0.9*left)
}
