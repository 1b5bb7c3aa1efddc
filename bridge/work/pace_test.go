package work_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// hanging answers some requests only when their caller gives up.
type hanging struct {
	script
	hangs func(path string) bool
}

func (d *hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	if d.hangs(r.URL.Path) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return d.script.RoundTrip(r)
}

// One chat's requests hang: nobody else waits.
func TestD30_ASlowChatDelaysNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		at := &hanging{hangs: func(asked string) bool { return asked == path(1) }}
		s := newStand(t)
		want := s.add("l1", at).writeMany(40, 20)
		delete(want, path(1))
		s.start()
		time.Sleep(time.Second)
		got, _, _ := at.stored()
		require.Equal(t, want, got)
	})
}

// A whole Chatwoot hangs, with more chats than there are workers: the lines of
// others do not notice.
func TestD30_ADeadChatwootDelaysNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dead, healthy := &hanging{hangs: func(string) bool { return true }}, &script{}
		s := newStand(t)
		s.add("l1", dead).writeMany(100, 50)
		other := s.add("l2", healthy)
		s.start()
		for range 20 {
			time.Sleep(10 * time.Second) // requests time out, and others hang in their place
			before, _, _ := healthy.stored()
			began := time.Now()
			id := fmt.Sprintf("at %d", began.UnixMilli())
			other.write(1, id)
			time.Sleep(time.Second)
			after, _, _ := healthy.stored()
			require.Equal(t, append(before[path(1)], id), after[path(1)], "after %v", began)
		}
		got, _, _ := dead.stored()
		require.Empty(t, got)
	})
}

// A burst meets both of Chatwoot's limits: so many requests a minute, and so
// many messages a minute in one conversation. Each message takes one post but
// for those that were refused, and none is missing when the windows reopen.
func TestD37_LimitsPaceTheLanes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		messages, chats int
		total, each     int // a minute: for the address, for one conversation
		refused         answer
		most            time.Duration
	}{
		"rate limit":  {messages: 700, chats: 20, total: 300, each: 1000, refused: answer{status: http.StatusTooManyRequests, body: "Retry later\n"}, most: 4 * time.Minute},
		"flood guard": {messages: 500, chats: 2, total: 10_000, each: 100, refused: answer{status: http.StatusUnprocessableEntity, body: `{"error":"Too many messages"}`}, most: 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				counts, refusals := map[string]int{}, 0
				at := &script{each: 5 * time.Millisecond, decide: func(path string) answer {
					window := time.Now().Truncate(time.Minute).String()
					if counts[window] >= tc.total || counts[window+path] >= tc.each {
						refusals++
						return tc.refused
					}
					counts[window]++
					counts[window+path]++
					return answer{}
				}}
				s := newStand(t)
				want := s.add("l1", at).writeMany(tc.messages, tc.chats)
				s.start()
				time.Sleep(tc.most)
				got, posts, _ := at.stored()
				require.Equal(t, want, got, "nothing is lost, doubled or overtaken")
				require.Positive(t, refusals)
				require.LessOrEqual(t, posts, tc.messages+refusals)
				require.LessOrEqual(t, refusals, 4*int(tc.most/time.Minute)*min(tc.chats, 6), "a limit is not run against")
				require.Zero(t, s.count(journal.Dead))
			})
		})
	}
}

// single is a Chatwoot that stores one message after the other, at a fixed rate,
// however many are asked for at once.
type single struct {
	script
	busy  chan struct{}
	pause time.Duration
}

func (d *single) RoundTrip(r *http.Request) (*http.Response, error) {
	d.busy <- struct{}{}
	time.Sleep(d.pause)
	<-d.busy
	return d.script.RoundTrip(r)
}

// 240 messages wait in 24 chats, and a Chatwoot of 16 messages a second is to take
// them, while customers write one message a second from the moment of the start: in
// chats of their own, or in those whose messages wait.
func TestT18_R41_ABacklogTakesWhatLiveChatsLeave(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		waits func(s *stand, l *line, at *single) map[string][]string
		among bool
	}{
		"WhatsApp kept them": {waits: func(s *stand, l *line, _ *single) map[string][]string {
			s.start()
			return l.late(waitingMessages, waitingChats)
		}},
		"Chatwoot was away": {waits: func(s *stand, l *line, at *single) map[string][]string {
			s.start()
			at.script.decide = func(string) answer { return answer{err: errRefused} }
			want := l.writeMany(waitingMessages, waitingChats)
			time.Sleep(3 * time.Minute)
			at.mu.Lock()
			at.script.decide = nil
			at.mu.Unlock()
			return want
		}},
		"the bridge was away": {waits: func(s *stand, l *line, _ *single) map[string][]string {
			want := l.writeMany(waitingMessages, waitingChats)
			require.NoError(s.t, s.journal.Sink(context.Background(), l.id, journal.In))
			s.start()
			return want
		}},
		"in the same chats": {among: true, waits: func(s *stand, l *line, _ *single) map[string][]string {
			s.start()
			return l.late(waitingMessages, waitingChats)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				alone := drained(t, tc.waits, 0, tc.among)
				beside := drained(t, tc.waits, 40, tc.among)
				require.Less(t, beside, alone*12/10, "the backlog is not slowed down")
			})
		})
	}
}

const (
	capacity        = 16 // messages a second
	waitingMessages = 240
	waitingChats    = 24
)

// drained is how long a backlog takes, beside live messages.
func drained(t *testing.T, waits func(*stand, *line, *single) map[string][]string, live int, among bool) time.Duration {
	at := &single{busy: make(chan struct{}, 1), pause: time.Second / capacity}
	s := newStand(t)
	l := s.add("l1", at)
	order := waits(s, l, at)
	began := time.Now()
	written := map[string]time.Time{}
	for i := range live {
		chat, id := 1+waitingChats+i, fmt.Sprintf("live %d", i)
		if among {
			chat = 1 + i%waitingChats
		}
		written[id] = time.Now()
		order[path(chat)] = append(order[path(chat)], id)
		l.write(chat, id)
		time.Sleep(time.Second)
	}
	for i := 0; len(at.delivered()) < waitingMessages+live; i++ {
		time.Sleep(100 * time.Millisecond)
		require.Less(t, i, 10_000, "the backlog does not end")
	}
	s.stop()
	got, _, _ := at.stored()
	require.Equal(t, order, got, "nothing is lost, doubled or overtaken")
	took, took95 := time.Duration(0), time.Duration(0)
	var shown []time.Duration
	for _, m := range at.delivered() {
		if wrote, ok := written[m.id]; ok {
			shown = append(shown, m.at.Sub(wrote))
		} else {
			took = m.at.Sub(began)
		}
	}
	if live > 0 {
		slices.Sort(shown)
		took95 = shown[len(shown)*95/100]
		require.Less(t, took95, 5*time.Second)
	}
	t.Logf("%d live: p95 %v; backlog drained in %v", live, took95, took)
	return took
}
