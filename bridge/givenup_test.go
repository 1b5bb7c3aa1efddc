package bridge_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/processtest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// reachDeskBy lets the bridge reach Chatwoot by a proxy.
func (w *world) reachDeskBy(proxy *processtest.Proxy) {
	w.t.Helper()
	w.handler.Store(nil)
	w.bridge.Stop()
	_, err := w.db.Exec(`UPDATE line SET chatwoot_url = $1`, "http://"+proxy.Addr())
	require.NoError(w.t, err)
	w.start()
	w.connected()
}

// A request whose connection broke may be carried out long after: Chatwoot's
// queue does not know that nobody waits any more. So its absence is not believed
// for some time.
func TestD12_ARequestThatIsCarriedOutAfterTheBridgeGaveUpIsNotRepeated(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		proxy := processtest.NewProxy(t, strings.TrimPrefix(w.desk.Server.URL(), "http://"))
		w.reachDeskBy(proxy)
		bob := w.wa.NewPeer("5511777770002", "Bob")
		others := 0
		another := func() {
			t.Helper()
			others++
			text := strings.Repeat("x", others)
			bob.SendText(w.phone, text)
			w.desk.wait("the other customer's", withText(text))
		}
		talking(w)
		another()
		// Nothing else is under way when the connections break.
		require.NoError(t, w.desk.WaitIdle(t.Context()))

		arrived, carryOut := make(chan struct{}), make(chan struct{})
		var held atomic.Bool
		w.desk.OnRequest(func(r *http.Request) chatwoottest.Fault {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/messages") && held.CompareAndSwap(false, true) {
				close(arrived)
				<-carryOut
			}
			return chatwoottest.Fault{}
		})
		w.alice.SendText(w.phone, "once")
		<-arrived
		proxy.Cut()
		require.Eventually(t, func() bool {
			waiting, err := w.bridge.Jobs(context.Background(), journal.JobFilter{State: journal.Waiting})
			return err == nil && len(waiting) == 1 && waiting[0].LastError != ""
		}, patience, 5*time.Millisecond, "it gave up and looked in vain")

		w.pass(5 * time.Second) // longer than any other failure waits for its first repeat
		another()
		another()
		close(carryOut)
		w.desk.wait("what was carried out late", withText("once"))
		w.pass(20 * time.Second)
		another()
		w.idle("in")
		alices := w.desk.Messages(w.desk.Conversations()[0].ID)
		require.Len(t, alices, 2, "hi, and that")
	})
}
