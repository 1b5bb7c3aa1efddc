package benchtest

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/bridgetest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

const bareWrapped = "whatsmeow with our store wrappers, handler says yes"

// receive measures how many messages a second one line takes from 200 chats,
// until WhatsApp has the last acknowledgement. While Chatwoot hangs that is
// what the journal costs; while it answers, the deliveries go on beside it.
func receive(tb testing.TB, s size) []row {
	var rows []row
	for _, m := range modes {
		st := newStack(tb, m, s.of(200, 5))
		wrapped, plain, own := st.WhatsApp.NewPeer("5511999990002", "Wrapped"), st.WhatsApp.NewPeer("5511999990003", "Plain"), st.WhatsApp.NewPeer("5511999990004", "Own")
		bareSession(tb, st.WhatsApp, m.plain(tb), m.dialect, wrapped)
		bareClient(tb, st.WhatsApp, m.plain(tb), m.dialect, plain)
		bareSession(tb, st.WhatsApp, m.own(tb), m.dialect, own)
		const each = 4
		for _, phone := range []*whatsapptest.Peer{wrapped, plain, own} {
			takes(tb, phone, st.customers, 1) // sessions begin with a costlier message
		}
		takes(tb, st.Phone, st.customers, 1)
		st.drained()
		side := func(phone *whatsapptest.Peer) func() float64 {
			return func() float64 { return takes(tb, phone, st.customers, each) }
		}
		rounds := s.of(5, 1)
		delivering := alternate(rounds, side(wrapped), func() float64 {
			defer st.drained()
			return takes(tb, st.Phone, st.customers, each)
		})
		hang := st.Chatwoot.AddRule(chatwoottest.Rule{Method: http.MethodPost, Path: "/messages", Fault: chatwoottest.Slow(patience)})
		rows = append(rows,
			alternate(rounds, side(wrapped), side(st.Phone)).rates("received, "+m.name, bareWrapped, 0.7),
			alternate(rounds, side(own), side(st.Phone)).rates("received, "+m.name, bareWrapped+", on the bridge's connections", 0),
			alternate(rounds, side(plain), side(st.Phone)).rates("received, "+m.name, "whatsmeow with its own stores, handler says yes", 0),
			delivering.rates("received while delivering, "+m.name, bareWrapped, 0),
		)
		hang()
	}
	return rows
}

// takes lets every customer write to a phone and gives the rate at which its
// companion settled that.
func takes(tb testing.TB, phone *whatsapptest.Peer, customers []*bridgetest.Conversation, each int) float64 {
	began := time.Now()
	for i := range each {
		for _, c := range customers {
			c.SendText(phone, fmt.Sprint("question ", i))
		}
	}
	require.NoError(tb, phone.Companion().WaitSettled(patience))
	return rate(each*len(customers), time.Since(began))
}
