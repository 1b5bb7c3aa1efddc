package bridge_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/bridgetest"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// passLater starts the bridge again some time later, waits until it has
// compared Chatwoot's messages once, and counts the requests by their kind.
func (w *world) passLater(c *bridgetest.Clock) map[string]int {
	w.t.Helper()
	require.NoError(w.t, w.desk.WaitIdle(w.t.Context())) // a webhook that fails makes a bubble red, which costs a request
	w.handler.Store(nil)
	w.bridge.Stop()
	c.Forward(10 * time.Minute)
	began, before := c.Now().UnixMilli(), w.desk.Requests()
	w.bridge = w.process(w.db, func(cfg *bridge.Config) { cfg.Clock = c.Now })
	handler := w.bridge.Webhooks()
	w.handler.Store(&handler)
	require.Eventually(w.t, func() bool {
		var at int64
		require.NoError(w.t, w.db.QueryRow(`SELECT reconciled FROM line`).Scan(&at))
		return at >= began
	}, patience, 5*time.Millisecond)
	made := w.desk.Requests()
	maps.DeleteFunc(made, func(kind string, n int) bool { return n == before[kind] })
	for kind := range made {
		made[kind] -= before[kind]
	}
	delete(made, probe) // it is no part of a pass
	w.connected()
	return made
}

// probe is how a line that starts finds out whether webhooks come.
const probe = "POST /public/api/v1/inboxes/{identifier}/contacts/{source}/conversations/{conversation}/toggle_typing"

const perConversation = "GET /api/v1/accounts/{account}/conversations/{conversation}/messages"

// A pass asks for the version, the inbox and the conversations in which
// something happened, and once for each of those, or twice where that is more
// than a page, however many others there are.
func TestAPassCostsThreeRequestsAndOneForEachChangedConversation(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		c := &bridgetest.Clock{}
		at := desk{chatwoottest.New(chatwoottest.Options{Dir: t.TempDir(), Now: c.Now}), t}
		require.NoError(t, at.Start())
		t.Cleanup(func() { require.NoError(t, at.Close()) })
		w := newWorldAt(t, at, db, idmap.NewMemory(1000, time.Now), settingOf(t, []func(*setting){byWebhook}))
		talking(w)
		const others = 30 // more than Chatwoot shows on a page
		for i := range others {
			w.wa.NewPeer(fmt.Sprintf("55117777700%02d", i), fmt.Sprint("Customer ", i)).SendText(w.phone, fmt.Sprint("hello from ", i))
		}
		for i := range others {
			w.desk.wait("a conversation", withText(fmt.Sprint("hello from ", i)))
		}
		old := w.desk.Conversations()
		require.Equal(t, len(old), w.passLater(c)[perConversation], "all are new to the first pass")

		three := w.passLater(c)
		require.Len(t, three, 3, "%v", three)
		for kind, n := range three {
			require.Equal(t, 1, n, kind)
		}

		for _, conversation := range old[:4] {
			m, err := w.desk.Reply(conversation.ID, "anything else?")
			require.NoError(t, err)
			w.desk.wait("the tick", withStatus(m.ID, "delivered"))
		}
		for i := range 2*chatwoot.LastMessages + 5 { // two pages more
			last, err := w.desk.Reply(old[0].ID, fmt.Sprint("and this? ", i))
			require.NoError(t, err)
			w.desk.wait("the tick", withStatus(last.ID, "delivered"))
		}
		w.wa.NewPeer("5511666660004", "Carol").SendText(w.phone, "is this the shop?")
		w.desk.wait("a new conversation", withText("is this the shop?"))
		w.settled()
		changed := w.passLater(c)
		require.Equal(t, 5+1, changed[perConversation])
		delete(changed, perConversation)
		require.Equal(t, three, changed)
	})
}
