package benchtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/processtest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// shop is an installation of the built program, which is measured from outside: from
// a customer's phone to Chatwoot.
type shop struct {
	tb        testing.TB
	sim       *processtest.Simulators
	bridge    *processtest.Bridge
	lines     []api.Line
	customers []string
	fronts    []*chatwoottest.Front // of the lines' Chatwoots
	sent      map[string]time.Time
	order     map[string][]string // of texts, by customer
}

// newShop makes an installation with some lines, each with a Chatwoot at an address of
// its own, and customers of the last one who have said hello.
func newShop(tb testing.TB, lines, customers int) *shop {
	ctx := tb.Context()
	s := &shop{tb: tb, sim: processtest.StartSimulators(tb), sent: map[string]time.Time{}, order: map[string][]string{}}
	s.bridge = processtest.NewBridge(tb, s.sim)
	s.bridge.Start()
	desk, err := s.sim.Chatwoot.State(ctx)
	require.NoError(tb, err)
	for i := range lines {
		front, err := chatwoottest.NewFront(desk.URL)
		require.NoError(tb, err)
		tb.Cleanup(func() { _ = front.Close() })
		line, err := s.bridge.Client().CreateLine(ctx, api.NewLine{
			Name: fmt.Sprint("Shop ", i), ChatwootURL: front.URL(), ChatwootToken: desk.AdminToken, AccountID: int64(desk.Account),
			Settings: json.RawMessage(`{"send_rate":0}`),
		})
		require.NoError(tb, err)
		s.bridge.Pair(line, s.phone(i))
		s.lines, s.fronts = append(s.lines, line), append(s.fronts, front)
	}
	for i := range customers {
		s.customers = append(s.customers, s.customer(i))
		s.write(lines-1, s.customers[i], "hello from "+s.customers[i])
	}
	s.arrived()
	return s
}

func (s *shop) phone(line int) string { return fmt.Sprintf("5511999990%03d", line) }

func (s *shop) customer(i int) string {
	number := fmt.Sprintf("55118888%05d", i)
	_, err := s.sim.WhatsApp.NewPeer(s.tb.Context(), number, "Customer "+number)
	require.NoError(s.tb, err)
	return number
}

func (s *shop) write(line int, customer, text string) {
	s.sent[text] = time.Now()
	s.order[customer] = append(s.order[customer], text)
	_, err := s.sim.WhatsApp.SendText(s.tb.Context(), customer, s.phone(line), text)
	require.NoError(s.tb, err)
}

// arrived waits until all that was written is in Chatwoot, once and in order, and
// gives when each text was stored.
func (s *shop) arrived() map[string]time.Time {
	at := map[string]time.Time{}
	require.Eventually(s.tb, func() bool {
		all, err := s.sim.Chatwoot.Messages(s.tb.Context())
		require.NoError(s.tb, err)
		clear(at)
		for _, m := range all {
			if m.Kind == "incoming" {
				at[m.Text] = m.Created
			}
		}
		for text := range s.sent {
			if at[text].IsZero() {
				return false
			}
		}
		return true
	}, patience, 200*time.Millisecond, "the texts in Chatwoot")
	s.compare()
	return at
}

// compare holds Chatwoot to the promise.
func (s *shop) compare() {
	all, err := s.sim.Chatwoot.Messages(s.tb.Context())
	require.NoError(s.tb, err)
	got := map[string][]string{}
	for _, m := range all {
		if _, ours := s.sent[m.Text]; ours {
			number := m.Sender[len("Customer "):]
			got[number] = append(got[number], m.Text)
		}
	}
	require.Equal(s.tb, s.order, got, "lost, doubled or swapped")
}

// failing measures how long 1,000 texts take that come at 20 a second, with and
// without answers of 502 among those of Chatwoot.
func failing(tb testing.TB, s size) []row {
	took := map[float64]float64{}
	n := s.of(1000, 20)
	for _, share := range []float64{0, 0.05} {
		shop := newShop(tb, 1, 20)
		if share > 0 {
			require.NoError(tb, shop.sim.Chatwoot.AddRule(tb.Context(), chatwoottest.Rule{
				Chance: &chatwoottest.Chance{Of: share, Seed: 1},
				Fault:  chatwoottest.Fault{Status: http.StatusBadGateway, ContentType: "text/html", Body: "<html>bad gateway</html>"},
			}))
		}
		began := time.Now()
		for i := range n {
			time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / 20)))
			shop.write(0, shop.customers[i%len(shop.customers)], fmt.Sprint("text ", i))
		}
		last := began
		for _, at := range shop.arrived() {
			if at.After(last) {
				last = at
			}
		}
		took[share] = last.Sub(began).Seconds()
	}
	limit := 60 * float64(n) / 1000
	return []row{{
		figure: fmt.Sprintf("%d texts at 20/s while 5 %% of Chatwoot's answers are 502", n), against: "without",
		bare: fmt.Sprintf("%.1f s", took[0]), bridge: fmt.Sprintf("%.1f s", took[0.05]), ratio: fmt.Sprintf("%.2f", took[0.05]/took[0]),
		aim: fmt.Sprintf("< %.0f s", limit), verdict: verdict(took[0.05] < limit),
	}}
}

// hung measures how long a text takes to a Chatwoot while those of the other two
// lines answer nothing, with customers who write there all the time.
func hung(tb testing.TB, s size) []row {
	shop := newShop(tb, 3, 10)
	n := s.of(200, 5)
	measure := func(name string) samples {
		var all samples
		for i := range n {
			text := fmt.Sprintf("%s %d", name, i)
			shop.write(2, shop.customers[i%len(shop.customers)], text)
			time.Sleep(100 * time.Millisecond)
		}
		for text, at := range shop.arrived() {
			if began, ours := shop.sent[text]; ours && len(text) > len(name) && text[:len(name)] == name {
				all = append(all, millis(at.Sub(began)))
			}
		}
		return all
	}
	calm := measure("calm")
	for line, front := range shop.fronts[:2] {
		front.Decide(func(r *http.Request, _ []byte) *chatwoottest.FrontAnswer {
			<-r.Context().Done()
			return &chatwoottest.FrontUnavailable
		})
		for i := range 30 {
			number := shop.customer(1000*(line+1) + i)
			for j := range 3 {
				_, err := shop.sim.WhatsApp.SendText(tb.Context(), number, shop.phone(line), fmt.Sprintf("nobody answers %d", j))
				require.NoError(tb, err)
			}
		}
	}
	beside := measure("beside")
	return []row{{
		figure: "a text from the phone to a Chatwoot while two others hang, median / p99", against: "none hangs",
		bare:   fmt.Sprintf("%.0f / %.0f ms", calm.median(), calm.percentile(99)),
		bridge: fmt.Sprintf("%.0f / %.0f ms", beside.median(), beside.percentile(99)),
		ratio:  fmt.Sprintf("%.2f", beside.median()/calm.median()), aim: "p99 < 1 s", verdict: verdict(beside.percentile(99) < 1000),
	}}
}

// besides measures what is written, one text a second from the moment of the start,
// beside 500 messages that wait, at a Chatwoot of 16 a second: after a restart of the
// bridge, and after an outage of Chatwoot.
func besides(tb testing.TB, s size) []row {
	const rate = 16
	var rows []row
	for _, after := range []string{"a restart of the bridge", "an outage of Chatwoot"} {
		took := map[int]float64{}
		var shown samples
		waiting := s.of(500, 30)
		for _, live := range []int{0, s.of(40, 3)} {
			shop := newShop(tb, 1, 50)
			require.NoError(tb, shop.sim.Chatwoot.SetMessagesPerSecond(tb.Context(), rate))
			remove := func() {}
			if after == "a restart of the bridge" {
				shop.bridge.Kill()
			} else {
				remove = shop.fronts[0].Always(chatwoottest.FrontBadGateway)
			}
			for i := range waiting {
				shop.write(0, shop.customers[i%40], fmt.Sprint("waiting ", i))
			}
			if after == "a restart of the bridge" {
				shop.bridge.Start()
			} else {
				time.Sleep(time.Duration(s.of(60, 1)) * time.Second)
				remove()
			}
			began := time.Now()
			for i := range live {
				time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second)))
				shop.write(0, shop.customers[40+i%10], fmt.Sprint("live ", i))
			}
			at := shop.arrived()
			var last time.Time
			for i := range waiting {
				last = slices.MaxFunc([]time.Time{last, at[fmt.Sprint("waiting ", i)]}, time.Time.Compare)
			}
			took[live] = last.Sub(began).Seconds()
			for i := range live {
				text := fmt.Sprint("live ", i)
				shown = append(shown, millis(at[text].Sub(shop.sent[text])))
			}
		}
		alone, beside := took[0], took[s.of(40, 3)]
		rows = append(rows, row{
			figure: fmt.Sprintf("%d messages that wait at a Chatwoot of %d/s, beside a text each second, after %s; p95 of those", waiting, rate, after), against: "nobody else writes",
			bare: fmt.Sprintf("%.1f s", alone), bridge: fmt.Sprintf("%.1f s; %.1f s", beside, shown.percentile(95)/1000),
			ratio: fmt.Sprintf("%.2f", beside/alone), aim: "< 1.2; < 3 s", verdict: verdict(beside < 1.2*alone && shown.percentile(95) < 3000),
		})
	}
	return rows
}
