package benchtest

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/processtest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// trouble is what keeps Chatwoot's events from a line.
type trouble struct {
	name    string
	listen  string
	refused bool // webhooks
	live    chatwoottest.LiveFaults
	lines   int
	// within is what a reply may take, the one that is at percentile; 0 = as long
	// as it takes.
	within     time.Duration
	percentile float64
}

var troubles = []trouble{
	{"none", lines.ListenBoth, false, chatwoottest.LiveFaults{}, 1, 300 * time.Millisecond, 50},
	{"webhooks refused", lines.ListenBoth, true, chatwoottest.LiveFaults{}, 1, 300 * time.Millisecond, 50},
	{"no address", lines.ListenLive, false, chatwoottest.LiveFaults{}, 1, 300 * time.Millisecond, 50},
	{"the live channel cut every 3 s", lines.ListenBoth, false, chatwoottest.LiveFaults{CutAfter: 3 * time.Second}, 1, 300 * time.Millisecond, 50},
	{"the live channel cut every 3 s, no address", lines.ListenLive, false, chatwoottest.LiveFaults{CutAfter: 3 * time.Second}, 1, 300 * time.Millisecond, 50},
	{"the live channel deaf", lines.ListenBoth, false, chatwoottest.LiveFaults{Deaf: true}, 1, 300 * time.Millisecond, 50},
	{"webhooks refused and the live channel away", lines.ListenBoth, true, chatwoottest.LiveFaults{NoUpgrade: true}, 1, 6 * time.Second, 95},
	{"webhooks refused and the live channel deaf", lines.ListenBoth, true, chatwoottest.LiveFaults{Deaf: true}, 1, 6 * time.Second, 95},
	{"five lines, webhooks refused and the live channel away", lines.ListenBoth, true, chatwoottest.LiveFaults{NoUpgrade: true}, 5, 0, 0},
}

// troubled measures the whole way of an agent's reply through the built program,
// from the request of the agent's browser to the customer's phone, while one or
// both ways in do not work: one reply a second, in some chats. All troubles are had
// at the same time, each by a program of its own.
func troubled(tb testing.TB, s size) []row {
	var shops []*troubledShop
	for _, t := range troubles {
		shops = append(shops, newTroubledShop(tb, t, s.of(4, 1)))
	}
	time.Sleep(time.Duration(s.of(60, 0)) * time.Second) // the first messages were long ago
	write(tb, shops, s.of(60, 2))
	var rows []row
	for _, shop := range shops {
		r := row{
			figure: fmt.Sprintf("a reply, 1/s, from the agent to the phone, median / p95, %s", shop.name), against: "–",
			bridge: fmt.Sprintf("%.2f / %.2f s", shop.took.median()/1000, shop.took.percentile(95)/1000),
		}
		if shop.within > 0 {
			r.aim = fmt.Sprintf("p%.0f < %.1f s", shop.percentile, shop.within.Seconds())
			r.verdict = verdict(shop.took.percentile(shop.percentile) < millis(shop.within))
		}
		rows = append(rows, r)
	}
	return rows
}

// troubledShop is an installation in trouble, with customers who have written.
type troubledShop struct {
	trouble
	tb    testing.TB
	sim   *processtest.Simulators
	chats []chat
	// written are the replies that are not at the phone yet, and took what the
	// others took.
	written map[string]writing
	took    samples
}

type chat struct {
	conversation int
	customer     string
}

type writing struct {
	chat chat
	at   time.Time
}

func newTroubledShop(tb testing.TB, t trouble, customers int) *troubledShop {
	ctx := tb.Context()
	s := &troubledShop{trouble: t, tb: tb, sim: processtest.StartSimulators(tb), written: map[string]writing{}}
	bridge := processtest.NewBridge(tb, s.sim)
	bridge.Start()
	require.NoError(tb, s.sim.Chatwoot.SetPrivateWebhooks(ctx, !t.refused))
	require.NoError(tb, s.sim.Chatwoot.SetLive(ctx, t.live))
	desk, err := s.sim.Chatwoot.State(ctx)
	require.NoError(tb, err)
	for i := range t.lines {
		phone := fmt.Sprintf("5511999990%03d", i)
		line, err := bridge.Client().CreateLine(ctx, api.NewLine{
			Name: fmt.Sprint("Shop ", i), ChatwootURL: desk.URL, ChatwootToken: desk.AdminToken, AccountID: int64(desk.Account),
			Settings: json.RawMessage(fmt.Sprintf(`{"listen":%q}`, t.listen)),
		})
		require.NoError(tb, err)
		bridge.Pair(line, phone)
		for j := range customers {
			s.hello(phone, fmt.Sprintf("55118888%02d%03d", i, j))
		}
	}
	return s
}

// hello has a new customer write to a phone.
func (s *troubledShop) hello(phone, customer string) {
	ctx, text := s.tb.Context(), "hello from "+customer
	_, err := s.sim.WhatsApp.NewPeer(ctx, customer, "Customer "+customer)
	require.NoError(s.tb, err)
	_, err = s.sim.WhatsApp.SendText(ctx, customer, phone, text)
	require.NoError(s.tb, err)
	m, err := s.sim.Chatwoot.WaitMessage(ctx, func(m chatwoottest.Message) bool { return m.Text == text })
	require.NoError(s.tb, err)
	s.chats = append(s.chats, chat{m.Conversation, customer})
}

// write has agents of each shop write a reply a second, and waits for all.
func write(tb testing.TB, shops []*troubledShop, n int) {
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	missing := func() (n int) {
		for _, s := range shops {
			s.look(ctx)
			n += len(s.written)
		}
		time.Sleep(5 * time.Millisecond)
		return n
	}
	for i, began := 0, time.Now(); i < n; i++ {
		for time.Since(began) < time.Duration(i)*time.Second {
			missing()
		}
		for _, s := range shops {
			s.write(ctx, fmt.Sprint("answer ", i), s.chats[i%len(s.chats)])
		}
	}
	for missing() > 0 {
		continue
	}
}

func (s *troubledShop) write(ctx context.Context, text string, in chat) {
	s.written[text] = writing{in, time.Now()}
	_, err := s.sim.Chatwoot.Write(ctx, in.conversation, chatwoottest.WriteRequest{Text: text})
	require.NoError(s.tb, err)
}

// look notes what has come to the phones.
func (s *troubledShop) look(ctx context.Context) {
	waiting := map[string]bool{}
	for _, reply := range s.written {
		waiting[reply.chat.customer] = true
	}
	for customer := range waiting {
		got, err := s.sim.WhatsApp.Messages(ctx, customer)
		require.NoError(s.tb, err)
		for _, m := range got {
			if reply, ok := s.written[m.Text]; ok {
				s.took = append(s.took, millis(m.Time.Sub(reply.at)))
				delete(s.written, m.Text)
			}
		}
	}
}
