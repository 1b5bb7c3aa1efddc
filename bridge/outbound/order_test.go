package outbound

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/intake"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
)

func outJob(kind string, id int, created time.Time) journal.Job {
	return journal.Job{ID: int64(id), Kind: kind, RecordedAt: created, OccurredAt: created, Payload: created1(id)}
}

// created1 is the event of an agent's message in conversation 1.
func created1(id int) []byte {
	return fmt.Appendf(nil, `{"event":"message_created","id":%d,"conversation":{"id":1}}`, id)
}

func TestD24_TheLowestIDLeavesFirst(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, test := range map[string]struct {
		jobs []journal.Job
		want chatwoot.MessageID
	}{
		"in order":                {[]journal.Job{outJob(journal.KindCreated, 1, now), outJob(journal.KindCreated, 2, now)}, 1},
		"swapped":                 {[]journal.Job{outJob(journal.KindCreated, 2, now), outJob(journal.KindCreated, 1, now)}, 1},
		"past a deletion":         {[]journal.Job{outJob(journal.KindCreated, 3, now), outJob(journal.KindDeleted, 9, now), outJob(journal.KindCreated, 1, now)}, 1},
		"a deletion in front":     {[]journal.Job{outJob(journal.KindDeleted, 9, now), outJob(journal.KindCreated, 1, now)}, 9},
		"a retry keeps its place": {[]journal.Job{outJob(journal.KindRetry, 7, now), outJob(journal.KindCreated, 1, now)}, 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ids := messageIDs{}
			require.Equal(t, test.want, ids.of(ids.lowest(test.jobs)))
		})
	}
}

// online is a connection that is there.
type online struct{ Session }

func (online) State() whatsapp.State { return whatsapp.State{Code: whatsapp.StateConnected} }

type counter struct{ n int }

func (c *counter) Inc() { c.n++ }

// newHandler is the way out of a line of which nothing is known yet, as in a
// process that has just started.
func newHandler(l *linetest.Line) *Handler {
	arrivals := intake.NewArrivals(l.Clock, l.Inbox.Theirs)
	return &Handler{
		Inbox: l.Inbox, Contacts: l.Contacts, IDs: l.IDs, Journal: l.Journal, Clock: l.Clock, Log: l.Log,
		Intake:   &intake.Intake{Inbox: l.Inbox, Contacts: l.Contacts, IDs: l.IDs, DB: l.DB, Journal: l.Journal, Store: l.Store, Arrivals: arrivals, Clock: l.Clock, Log: l.Log},
		Arrivals: arrivals, Session: online{}, Overtaken: &counter{}, LateEvents: &counter{},
	}
}

// However many wait: while the bridge was away some webhooks came through, and a
// comparison has found the others, which are older.
func TestD24_TheLowestIDLeavesFirstHoweverManyWait(t *testing.T) {
	t.Parallel()
	const waiting = 300
	l := linetest.New(t, linetest.Options{})
	h := newHandler(l)
	h.Arrivals.NoteCompared()
	for id := waiting; id > 0; id-- {
		l.Append(journal.Out, "chat", journal.KindCreated, created1(id))
	}
	lease := l.Claim(journal.Out)
	lane := h.Open(lease)
	for want := range waiting {
		jobs, err := lease.Next(t.Context(), math.MaxInt32)
		require.NoError(t, err)
		turn := lane.Next(t.Context(), jobs)
		require.Zero(t, turn.Wait)
		require.EqualValues(t, 1+want, messageIDs{}.of(turn.Job))
		require.NoError(t, lease.Done(t.Context(), turn.Job, nil))
	}
}

// Chatwoot is asked once for what came before a message, and not for what came
// before those that were found then; a process that was started again has not
// asked yet.
func TestD24_WhatCameBeforeIsAskedForOnce(t *testing.T) {
	t.Parallel()
	now := time.Now()
	desk := &linetest.Chatwoot{}
	for id := 8; id <= 10; id++ {
		desk.Messages = append(desk.Messages, linetest.Message{ID: id, Content: "hello", Type: 1, Status: "sent", Created: now.Unix()})
	}
	l := linetest.New(t, linetest.Options{Chatwoot: desk})
	h := newHandler(l) // nothing was compared yet, so events may be missing
	chat := l.Know("5511888880002@s.whatsapp.net", 1)
	l.Append(journal.Out, chat, journal.KindCreated, created1(10))
	lease := l.Claim(journal.Out)
	next := func(h *Handler) (id chatwoot.MessageID, wait time.Duration) {
		jobs, err := lease.Waiting(t.Context(), math.MaxInt32)
		require.NoError(t, err)
		turn := h.Open(lease).Next(t.Context(), jobs)
		return messageIDs{}.of(turn.Job), turn.Wait
	}
	id, wait := next(h)
	require.Equal(t, chatwoot.MessageID(10), id)
	require.Equal(t, foundEarlier, wait, "it waits for those that were found")
	require.Equal(t, 1, desk.Looked())
	require.Equal(t, 3, l.Jobs(journal.Waiting), "those before it are in the journal, and nothing twice")
	for want := chatwoot.MessageID(8); want <= 10; want++ {
		id, wait = next(h)
		require.Equal(t, want, id)
		require.Zero(t, wait)
		jobs, err := lease.Waiting(t.Context(), math.MaxInt32)
		require.NoError(t, err)
		require.NoError(t, lease.Done(t.Context(), messageIDs{}.lowest(jobs), nil))
		if want == 8 {
			_, _ = next(newHandler(l))
			require.Equal(t, 2, desk.Looked(), "a process that was started again asks once more")
			require.Equal(t, 2, l.Jobs(journal.Waiting), "and finds nothing new")
		}
	}
	require.Equal(t, 2, desk.Looked())
}

// Until a comparison with Chatwoot's messages is finished, a message looks for
// those before it: they may have come while nobody listened, and be red for that.
func TestD25_WithoutAPassEachMessageLooksForThoseBefore(t *testing.T) {
	t.Parallel()
	l := linetest.New(t, linetest.Options{})
	h, now := newHandler(l), time.Now()
	message := func(id chatwoot.MessageID, status, failure string) chatwoot.Message {
		m := chatwoot.Message{ID: id, Type: chatwoot.Outgoing, Content: "hello", Status: status}
		m.CreatedAt.Time, m.Attributes.ExternalError = now, failure
		return m
	}
	job, latest := journal.Job{OccurredAt: now, RecordedAt: now}, message(10, "sent", "")
	require.True(t, h.Arrivals.Overdue(job))
	require.True(t, h.awaited(message(9, "failed", "connection refused"), latest))
	require.True(t, h.awaited(message(9, "sent", ""), latest))
	h.Arrivals.NoteCompared()
	require.False(t, h.Arrivals.Overdue(job))
	require.False(t, h.awaited(message(9, "failed", "connection refused"), latest))
	require.True(t, h.awaited(message(9, "sent", ""), latest))
	require.False(t, h.awaited(message(11, "sent", ""), latest))
}

// A conversation that could not be compared when the others were is asked for what came
// before a message, up to where it was compared itself.
func TestT14_AMessageOfAConversationThatIsBehindIsNotOvertaken(t *testing.T) {
	t.Parallel()
	now := time.Now()
	desk := &linetest.Chatwoot{Messages: []linetest.Message{{ID: 8, Content: "hello", Type: 1, Status: "failed", Created: now.Unix()}}}
	l := linetest.New(t, linetest.Options{Chatwoot: desk})
	h := newHandler(l)
	h.Arrivals.NoteCompared()
	require.NoError(t, l.Store.SetMark(t.Context(), linetest.ID, lines.Mark{Watermark: 9, At: now}))
	chat := l.Know("5511888880002@s.whatsapp.net", 1)
	l.Append(journal.Out, chat, journal.KindCreated, created1(10))
	lease := l.Claim(journal.Out)
	next := func() (id chatwoot.MessageID, wait time.Duration) {
		jobs, err := lease.Waiting(t.Context(), math.MaxInt32)
		require.NoError(t, err)
		turn := h.Open(lease).Next(t.Context(), jobs)
		return messageIDs{}.of(turn.Job), turn.Wait
	}
	h.Arrivals.NoteBehind(map[chatwoot.ConversationID]chatwoot.MessageID{2: 5})
	_, wait := next()
	require.Zero(t, wait, "another one is behind")
	require.Zero(t, desk.Looked())
	h.Arrivals.NoteBehind(map[chatwoot.ConversationID]chatwoot.MessageID{1: 5})
	_, wait = next()
	require.Equal(t, foundEarlier, wait)
	id, wait := next()
	require.Equal(t, chatwoot.MessageID(8), id)
	require.Zero(t, wait)
}

// While Chatwoot cannot say what came before a message, the message waits, for a while.
func TestD24_WhatCannotBeAskedForIsWaitedForAWhile(t *testing.T) {
	t.Parallel()
	now := time.Now()
	clock := func() time.Time { return now }
	away := true
	desk := &linetest.Chatwoot{
		Messages: []linetest.Message{{ID: 8, Content: "hello", Type: 1, Status: "sent", Created: now.Unix()}},
		Decide: func(*linetest.Chatwoot, *http.Request) (*http.Response, error) {
			if away {
				return nil, io.ErrUnexpectedEOF
			}
			return nil, nil
		},
	}
	l := linetest.New(t, linetest.Options{Chatwoot: desk, Clock: clock})
	h := newHandler(l)
	chat := l.Know("5511888880002@s.whatsapp.net", 1)
	l.Append(journal.Out, chat, journal.KindCreated, created1(10))
	lease := l.Claim(journal.Out)
	next := func() (id chatwoot.MessageID, wait time.Duration) {
		jobs, err := lease.Waiting(t.Context(), math.MaxInt32)
		require.NoError(t, err)
		turn := h.Open(lease).Next(t.Context(), jobs)
		return messageIDs{}.of(turn.Job), turn.Wait
	}
	for range 3 {
		_, wait := next()
		require.Equal(t, lookAgain, wait)
	}
	now = now.Add(lookPatience)
	id, wait := next()
	require.Equal(t, chatwoot.MessageID(10), id)
	require.Zero(t, wait, "nobody waits for ever")
	l.Append(journal.Out, chat, journal.KindCreated, created1(9))
	_, wait = next()
	require.Zero(t, wait, "nor each message again")

	away = false
	l.Append(journal.Out, chat, journal.KindCreated, created1(11))
	jobs, err := lease.Waiting(t.Context(), math.MaxInt32)
	require.NoError(t, err)
	for _, job := range jobs[:2] {
		require.NoError(t, lease.Done(t.Context(), job, nil))
	}
	_, wait = next()
	require.Equal(t, foundEarlier, wait)
	away = true
	l.Append(journal.Out, chat, journal.KindCreated, created1(12))
	id, _ = next()
	require.Equal(t, chatwoot.MessageID(8), id)
}

// While an earlier message's event is being stored, or may be on its way, a
// message waits a moment; one that was tried before does not.
func TestD24_AMessageWaitsForOneThatIsArriving(t *testing.T) {
	t.Parallel()
	l := linetest.New(t, linetest.Options{})
	h := newHandler(l)
	h.Arrivals.NoteCompared()
	l.Append(journal.Out, "chat", journal.KindCreated, created1(10))
	lease := l.Claim(journal.Out)
	jobs, err := lease.Next(t.Context(), math.MaxInt32)
	require.NoError(t, err)
	end := h.Arrivals.Begin(9)
	require.Equal(t, arrivingLook, h.Open(lease).Next(t.Context(), jobs).Wait)
	tried := jobs[0]
	tried.Attempt = 1
	require.Zero(t, h.Open(lease).Next(t.Context(), []journal.Job{tried}).Wait)
	end()
	require.Zero(t, h.Open(lease).Next(t.Context(), jobs).Wait)
}

func TestADeletionTakesBackWhatTheDeskSent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		links []idmap.Link
		m     chatwoot.Message
		want  []string
	}{
		"every part": {
			[]idmap.Link{{WA: "A", Origin: idmap.FromAgent}, {WA: "B", Part: 1, Origin: idmap.FromAgent}},
			chatwoot.Message{}, []string{"A", "B"},
		},
		"a customer's message": {[]idmap.Link{{WA: "A", Origin: idmap.FromCustomer}}, chatwoot.Message{}, nil},
		"typed on the phone":   {[]idmap.Link{{WA: "A", Origin: idmap.FromOwnPhone}}, chatwoot.Message{}, []string{"A"}},
		"its file":             {[]idmap.Link{{WA: "A#file", Origin: idmap.FromOwnPhone}}, chatwoot.Message{}, []string{"A"}},
		"its placeholder":      {[]idmap.Link{{WA: "A#waiting", Origin: idmap.FromOwnPhone}}, chatwoot.Message{}, nil},
		"not linked yet":       {nil, chatwoot.Message{SourceID: "WAID:A", Type: chatwoot.Outgoing}, []string{"A"}},
		"a note":               {nil, chatwoot.Message{SourceID: "WAID:A", Type: chatwoot.Outgoing, Private: true}, nil},
		"never sent":           {nil, chatwoot.Message{Type: chatwoot.Outgoing}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, l := range revocable(test.links, test.m) {
				got = append(got, l.WA)
			}
			require.Equal(t, test.want, got)
		})
	}
}
