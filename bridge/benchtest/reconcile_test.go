package benchtest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// reconcile counts the requests of one pass over Chatwoot's messages: with
// nothing changed since the last one, and with a few conversations changed. The
// database has no part in that.
func reconcile(tb testing.TB, s size) []row {
	n, changed := s.of(200, 5), s.of(10, 2)
	o := newOffice(tb, embedded, n)
	o.drained()
	o.passLater() // takes in what is new
	nothing := o.passLater()
	for i, c := range o.desk.Conversations()[:changed] {
		reply, err := o.desk.Reply(c.ID, fmt.Sprint("answer ", i))
		require.NoError(tb, err)
		_, err = o.desk.WaitMessage(patience, func(m chatwoottest.Message) bool { return m.ID == reply.ID && m.Status == "delivered" })
		require.NoError(tb, err)
	}
	o.drained()
	const pass = 3 // the version, the inbox, and what has changed
	line := func(what, bound string, least, requests int) row {
		return row{
			figure: "requests to Chatwoot of one pass over its messages, " + what, against: "the least there can be", bare: bound,
			bridge: fmt.Sprint(requests), aim: "≤ " + bound, verdict: verdict(requests <= least),
		}
	}
	return []row{
		line(fmt.Sprintf("%d conversations, none changed", n), fmt.Sprint(pass), pass, nothing),
		line(fmt.Sprintf("%d conversations, %d changed", n, changed), fmt.Sprintf("%d + %d", pass, changed), pass+changed, o.passLater()),
	}
}

// passLater lets the line start again some time later, waits until it has
// compared Chatwoot's messages once, and counts the requests.
func (o *office) passLater() int {
	ctx := context.Background()
	require.NoError(o.tb, o.bridge.Pause(ctx, o.line))
	o.clock.ahead.Add(int64(10 * time.Minute))
	began := o.clock.now().UnixMilli()
	o.gateway.note(nil)
	require.NoError(o.tb, o.bridge.Resume(ctx, o.line))
	require.Eventually(o.tb, func() bool {
		var at int64
		require.NoError(o.tb, o.db.QueryRow(`SELECT reconciled FROM line`).Scan(&at))
		return at >= began
	}, patience, 5*time.Millisecond, "a pass")
	requests := o.gateway.count()
	o.connected()
	return requests
}

// calm waits until the two passes that follow a start are over; the next comes
// minutes later.
func (o *office) calm() {
	passes := map[int64]bool{}
	require.Eventually(o.tb, func() bool {
		var at int64
		require.NoError(o.tb, o.db.QueryRow(`SELECT reconciled FROM line`).Scan(&at))
		if at != 0 {
			passes[at] = true
		}
		return len(passes) >= 2
	}, patience, 5*time.Millisecond, "the passes after the start")
	o.drained()
}

// clock is the bridge's and Chatwoot's; it can be put forward.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }
