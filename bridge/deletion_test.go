package bridge_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// While Chatwoot deletes a contact in the background, whoever asks about her gets 500,
// and so does who lists conversations. Others' messages come and go at once, also where
// the bridge starts meanwhile and has missed something; hers come when that is over,
// all once and in order.
func TestK3_ADeletionInTheBackgroundDelaysNobodyElse(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		w.exchange("hi", "hello")
		bob := w.Customer("5511777770003", "Bob")
		_, err := bob.Ask("Bob is here")
		require.NoError(t, err)
		says := func(text string) {
			m, err := bob.Say(text)
			require.NoError(t, err)
			w.desk.wait("the tick of "+text, withStatus(m.ID, "delivered"))
		}
		says("hello Bob")
		w.idle("in")
		w.idle("out")
		hers := w.desk.Contacts()[0]
		require.Equal(t, "Alice", hers.Name)
		require.NoError(t, w.desk.BeginDeletion(chatwoottest.Deletion{Contact: hers.ID, Lists: chatwoottest.ListsFail}))
		var without atomic.Bool
		w.desk.OnRequest(func(r *http.Request) chatwoottest.Fault {
			if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/conversations") && r.URL.Query().Get("page") == "2" {
				without.Store(true)
			}
			return chatwoottest.Fault{}
		})
		w.alice.SendText(w.phone, "Alice meanwhile")
		_, err = bob.Ask("Bob meanwhile")
		require.NoError(t, err)
		says("to Bob meanwhile")

		w.away(func() {
			w.desk.AddWebhookRule(chatwoottest.WebhookRule{Event: "message_created", Times: 1, Fault: chatwoottest.WebhookFault{Drop: true}})
			_, err := bob.Say("while the bridge was away")
			require.NoError(t, err)
			w.alice.SendText(w.phone, "Alice again")
		})
		w.failed("message")
		_, err = bob.Ask("Bob after the start")
		require.NoError(t, err)
		require.Eventually(t, without.Load, patience, 5*time.Millisecond, "a comparison without what cannot be listed")
		w.neverPaused()

		w.desk.EndDeletions()
		require.Eventually(t, func() bool {
			w.pass(time.Minute)
			return len(w.desk.from("Alice")) == 2
		}, patience, 50*time.Millisecond)
		require.NoError(t, bob.WaitCount(patience, 3))
		says("to Bob after that")
		w.settled()
		require.Equal(t, []string{"Alice meanwhile", "Alice again"}, w.desk.from("Alice"))
		require.Equal(t, []string{"Bob is here", "Bob meanwhile", "Bob after the start"}, w.desk.from("Bob"))
		require.Equal(t, []string{"hello Bob", "to Bob meanwhile", "while the bridge was away", "to Bob after that"}, bob.Texts())
		require.Len(t, w.desk.Contacts(), 2)
		w.exchange("still Alice", "still here")
		require.Equal(t, []string{"hello", "still here"}, w.alice.Texts())
	}, byBoth)
}
