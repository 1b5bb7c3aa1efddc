package intake

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// shelf is a Chatwoot that answers after a while, with a conversation's messages of
// odd ids.
type shelf struct {
	takes time.Duration
	err   error
	asked atomic.Int32
	most  chatwoot.MessageID
	mu    sync.Mutex
	in    map[chatwoot.ConversationID]int // questions under way
}

func (s *shelf) Messages(ctx context.Context, in chatwoot.ConversationID, after, before chatwoot.MessageID) (listed []chatwoot.Message, err error) {
	s.asked.Add(1)
	s.mu.Lock()
	if s.in == nil {
		s.in = map[chatwoot.ConversationID]int{}
	}
	s.in[in]++
	twice := s.in[in] > 1
	most := s.most
	s.mu.Unlock()
	time.Sleep(s.takes)
	s.mu.Lock()
	s.in[in]--
	s.mu.Unlock()
	switch {
	case twice:
		return nil, errors.New("one conversation is asked for twice at once")
	case s.err != nil:
		return nil, s.err
	case before == 0:
		after, before = most-2*chatwoot.LastMessages+1, most+1
	}
	for id := after; id < before; id++ {
		if id%2 == 1 && id > 0 && id <= most {
			listed = append(listed, chatwoot.Message{ID: id})
		}
	}
	return listed, nil
}

// Thousands of tales about one conversation cost a few questions, and the true one
// among them is found.
func TestH6_AFloodOfTalesCostsFewQuestions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, s := newLookups(lookWithin), &shelf{takes: 60 * time.Millisecond, most: 999}
		var all sync.WaitGroup
		var refused atomic.Int32
		for n := range 1000 {
			all.Go(func() {
				_, err := l.message(t.Context(), s, 1, chatwoot.MessageID(2000+n), false)
				if errors.Is(err, errManyLooks) {
					refused.Add(1)
				} else if !chatwoot.IsNotFound(err) {
					t.Errorf("a tale: %v", err)
				}
			})
		}
		all.Wait()
		require.Equal(t, int32(1000-looksWaiting), refused.Load(), "no more wait than that")
		require.LessOrEqual(t, s.asked.Load(), int32(2))
		m, err := l.message(t.Context(), s, 1, 999, false)
		require.NoError(t, err)
		require.EqualValues(t, 999, m.ID)
		require.Zero(t, l.known.waiting+l.strange.waiting)
		require.Empty(t, l.newest)
	})
}

// Tales about conversations that there are not keep nobody waiting.
func TestH6_TalesOfStrangeConversationsKeepNobodyWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, s := newLookups(lookWithin), &shelf{takes: 60 * time.Millisecond, most: 999}
		var all sync.WaitGroup
		for n := range 2 * looksWaiting {
			all.Go(func() { _, _ = l.message(t.Context(), s, chatwoot.ConversationID(100+n), 1, true) })
		}
		synctest.Wait()
		began := time.Now()
		for n := range 5 {
			m, err := l.message(t.Context(), s, 1, chatwoot.MessageID(991+2*n), false)
			require.NoError(t, err)
			require.EqualValues(t, 991+2*n, m.ID)
		}
		require.LessOrEqual(t, time.Since(began), 5*s.takes)
		all.Wait()
		require.LessOrEqual(t, s.asked.Load(), int32(5+10+5*3+1), "what is made up costs Chatwoot little")
		require.Zero(t, l.known.waiting+l.strange.waiting)
		require.Empty(t, l.newest)
	})
}

// What is told while a question is under way may be younger than its answer.
func TestH6_ATaleOfAMessageToComeDoesNotHideIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, s := newLookups(lookWithin), &shelf{takes: time.Second, most: 997}
		var early sync.WaitGroup
		early.Go(func() {
			_, err := l.message(t.Context(), s, 1, 999, false)
			require.True(t, chatwoot.IsNotFound(err))
		})
		time.Sleep(500 * time.Millisecond) // the question is under way
		early.Go(func() {
			_, err := l.message(t.Context(), s, 1, 999, false)
			require.NoError(t, err)
		})
		synctest.Wait()
		s.mu.Lock()
		s.most = 999
		s.mu.Unlock()
		early.Wait()
		require.EqualValues(t, 2, s.asked.Load())
	})
}

// Old messages are read by themselves, a few at a time; the others are left to a
// comparison, and not said to be none.
func TestH6_OldMessagesAreLookedForToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, s := newLookups(lookWithin), &shelf{takes: time.Second, most: 999}
		var all sync.WaitGroup
		all.Go(func() { _, _ = l.message(t.Context(), s, 1, 1, false) }) // so that the others go together
		synctest.Wait()
		s.takes = 10 * time.Millisecond
		var found, left atomic.Int32
		for n := range 3 * oldLooks {
			all.Go(func() {
				switch _, err := l.message(t.Context(), s, 1, chatwoot.MessageID(11+2*n), false); {
				case err == nil:
					found.Add(1)
				case errors.Is(err, errManyLooks):
					left.Add(1)
				default:
					t.Errorf("an old message: %v", err)
				}
			})
		}
		all.Wait()
		require.EqualValues(t, oldLooks, found.Load())
		require.EqualValues(t, 2*oldLooks, left.Load())
	})
}

// Whoever tells it first and hangs up takes nothing from those who tell it too, and a
// Chatwoot that does not answer holds nobody for long.
func TestH6_NobodyWaitsForAChatwootThatIsSilent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, s := newLookups(lookWithin), &shelf{takes: time.Second, most: 999}
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { _, _ = l.message(ctx, s, 1, 999, false) })
		synctest.Wait()
		cancel()
		all.Go(func() {
			_, err := l.message(t.Context(), s, 1, 999, false)
			require.NoError(t, err)
		})
		all.Wait()

		s.err = errors.New("away")
		_, err := l.message(t.Context(), s, 1, 999, false)
		require.ErrorIs(t, err, s.err)

		silent := make(silence)
		began := time.Now()
		for n := range 10 {
			all.Go(func() {
				_, err := l.message(t.Context(), silent, chatwoot.ConversationID(n), 1, false)
				require.ErrorIs(t, err, context.DeadlineExceeded)
			})
		}
		all.Wait()
		require.Equal(t, lookWithin, time.Since(began))
		require.Zero(t, l.known.waiting+l.strange.waiting)
		require.Empty(t, l.newest)
	})
}

// silence is a Chatwoot that does not answer.
type silence chan struct{}

func (s silence) Messages(ctx context.Context, _ chatwoot.ConversationID, _, _ chatwoot.MessageID) ([]chatwoot.Message, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
