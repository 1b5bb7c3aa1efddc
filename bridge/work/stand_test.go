package work_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/guard"
)

// stand is a pool on a real journal, with lines that post to scripted
// Chatwoots. Everything runs on the clock of a synctest bubble.
type stand struct {
	t       *testing.T
	db      *database.DB
	journal *journal.Journal
	pool    *work.Pool
	panics  atomic.Int64
	stop    func() // ends the workers; they end with the test at the latest
	log     bytes.Buffer

	mu    sync.Mutex
	lines []*line
}

func newStand(t *testing.T) *stand {
	t.Helper()
	s := &stand{t: t, db: databasetest.SQLite(t)}
	s.journal = journal.New(s.db, journal.Options{Clock: time.Now, Instance: "test", Log: slog.New(slog.DiscardHandler)})
	log := slog.New(slog.NewTextHandler(&s.log, nil))
	s.pool = work.New(work.Config{
		Journal: s.journal, Lines: s, Clock: time.Now, Log: log,
		Guard: guard.Guard{Log: log, Count: func() { s.panics.Add(1) }}, Count: func(string, string) {},
	})
	return s
}

// start lets the workers run until the test ends.
func (s *stand) start() {
	ctx, cancel := context.WithCancel(context.Background())
	s.pool.Start(ctx)
	s.stop = sync.OnceFunc(func() {
		cancel()
		s.pool.Wait(time.Minute)
	})
	s.t.Cleanup(s.stop)
}

// Line implements work.Lines.
func (s *stand) Line(id string) (work.Line, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lines {
		if l.id == id && !l.hidden {
			return l, true
		}
	}
	return nil, false
}

// All implements work.Lines.
func (s *stand) All() []work.Line {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []work.Line
	for _, l := range s.lines {
		all = append(all, l)
	}
	return all
}

// remove makes a line one that is not here.
func (s *stand) remove(gone *line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rest []*line
	for _, l := range s.lines {
		if l != gone {
			rest = append(rest, l)
		}
	}
	s.lines = rest
}

func (s *stand) count(state journal.State) (n int) {
	s.t.Helper()
	require.NoError(s.t, s.db.QueryRow(`SELECT COUNT(*) FROM job WHERE state = $1`, string(state)).Scan(&n))
	return n
}

// line posts each job's payload as a message of the conversation that its chat
// is the number of.
type line struct {
	s      *stand
	id     string
	url    string
	gate   *chatwoot.Gate
	client *chatwoot.Client
	paused string
	hidden bool // it is claimed for, and is not here any more
	do     func(ctx context.Context, j *work.Job) error
}

// add adds a line with a Chatwoot of its own.
func (s *stand) add(id string, answers http.RoundTripper) *line {
	s.t.Helper()
	const insert = `INSERT INTO line (id, name, chatwoot_url, account_id, inbox_id, settings, created) VALUES ($1, '', '', 1, 1, '{}', 0)`
	_, err := s.db.Exec(insert, id)
	require.NoError(s.t, err)
	l := &line{s: s, id: id, url: "http://" + id + ".example.com", gate: chatwoot.NewGate(time.Now)}
	l.client, err = chatwoot.New(chatwoot.Config{BaseURL: l.url, Token: "x", Account: 1, Transport: answers, Gate: l.gate, Log: slog.New(slog.DiscardHandler)})
	require.NoError(s.t, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, l)
	return l
}

func (l *line) ID() string                          { return l.id }
func (l *line) Ready(journal.Queue) bool            { return true }
func (l *line) Chatwoot() work.Chatwoot             { return l }
func (l *line) URL() string                         { return l.url }
func (l *line) Limit() int                          { return l.gate.Limit() }
func (l *line) Away() bool                          { return l.gate.Away() }
func (l *line) Answered() time.Time                 { return l.gate.Answered() }
func (l *line) Open(lease *journal.Lease) work.Lane { return work.InOrder{} }
func (l *line) Changed()                            {}

func (l *line) Probe(ctx context.Context) error {
	_, err := l.client.WithPriority(chatwoot.Background).Inbox(ctx, 1)
	return err
}

func (l *line) Pause(_ context.Context, p lines.Pause) (bool, error) {
	l.s.remove(l)
	l.paused = p.Sentence
	return true, nil
}

func (l *line) Do(ctx context.Context, j *work.Job) error {
	if l.do != nil {
		return l.do(ctx, j)
	}
	if err := l.post(ctx, j, string(j.Payload)); err != nil {
		return err
	}
	return j.Done(ctx, nil)
}

func (l *line) GiveUp(ctx context.Context, j *work.Job, _ error) error {
	return l.post(ctx, j, string(j.Payload)+"#unreadable")
}

func (l *line) post(ctx context.Context, j *work.Job, id string) error {
	conversation, err := strconv.Atoi(j.Chat())
	if err != nil {
		return err
	}
	if j.Ambiguous {
		_, found, err := l.client.FindMessage(ctx, chatwoot.ConversationID(conversation), id, j.RecordedAt.Add(-time.Minute))
		if err != nil || found {
			return err
		}
	}
	before := j.MayHaveActed
	j.MayHaveActed = true
	_, err = l.client.WithPriority(j.Priority()).CreateMessage(ctx, chatwoot.ConversationID(conversation), chatwoot.NewMessage{
		Content: id, Type: chatwoot.Incoming, SourceID: id,
	})
	if chatwoot.HadNoEffect(err) {
		j.MayHaveActed = before
	}
	return err
}

// write takes a message in that somebody has just written.
func (l *line) write(chat int, id string) { l.take(chat, id, false) }

func (l *line) take(chat int, id string, backlog bool) {
	l.s.t.Helper()
	_, err := l.s.journal.Append(context.Background(), journal.Entry{
		Lane: journal.LaneKey{Line: l.id, Chat: strconv.Itoa(chat), Queue: journal.In}, Dedupe: l.id + "|" + id, Kind: "message", Payload: []byte(id), OccurredAt: time.Now(),
		Backlog: backlog,
	})
	require.NoError(l.s.t, err)
}

// late takes in messages of chats in turn that have waited elsewhere, and gives what
// Chatwoot should have in the end.
func (l *line) late(messages, chats int) map[string][]string {
	want := map[string][]string{}
	for i := range messages {
		chat, id := 1+i%chats, fmt.Sprintf("message %d", i)
		want[path(chat)] = append(want[path(chat)], id)
		l.take(chat, id, true)
	}
	return want
}

// writeMany takes in messages of chats in turn, and gives what Chatwoot should
// have in the end.
func (l *line) writeMany(messages, chats int) map[string][]string {
	want := map[string][]string{}
	for i := range messages {
		chat, id := 1+i%chats, fmt.Sprintf("message %d", i)
		want[path(chat)] = append(want[path(chat)], id)
		l.write(chat, id)
	}
	return want
}

// path is where the messages of a conversation are posted.
func path(conversation int) string {
	return fmt.Sprintf("/api/v1/accounts/1/conversations/%d/messages", conversation)
}

// answer is what a scripted Chatwoot says to a message; the zero value is that
// it was stored.
type answer struct {
	status int
	body   string
	err    error
}

// script is a Chatwoot that decides about each message, with the lock held,
// after some time.
type script struct {
	each   time.Duration
	decide func(path string) answer

	mu    sync.Mutex
	posts int
	// lookups are requests for a conversation's messages, probes all others that
	// post nothing.
	lookups, probes int
	got             map[string][]string // source ids by conversation
	times           []delivered         // all that was stored, in order
}

// RoundTrip implements http.RoundTripper.
func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.each > 0 {
		select {
		case <-time.After(s.each):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.Method == http.MethodPost:
		s.posts++
	case strings.HasSuffix(r.URL.Path, "/messages"):
		s.lookups++
	default:
		s.probes++
	}
	a := answer{}
	if s.decide != nil {
		a = s.decide(r.URL.Path)
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
		if s.got == nil {
			s.got = map[string][]string{}
		}
		s.got[r.URL.Path] = append(s.got[r.URL.Path], body.SourceID)
		s.times = append(s.times, delivered{body.SourceID, time.Now()})
		a = answer{status: http.StatusOK, body: fmt.Sprintf(`{"id":%d,"message_type":0,"created_at":%d}`, s.posts, time.Now().Unix())}
	}
	return reply(r, a.status, a.body), nil
}

// stored is a picture of what was stored, and of how many posts it took.
func (s *script) stored() (got map[string][]string, posts int, last time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	got = map[string][]string{}
	for path, ids := range s.got {
		got[path] = append([]string(nil), ids...)
	}
	if len(s.times) > 0 {
		last = s.times[len(s.times)-1].at
	}
	return got, s.posts, last
}

// delivered is a message that was stored, and when.
type delivered struct {
	id string
	at time.Time
}

func (s *script) delivered() []delivered {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.times)
}

func (s *script) asked() (lookups, probes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lookups, s.probes
}

// reply is an answer of Chatwoot's own, which its header says.
func reply(r *http.Request, status int, body string) *http.Response {
	if body == "" && status >= 400 {
		body = `{"error":"no"}`
	}
	return &http.Response{StatusCode: status, Header: http.Header{"X-Request-Id": {"1"}}, Body: io.NopCloser(bytes.NewReader([]byte(body))), Request: r}
}

// away refuses everything for a while from now on.
func away(outage, each time.Duration, refusal answer) *script {
	began := time.Now()
	return &script{each: each, decide: func(string) answer {
		if time.Since(began) < outage {
			return refusal
		}
		return answer{}
	}}
}

func readAll(r io.Reader) string {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}
