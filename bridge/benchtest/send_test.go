package benchtest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

const bareLoop = "whatsmeow's SendMessage in a loop"

// send measures how many agents' messages a second leave one line. They are in
// the journal when the line connects, and the rate is that of the stanzas at
// WhatsApp, from the first to the last. The customers' receipts come meanwhile.
func send(tb testing.TB, s size) []row {
	var rows []row
	for _, m := range modes {
		st := newStack(tb, m, s.of(50, 5))
		bare, own := st.WhatsApp.NewPeer("5511999990002", "Bare"), st.WhatsApp.NewPeer("5511999990003", "Own")
		bareClients := map[*whatsapptest.Peer]*whatsmeow.Client{
			bare: bareClient(tb, st.WhatsApp, m.plain(tb), m.dialect, bare),
			own:  bareClient(tb, st.WhatsApp, m.own(tb), m.dialect, own),
		}
		each := s.of(8, 2)
		n := each * len(st.customers)
		loop := func(phone *whatsapptest.Peer) float64 {
			cli := bareClients[phone]
			departures := departuresOf(st.WhatsApp, phone)
			for i := range each {
				for _, c := range st.customers {
					text := fmt.Sprint("answer ", i)
					_, err := cli.SendMessage(context.Background(), c.JID(), &waE2E.Message{Conversation: &text})
					require.NoError(tb, err)
				}
			}
			return departures.wait(tb, n)
		}
		drain := func() float64 {
			ctx := context.Background()
			require.NoError(tb, st.Bridge.Pause(ctx, st.Line))
			for i := range each {
				for _, c := range st.Chatwoot.Conversations() {
					_, err := st.Chatwoot.Reply(c.ID, fmt.Sprint("answer ", i))
					require.NoError(tb, err)
				}
			}
			require.NoError(tb, st.Chatwoot.WaitIdle(ctx))
			departures := departuresOf(st.WhatsApp, st.Phone)
			require.NoError(tb, st.Bridge.Resume(ctx, st.Line))
			reached := departures.wait(tb, n)
			st.drained()
			return reached
		}
		loop(bare) // sessions begin with a costlier message
		loop(own)
		drain()
		side := func(phone *whatsapptest.Peer) func() float64 { return func() float64 { return loop(phone) } }
		rounds := s.of(5, 1)
		rows = append(rows,
			alternate(rounds, side(bare), drain).rates("sent, "+m.name, bareLoop, 0.8),
			alternate(rounds, side(own), drain).rates("sent, "+m.name, bareLoop+", on the bridge's connections", 0),
		)
	}
	return rows
}

// departures notes when messages of a phone's companion reach WhatsApp.
type departures struct {
	mu     sync.Mutex
	times  []time.Time
	remove func()
}

func departuresOf(srv *whatsapptest.Server, phone *whatsapptest.Peer) *departures {
	d := &departures{}
	d.remove = srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		if e.Is(whatsapptest.StanzaIn, "message") && e.Device != nil && e.Device.Account() == phone {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.times = append(d.times, time.Now())
		}
		return whatsapptest.Action{}
	})
	return d
}

// wait waits for n messages and gives their rate.
func (d *departures) wait(tb testing.TB, n int) float64 {
	defer d.remove()
	require.Eventually(tb, func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.times) >= n
	}, patience, 2*time.Millisecond, "messages at WhatsApp")
	d.mu.Lock()
	defer d.mu.Unlock()
	return rate(len(d.times)-1, d.times[len(d.times)-1].Sub(d.times[0]))
}
