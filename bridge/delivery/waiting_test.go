package delivery

import (
	"context"
	"database/sql"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// newStatuses are the bubbles of a line whose chat has a job of a queue.
func newStatuses(t *testing.T, desk *linetest.Chatwoot, queue journal.Queue, kind string, payload []byte) (*Statuses, *linetest.Line, *work.Job) {
	t.Helper()
	l := linetest.New(t, linetest.Options{Chatwoot: desk, Settings: func(s *lines.Settings) { s.Timezone = "UTC" }})
	chat := l.Know("5511888880002@s.whatsapp.net", 1)
	l.Append(queue, chat, kind, payload)
	lease := l.Claim(queue)
	jobs, err := lease.Next(t.Context(), 10)
	require.NoError(t, err)
	s := &Statuses{Inbox: l.Inbox, IDs: l.IDs, DB: l.DB, Journal: l.Journal, Clock: l.Clock, Log: l.Log}
	return s, l, &work.Job{Job: jobs[0], Lease: lease, Epoch: lease.Epoch()}
}

// link records an agent's message 7, all of which was sent, as part WA.
func link(l *linetest.Line, chat, wa string) {
	l.InTx(func(ctx context.Context, tx *sql.Tx) error {
		err := l.IDs.LinkMessage(ctx, tx, idmap.Link{
			Line: linetest.ID, WA: wa, Chat: chat, Message: 7, Conversation: 1, Origin: idmap.FromAgent, Status: idmap.Sent,
		})
		if err != nil {
			return err
		}
		return l.IDs.SetAgentMessage(ctx, tx, linetest.ID, 7, time.Time{}, idmap.AgentSent)
	})
}

func TestAWaitingBubbleIsMadeRedOnce(t *testing.T) {
	t.Parallel()
	failing := false
	desk := &linetest.Chatwoot{Decide: func(_ *linetest.Chatwoot, r *http.Request) (*http.Response, error) {
		if failing {
			return linetest.Answer(r, http.StatusForbidden, nil), nil
		}
		return nil, nil
	}}
	s, l, j := newStatuses(t, desk, journal.Out, journal.KindCreated, []byte(`{}`))
	e := chatwoot.Event{Conversation: chatwoot.EventConversation{ID: 1}, Message: chatwoot.Message{ID: 7}}
	until := l.Clock().Add(time.Hour)
	failing = true
	require.Error(t, s.MarkWaiting(t.Context(), j.Lease, e, until))
	known, err := l.IDs.AgentMessage(t.Context(), linetest.ID, 7)
	require.NoError(t, err)
	require.Empty(t, known.Shown, "Chatwoot did not show it")
	failing = false
	for range 2 {
		require.NoError(t, s.MarkWaiting(t.Context(), j.Lease, e, until))
	}
	require.Len(t, desk.Shown(), 1)
	require.Equal(t, "failed", desk.Shown()[0].Status)
	require.Contains(t, desk.Shown()[0].Reason, until.UTC().Format("15:04"))
}

// A receipt that comes twice, or behind a later one, costs nothing and takes
// nothing back.
func TestAReceiptIsShownOnceAndNeverTakesOneBack(t *testing.T) {
	t.Parallel()
	receipt := func(kind string) []byte {
		return []byte(`{"kind":"` + kind + `","ids":["WA1"]}`)
	}
	desk := &linetest.Chatwoot{}
	s, l, j := newStatuses(t, desk, journal.Status, string(content.EnvReceipt), receipt("read"))
	link(l, j.Chat(), "WA1")
	require.NoError(t, s.HandleReceipt(t.Context(), j))
	for _, kind := range []string{"delivered", "read"} {
		l.Append(journal.Status, j.Chat(), string(content.EnvReceipt), receipt(kind))
		lease := l.Claim(journal.Status)
		jobs, err := lease.Next(t.Context(), 10)
		require.NoError(t, err)
		require.NoError(t, s.HandleReceipt(t.Context(), &work.Job{Job: jobs[0], Lease: lease, Epoch: lease.Epoch()}))
	}
	require.Len(t, desk.Shown(), 1)
	require.Equal(t, "read", desk.Shown()[0].Status)
	require.Zero(t, l.Jobs(journal.Waiting))
}

// A receipt before its message is put aside, where it waits without keeping the
// others.
func TestAReceiptBeforeItsMessageWaitsElsewhere(t *testing.T) {
	t.Parallel()
	desk := &linetest.Chatwoot{}
	s, l, j := newStatuses(t, desk, journal.Status, string(content.EnvReceipt), []byte(`{"kind":"delivered","ids":["WA1"]}`))
	require.NoError(t, s.HandleReceipt(t.Context(), j))
	lease := l.Claim(journal.Maintenance)
	jobs, err := lease.Next(t.Context(), 10)
	require.NoError(t, err)
	aside := &work.Job{Job: jobs[0], Lease: lease, Epoch: lease.Epoch()}
	var again *work.RetryError
	require.ErrorAs(t, s.HandleReceipt(t.Context(), aside), &again)
	link(l, j.Chat(), "WA1")
	require.NoError(t, s.HandleReceipt(t.Context(), aside))
	require.Len(t, desk.Shown(), 1)
	require.Equal(t, "delivered", desk.Shown()[0].Status)
}

// In a maintenance lane receipts wait without a failure and keep nobody waiting,
// each for its own message.
func TestT19_ReceiptsWaitAsideAndKeepNobodyWaiting(t *testing.T) {
	t.Parallel()
	require.Equal(t, string(content.EnvReceipt), journal.KindReceipt)
	s, l, j := newStatuses(t, &linetest.Chatwoot{}, journal.Maintenance, journal.KindReceipt, []byte(`{"kind":"delivered","ids":["NEVER"]}`))
	lane := s.OpenUpkeep(j.Lease)
	next := func() work.Turn {
		jobs, err := j.Lease.Waiting(t.Context(), 10)
		require.NoError(t, err)
		return lane.Next(t.Context(), jobs)
	}
	require.Equal(t, firstLook, next().Wait, "soon at first")
	l.Append(journal.Maintenance, j.Chat(), journal.KindReceipt, []byte(`{"kind":"read","ids":["WA1"]}`))
	l.Append(journal.Maintenance, j.Chat(), journal.KindContact, []byte(`{}`))
	turn := next()
	require.Equal(t, journal.KindContact, turn.Job.Kind, "what is no receipt goes first")
	require.Zero(t, turn.Wait)
	require.NoError(t, j.Lease.Done(t.Context(), turn.Job, nil))
	require.Positive(t, next().Wait)
	link(l, j.Chat(), "WA1")
	turn = next()
	require.Contains(t, string(turn.Job.Payload), "WA1", "the one whose message is known")
	require.Zero(t, turn.Wait)
	require.NoError(t, j.Lease.Done(t.Context(), turn.Job, nil))

	for ahead, wait := range map[time.Duration]time.Duration{20 * time.Second: lastLook, 2 * time.Second: time.Second, -time.Hour: lastLook, receiptPatience: 0} {
		jobs, err := j.Lease.Waiting(t.Context(), 10)
		require.NoError(t, err)
		jobs[0].RecordedAt = l.Clock().Add(-ahead)
		require.InDelta(t, wait, lane.Next(t.Context(), jobs).Wait, float64(50*time.Millisecond), ahead)
	}
	l.Append(journal.Maintenance, j.Chat(), journal.KindReceipt, []byte(`{`))
	require.Zero(t, next().Wait, "one that cannot be read says so in its turn")
}

// What all members of a group say of one message waits once.
func TestT19_ReceiptsThatSayTheSameWaitAsOne(t *testing.T) {
	t.Parallel()
	s, l, j := newStatuses(t, &linetest.Chatwoot{}, journal.Status, journal.KindReceipt, []byte(`{"kind":"delivered","ids":["WA1"]}`))
	require.NoError(t, s.HandleReceipt(t.Context(), j))
	for range 3 {
		l.Append(journal.Status, j.Chat(), journal.KindReceipt, []byte(`{"kind":"delivered","ids":["WA1"]}`))
		lease := l.Claim(journal.Status)
		jobs, err := lease.Next(t.Context(), 10)
		require.NoError(t, err)
		require.NoError(t, s.HandleReceipt(t.Context(), &work.Job{Job: jobs[0], Lease: lease, Epoch: lease.Epoch()}))
	}
	require.LessOrEqual(t, l.Jobs(journal.Waiting), 2, "one for each minute")
}

func TestT16_AReceiptThatCannotBeDecodedIsGivenUpAtOnce(t *testing.T) {
	t.Parallel()
	s, _, j := newStatuses(t, &linetest.Chatwoot{}, journal.Status, journal.KindReceipt, []byte(`{`))
	var broken *work.BrokenPayloadError
	require.ErrorAs(t, s.HandleReceipt(t.Context(), j), &broken)
}
