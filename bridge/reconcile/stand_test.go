package reconcile

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/intake"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/guard"
)

// desk is a Chatwoot without a network, so that it runs on the clock of a synctest
// bubble. It lists conversations and messages as the real one does.
type desk struct {
	mu            sync.Mutex
	conversations []*conversation
	messages      int
	asked         []question
	// decide, if set, may answer in the place of the desk.
	decide func(q question) (status int, body any)
}

type conversation struct {
	id, inbox         int
	updated, activity time.Time
	messages          []map[string]any
}

// tokenOwner is the user whose token the line has.
const tokenOwner = 9

// question is a request that was made.
type question struct {
	at           time.Time
	method, path string // below the account
	within, page string
	inbox        string
}

// list says that a question asked for conversations.
func (q question) list() bool { return q.path == "/conversations" }

// of says that a question asked for a conversation's messages.
func (q question) of(id int) bool { return q.path == fmt.Sprintf("/conversations/%d/messages", id) }

// RoundTrip implements http.RoundTripper.
func (d *desk) RoundTrip(r *http.Request) (*http.Response, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	query := r.URL.Query()
	q := question{
		at: time.Now(), method: r.Method, path: strings.TrimPrefix(r.URL.Path, "/api/v1/accounts/1"),
		within: query.Get("updated_within"), page: query.Get("page"), inbox: query.Get("inbox_id"),
	}
	d.asked = append(d.asked, q)
	if d.decide != nil {
		if status, body := d.decide(q); status != 0 {
			resp := linetest.Answer(r, status, body)
			resp.Header.Set("Retry-After", "300") // of a 429
			return resp, nil
		}
	}
	answer := func(body any) (*http.Response, error) { return linetest.Answer(r, http.StatusOK, body), nil }
	part := strings.Split(strings.Trim(q.path, "/"), "/")
	switch {
	case q.path == "/api":
		return answer(map[string]any{"version": "4.16.2"})
	case strings.HasSuffix(q.path, "/profile"):
		return answer(map[string]any{"id": tokenOwner})
	case part[0] == "inboxes":
		return answer(map[string]any{"id": 1})
	case q.list():
		listed, all := d.list(q)
		return answer(map[string]any{"data": map[string]any{"meta": map[string]any{"all_count": all}, "payload": listed}})
	}
	id, _ := strconv.Atoi(part[1])
	c := d.conversation(id)
	if c == nil {
		return linetest.Answer(r, http.StatusNotFound, nil), nil
	}
	if len(part) == 2 {
		return answer(c.json())
	}
	listed, from := c.messages, query.Get("after")
	if from == "" {
		listed = listed[max(0, len(listed)-chatwoot.LastMessages):]
	} else {
		first, _ := strconv.Atoi(from)
		end, _ := strconv.Atoi(query.Get("before"))
		listed = slices.DeleteFunc(slices.Clone(listed), func(m map[string]any) bool { return m["id"].(int) < first || m["id"].(int) >= end })
	}
	return answer(map[string]any{"payload": listed})
}

func (d *desk) conversation(id int) *conversation {
	for _, c := range d.conversations {
		if c.id == id {
			return c
		}
	}
	return nil
}

func (d *desk) list(q question) (listed []map[string]any, all int) {
	rows := slices.DeleteFunc(slices.Clone(d.conversations), func(c *conversation) bool {
		seconds, err := strconv.Atoi(q.within)
		return q.inbox != "" && q.inbox != strconv.Itoa(c.inbox) || err == nil && c.updated.Before(q.at.Add(-time.Duration(seconds)*time.Second))
	})
	all = len(rows)
	slices.SortStableFunc(rows, func(a, b *conversation) int { return b.activity.Compare(a.activity) })
	if page, err := strconv.Atoi(q.page); err == nil {
		rows = rows[min(len(rows), (page-1)*chatwoot.ConversationsPerPage):]
		rows = rows[:min(len(rows), chatwoot.ConversationsPerPage)]
	}
	for _, c := range rows {
		listed = append(listed, c.json())
	}
	return listed, all
}

func (c *conversation) json() map[string]any {
	o := map[string]any{
		"id": c.id, "inbox_id": c.inbox, "status": "open", "updated_at": float64(c.updated.UnixMicro()) / 1e6, "last_activity_at": c.activity.Unix(),
	}
	if len(c.messages) > 0 {
		o["last_non_activity_message"] = c.messages[len(c.messages)-1]
	}
	return o
}

// add makes a conversation of an inbox.
func (d *desk) add(inbox int) *conversation {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := &conversation{id: len(d.conversations) + 1, inbox: inbox, updated: time.Now(), activity: time.Now()}
	d.conversations = append(d.conversations, c)
	return c
}

// write lets an agent write something in a conversation some time ago.
func (d *desk) write(c *conversation, ago time.Duration) (id int) {
	return d.post(c, map[string]any{"message_type": 1, "status": "sent", "content": "hello"}, ago)
}

func (d *desk) post(c *conversation, m map[string]any, ago time.Duration) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.messages++
	at := time.Now().Add(-ago)
	m["id"], m["created_at"], m["conversation_id"], m["private"] = d.messages, at.Unix(), c.id, false
	c.messages, c.updated, c.activity = append(c.messages, m), at, at
	return d.messages
}

// refuse lets a question fail for ever, until it is taken back.
func (d *desk) refuse(refused func(q question) bool) {
	d.answer(func(q question) (int, any) {
		if refused(q) {
			return http.StatusInternalServerError, nil
		}
		return 0, nil
	})
}

func (d *desk) answer(decide func(q question) (int, any)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.decide = decide
}

// count counts the requests since the last count that fit.
func (d *desk) count(fits func(q question) bool) (n int) {
	for _, q := range d.questions() {
		if fits(q) {
			n++
		}
	}
	return n
}

// questions gives the requests that were made, and forgets them.
func (d *desk) questions() []question {
	d.mu.Lock()
	defer d.mu.Unlock()
	asked := d.asked
	d.asked = nil
	return asked
}

// stand is a line with its Reconciler.
type stand struct {
	*linetest.Line
	*Reconciler
	t      *testing.T
	paused string
}

// newStand makes a line of an inbox, which was made a moment ago and has heard of
// everything.
func newStand(t *testing.T, d *desk, shared *Shared, inbox int) *stand {
	t.Helper()
	record := lines.Line{
		ChatwootURL: "http://chatwoot.example.com", Token: "token", Account: 1, Inbox: chatwoot.InboxID(inbox), Created: time.Now(),
	}
	s := &stand{t: t, Line: linetest.New(t, linetest.Options{Chatwoot: d, Line: record})}
	s.restart(shared)
	return s
}

// restart makes the Reconciler anew, as another process has it.
func (s *stand) restart(shared *Shared) {
	arrivals := intake.NewArrivals(s.Line.Clock, s.Line.Inbox.Theirs)
	s.Reconciler = &Reconciler{
		Inbox: s.Line.Inbox, Contacts: s.Line.Contacts, Arrivals: arrivals, IDs: s.Line.IDs, Journal: s.Line.Journal, Store: s.Line.Store,
		Intake: &intake.Intake{
			Inbox: s.Line.Inbox, Contacts: s.Line.Contacts, IDs: s.Line.IDs, DB: s.DB, Journal: s.Line.Journal, Store: s.Line.Store,
			Arrivals: arrivals, Clock: s.Line.Clock, Log: s.Line.Log, NewID: lines.NewID,
		},
		Shared: shared, Schedule: Schedule{}.OrDefaults(), Guard: guard.Guard{Log: s.Line.Log}, Clock: s.Line.Clock, Log: s.Line.Log,
		Pause: func(_ context.Context, p lines.Pause) (bool, error) { s.paused = p.Sentence; return true, nil }, Count: func(string) {},
	}
	s.listings, _ = shared.join(s.Reconciler.Inbox.Line())
	s.pace = shared.pace(s.Reconciler.Inbox.Line().ChatwootURL)
}

// knows makes the chats of conversations known.
func (s *stand) knows(conversations ...*conversation) {
	s.t.Helper()
	for _, c := range conversations {
		s.Know(fmt.Sprintf("55118888%05d@s.whatsapp.net", c.id), int64(c.id))
	}
}

// compares lets a comparison run that nobody has asked for.
func (s *stand) compares() {
	s.t.Helper()
	require.NoError(s.t, s.compare(s.t.Context(), false, false))
}

// afterGap lets a comparison run as after a start.
func (s *stand) afterGap() { s.t.Helper(); require.NoError(s.t, s.compare(s.t.Context(), true, true)) }

func (s *stand) mark() lines.Mark {
	s.t.Helper()
	mark, err := s.Reconciler.Store.Mark(s.t.Context(), linetest.ID)
	require.NoError(s.t, err)
	return mark
}

func (s *stand) behind() []lines.Behind {
	s.t.Helper()
	behind, err := s.Reconciler.Store.Behind(s.t.Context(), linetest.ID)
	require.NoError(s.t, err)
	return behind
}

// journaled are the messages in the journal, in the order in which they came.
func (s *stand) journaled() (ids []int) {
	s.t.Helper()
	rows, err := s.DB.Query(`SELECT dedupe FROM job WHERE kind = 'created' ORDER BY id`)
	require.NoError(s.t, err)
	defer rows.Close()
	for rows.Next() {
		var dedupe string
		require.NoError(s.t, rows.Scan(&dedupe))
		id, err := strconv.Atoi(dedupe[strings.LastIndex(dedupe, "|")+1:])
		require.NoError(s.t, err)
		ids = append(ids, id)
	}
	require.NoError(s.t, rows.Err())
	return ids
}
