package benchtest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// reconcile counts the requests of one pass over Chatwoot's messages: with
// nothing changed since the last one, and with a few conversations changed. The
// database has no part in that.
func reconcile(tb testing.TB, s size) []row {
	n, changed := s.of(200, 5), s.of(10, 2)
	st := newStack(tb, embedded, n)
	st.drained()
	st.passLater() // takes in what is new
	nothing := st.passLater()
	for i, c := range st.Chatwoot.Conversations()[:changed] {
		reply, err := st.Chatwoot.Reply(c.ID, fmt.Sprint("answer ", i))
		require.NoError(tb, err)
		_, err = st.WaitStatus(reply.ID, "delivered")
		require.NoError(tb, err)
	}
	st.drained()
	const pass = 3 // the version, the inbox, and what has changed
	line := func(what, bound string, least, requests int) row {
		return row{
			figure: "requests to Chatwoot of one pass over its messages, " + what, against: "the least there can be", bare: bound,
			bridge: fmt.Sprint(requests), aim: "≤ " + bound, verdict: verdict(requests <= least),
		}
	}
	return []row{
		line(fmt.Sprintf("%d conversations, none changed", n), fmt.Sprint(pass), pass, nothing),
		line(fmt.Sprintf("%d conversations, %d changed", n, changed), fmt.Sprintf("%d + %d", pass, changed), pass+changed, st.passLater()),
	}
}

// passLater lets the line start again some time later, waits until it has
// compared Chatwoot's messages once, and counts the requests.
func (s *stack) passLater() int {
	ctx := context.Background()
	require.NoError(s.tb, s.Bridge.Pause(ctx, s.Line))
	s.Clock.Forward(10 * time.Minute)
	began := s.Clock.Now().UnixMilli()
	s.gateway.note(nil)
	require.NoError(s.tb, s.Bridge.Resume(ctx, s.Line))
	require.Eventually(s.tb, func() bool {
		var at int64
		require.NoError(s.tb, s.DB.QueryRow(`SELECT reconciled FROM line`).Scan(&at))
		return at >= began
	}, patience, 5*time.Millisecond, "a pass")
	requests := s.gateway.count()
	s.connected()
	return requests
}

// calm waits until the two passes that follow a start are over; the next comes
// minutes later.
func (s *stack) calm() { calm(s) }

// secondPass is how long after a start the second pass comes at the soonest. Where
// the machine is slow both may be over before anybody looks.
const secondPass = 9 * time.Second

// calm waits for several, whose passes may be over at the same time.
func calm(stacks ...*stack) {
	passes := map[*stack]map[int64]bool{}
	for _, s := range stacks {
		passes[s] = map[int64]bool{}
	}
	require.Eventually(stacks[0].tb, func() bool {
		over := true
		for _, s := range stacks {
			var at int64
			require.NoError(s.tb, s.DB.QueryRow(`SELECT reconciled FROM line`).Scan(&at))
			if at != 0 {
				passes[s][at] = true
			}
			over = over && (len(passes[s]) >= 2 || at >= s.began.Add(secondPass).UnixMilli())
		}
		return over
	}, patience, 5*time.Millisecond, "the passes after the start")
	for _, s := range stacks {
		s.drained()
	}
}
