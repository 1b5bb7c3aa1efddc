package reconcile

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// A Chatwoot that was away for long is asked soon after its return, whatever
// waits for it meanwhile.
func TestAChatwootThatIsAwayIsAskedAgainSoon(t *testing.T) {
	t.Parallel()
	for attempt := range 20 {
		require.LessOrEqual(t, askAgain(&chatwoot.UnavailableError{}, attempt), awayPause)
	}
	require.Greater(t, askAgain(errors.New("refused"), 19), awayPause)
}

// lives runs a line's Reconciler while something happens.
func (s *stand) lives(meanwhile func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	meanwhile()
	cancel()
	running.Wait()
}

// How often a line compares is asked each time, and a comparison that is asked for
// does not wait for it. The inbox is not read each time.
func TestTheCadenceIsAskedForEachTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		s := newStand(t, d, NewShared(time.Now), 1)
		cadence := time.Hour
		var mu sync.Mutex
		s.Cadence = func() time.Duration {
			mu.Lock()
			defer mu.Unlock()
			return cadence
		}
		inbox := func(q question) bool { return q.path == "/inboxes/1" }
		s.lives(func() {
			time.Sleep(time.Minute)
			require.Equal(t, 2, count(d.questions(), question.list), "after the start, and once more")
			time.Sleep(20 * time.Minute)
			require.Zero(t, d.count(question.list))
			mu.Lock()
			cadence = 5 * time.Second
			mu.Unlock()
			s.Arrivals.RequestComparison()
			time.Sleep(time.Second)
			asked := d.questions()
			require.Equal(t, 1, count(asked, question.list))
			require.Equal(t, 1, count(asked, inbox))
			time.Sleep(11 * time.Minute)
			asked = d.questions()
			require.InDelta(t, 11*60/5, count(asked, question.list), 5)
			require.Equal(t, 2, count(asked, inbox))
		})
	})
}

// A line whose inbox is gone stops, however the comparison itself ended.
func TestALineWhoseInboxIsGoneStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		s := newStand(t, d, NewShared(time.Now), 1)
		s.lives(func() {
			time.Sleep(time.Minute)
			d.answer(func(q question) (int, any) {
				if q.path == "/inboxes/1" {
					return http.StatusNotFound, nil
				}
				return 0, nil
			})
			time.Sleep(6 * time.Minute)
			require.NotZero(t, d.count(question.list))
			time.Sleep(time.Hour)
			require.Zero(t, d.count(func(question) bool { return true }))
		})
		require.Contains(t, s.paused, "inbox")
	})
}

// A message that no way has told of makes those after it look for others. One that
// is in the journal already, or was written before anybody listened, does not.
func TestWhatNoWayHasToldOfMakesOthersLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		s := newStand(t, d, NewShared(time.Now), 1)
		c := d.add(1)
		s.knows(c)
		d.write(c, 2*time.Second)
		prompt := func() journal.Job { return journal.Job{RecordedAt: time.Now(), OccurredAt: time.Now()} }
		s.lives(func() {
			time.Sleep(time.Minute)
			require.Len(t, s.journaled(), 1)
			require.False(t, s.Arrivals.Overdue(prompt()), "it was written before the start")

			told := d.write(c, 0)
			around := chatwoot.Event{Account: 1, Inbox: 1, Conversation: chatwoot.EventConversation{ID: chatwoot.ConversationID(c.id)}, Message: chatwoot.Message{ID: chatwoot.MessageID(told)}}
			raw, err := chatwoot.EncodeCreated(around.Message, around)
			require.NoError(t, err)
			require.NoError(t, s.Reconciler.Intake.AppendCreated(t.Context(), around, raw, nil))
			time.Sleep(6 * time.Minute)
			require.Len(t, s.journaled(), 2)
			require.False(t, s.Arrivals.Overdue(prompt()), "it waits to be sent")

			d.write(c, 0)
			time.Sleep(6 * time.Minute)
			require.Len(t, s.journaled(), 3)
			require.True(t, s.Arrivals.Overdue(prompt()))
			require.Empty(t, s.Arrivals.Requests())
			time.Sleep(11 * time.Minute)
			require.False(t, s.Arrivals.Overdue(prompt()))
		})
	})
}

// Where no way works, comparisons are all that brings agents' messages: while some
// are found the next comparison follows at once, at the pace of two requests a
// second, and a reply a second takes seconds.
func TestRepliesAreFoundSoonWhileAgentsWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		s := newStand(t, d, NewShared(time.Now), 1)
		s.Cadence = func() time.Duration { return Interval(1) }
		var chats []*conversation
		for range 8 {
			c := d.add(1)
			s.knows(c)
			chats = append(chats, c)
		}
		s.lives(func() {
			time.Sleep(2 * time.Minute)
			d.questions()
			const replies = 60
			var late, longest time.Duration
			for i := range replies {
				d.write(chats[i%len(chats)], 0)
				time.Sleep(time.Second)
				if missing := i + 1 - len(s.journaled()); missing > 0 {
					late = time.Duration(missing) * time.Second
				} else {
					late = 0
				}
				longest = max(longest, late)
			}
			require.Less(t, longest, 10*time.Second)
			require.LessOrEqual(t, len(d.questions()), 2*replies+2)
			time.Sleep(time.Minute)
			require.Len(t, s.journaled(), replies)
			require.InDelta(t, 60/5, d.count(question.list), 3, "and every five seconds when they rest")
		})
	})
}
