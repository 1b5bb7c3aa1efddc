package intake

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// at is a clock that stands where a test puts it.
type at struct{ now time.Time }

func (c *at) clock() time.Time { return c.now }

func newArrivals() (*Arrivals, *at) {
	c := &at{now: time.Unix(1_800_000_000, 1)}
	a := NewArrivals(c.clock, func(own time.Time) time.Time { return own })
	a.NoteCompared()
	return a, c
}

func TestD24_LateWebhooksAreNoticedAndForgotten(t *testing.T) {
	t.Parallel()
	a, c := newArrivals()
	written := c.now
	prompt := func() journal.Job { return journal.Job{RecordedAt: c.now, OccurredAt: c.now} }
	require.False(t, a.Overdue(prompt()))
	require.True(t, a.Overdue(journal.Job{RecordedAt: c.now, OccurredAt: c.now.Add(-2 * time.Second)}), "its own event came late")
	c.now = written.Add(overdueAfter)
	a.Note(written)
	require.False(t, a.Overdue(prompt()), "a second is no delay")
	c.now = c.now.Add(time.Millisecond)
	a.Note(written)
	c.now = c.now.Add(10 * time.Second)
	require.True(t, a.Overdue(prompt()))
	c.now = c.now.Add(suspectFor)
	require.False(t, a.Overdue(prompt()))
	a.Note(time.Time{})
	require.False(t, a.Overdue(prompt()), "an event without a time says nothing")
}

// Chatwoot's times are compared with Chatwoot's clock.
func TestK4_LateWebhooksAreNoticedByChatwootsClock(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"ahead": 6 * time.Minute, "behind": -2 * time.Hour} {
		c := &at{now: time.Unix(1_800_000_000, 1)}
		a := NewArrivals(c.clock, func(own time.Time) time.Time { return own.Add(ahead) })
		a.NoteCompared()
		a.Note(c.now.Add(ahead))
		require.False(t, a.Overdue(journal.Job{RecordedAt: c.now, OccurredAt: c.now.Add(ahead)}), name)
		require.True(t, a.Overdue(journal.Job{RecordedAt: c.now, OccurredAt: c.now.Add(ahead - 2*time.Second)}), name)
		a.Note(c.now.Add(ahead - 2*time.Second))
		require.True(t, a.Overdue(journal.Job{RecordedAt: c.now, OccurredAt: c.now.Add(ahead)}), name)
	}
}

func TestAMessageThatWasOvertakenIsNoticed(t *testing.T) {
	t.Parallel()
	a, _ := newArrivals()
	require.False(t, a.Sent("chat", 5))
	require.True(t, a.Sent("chat", 4))
	require.False(t, a.Sent("other", 4))
	require.Equal(t, chatwoot.MessageID(5), a.LastSent("chat"))

	require.False(t, a.AskedBefore("chat", 5))
	a.NoteAsked("chat", 5)
	a.NoteAsked("chat", 3)
	require.True(t, a.AskedBefore("chat", 5))
	require.False(t, a.AskedBefore("chat", 6))
}

func TestAnEventThatIsBeingStoredIsWaitedFor(t *testing.T) {
	t.Parallel()
	a, _ := newArrivals()
	end, again := a.Begin(3), a.Begin(3)
	require.True(t, a.ArrivingBefore(4))
	require.False(t, a.ArrivingBefore(3))
	end()
	require.True(t, a.ArrivingBefore(4), "the same event is here twice")
	again()
	require.False(t, a.ArrivingBefore(4))
}

// A comparison that was under way when an event was lost may have begun too early
// to find it.
func TestALostEventIsNotForgottenAtTheNextComparison(t *testing.T) {
	t.Parallel()
	a, c := newArrivals()
	require.False(t, a.Incomplete())
	a.NoteLost()
	require.True(t, a.Incomplete())
	require.Len(t, a.Requests(), 1)
	require.True(t, a.NoteCompared())
	require.True(t, a.Incomplete())
	c.now = c.now.Add(suspectFor)
	require.False(t, a.Incomplete())
	require.False(t, a.NoteCompared())
}

// Receipts yield to messages of other chats; those of the chat that was just sent
// to do not.
func TestReceiptsYieldToMessagesOfOtherChats(t *testing.T) {
	t.Parallel()
	sending := 0
	in := &Intake{Sending: func() int { return sending }}
	for n, want := range []time.Duration{receiptBatchDelay, receiptBatchDelay, receiptBusyDelay} {
		sending = n
		require.Equal(t, want, in.receiptDelay(), "%d chats", n)
	}
}

// The live channel and lists give whole seconds: what seems to be a second late may
// be no later than a blink.
func TestATimeInWholeSecondsIsNoDelayOfItsOwn(t *testing.T) {
	t.Parallel()
	a, c := newArrivals()
	written := time.Unix(1_800_000_000, 0)
	c.now = written.Add(1900 * time.Millisecond)
	a.Note(written)
	require.False(t, a.Overdue(journal.Job{RecordedAt: c.now, OccurredAt: written}))
	c.now = written.Add(2100 * time.Millisecond)
	require.True(t, a.Overdue(journal.Job{RecordedAt: c.now, OccurredAt: written}))
	a.Note(written)
	require.True(t, a.Overdue(journal.Job{RecordedAt: c.now, OccurredAt: c.now}))
}
