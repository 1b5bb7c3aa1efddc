package crashtest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/processtest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// troubles are what stands around an installation: a web server in front of Chatwoot
// that restarts, floods after an hour offline, another line whose Chatwoot hangs
// and one whose WhatsApp does, file servers that hang, another process. They are
// drawn from streams of their own, so that what else a seed decides stays as it
// was.
type troubles struct {
	seed uint64
	// front says that a web server answers for Chatwoot now and then.
	front bool
	// flood is which kill in so many is followed by a flood of what customers wrote
	// meanwhile; 0 is none.
	flood int
	// hung says that there is another line of which nothing gets anywhere until the end.
	hung bool
	// twice says that two processes share the database, where they can.
	twice bool
	// silent says that there is another line for which WhatsApp takes everything and
	// acknowledges nothing until the end.
	silent bool
	// files says that WhatsApp's file servers hang for some seconds now and then.
	files bool
	// hostile says that some write what is made to stop, fool or drain the bridge.
	hostile bool
	// sockets says that hundreds of connections to it say nothing.
	sockets bool
}

// drawTroubles draws them; runs that were kept before there were any have none.
func drawTroubles(r run) troubles {
	if r.webhooksOnly || r.untroubled {
		return troubles{}
	}
	chance := rand.New(rand.NewPCG(uint64(r.seed), 10))
	t := troubles{seed: uint64(r.seed), front: chance.IntN(2) == 0, hung: chance.IntN(2) == 0, twice: chance.IntN(2) == 0}
	if chance.IntN(2) == 0 {
		t.flood = 3
	}
	later := rand.New(rand.NewPCG(uint64(r.seed), 14))
	t.silent, t.files = later.IntN(2) == 0, later.IntN(2) == 0
	latest := rand.New(rand.NewPCG(uint64(r.seed), 17))
	t.hostile, t.sockets = latest.IntN(2) == 0, latest.IntN(2) == 0
	return t
}

func (t troubles) String() string {
	return fmt.Sprintf("front: %t, a flood every %d kills, a hung line: %t, a silent line: %t, file servers that hang: %t, two processes: %t, hostile people: %t, idle sockets: %t",
		t.front, t.flood, t.hung, t.silent, t.files, t.twice, t.hostile, t.sockets)
}

// around is what a run's troubles have to do with.
type trouble struct {
	troubles
	chance *rand.Rand
	web    *chatwoottest.Front // in front of the Chatwoot of the run's line
	other  *hungLine
	mute   *silentLine
	// flooding makes customers write without a pause.
	flooding atomic.Bool
}

// begin sets up what a run's troubles need.
func (t troubles) begin(tb *testing.T, sim *processtest.Simulators) *trouble {
	tb.Helper()
	x := &trouble{troubles: t, chance: rand.New(rand.NewPCG(t.seed, 11))}
	if t.front {
		x.web = front(tb, sim)
	}
	return x
}

func front(tb *testing.T, sim *processtest.Simulators) *chatwoottest.Front {
	tb.Helper()
	desk, err := sim.Chatwoot.State(tb.Context())
	require.NoError(tb, err)
	f, err := chatwoottest.NewFront(desk.URL)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, f.Close()) })
	return f
}

// address is where the run's line finds its Chatwoot.
func (x *trouble) address(direct string) string {
	if x.web == nil {
		return direct
	}
	return x.web.URL()
}

// fail lets the web server answer for Chatwoot for some seconds now and then, until
// ctx ends. Never for as long as Chatwoot's own word would have to hold to stop a
// line.
func (x *trouble) fail(ctx context.Context, diary *diary) error {
	if x.web == nil {
		return nil
	}
	chance := rand.New(rand.NewPCG(x.seed, 12))
	answers := []chatwoottest.FrontAnswer{
		chatwoottest.FrontNotFound, chatwoottest.FrontDefaultPage, chatwoottest.FrontBadGateway, chatwoottest.FrontUnavailable,
		chatwoottest.FrontBlocked, chatwoottest.FrontSignIn, chatwoottest.FrontSignInPage, chatwoottest.FrontRedirect,
	}
	for {
		quiet, while, a := between(chance, time.Second, 6*time.Second), between(chance, time.Second, 4*time.Second), answers[chance.IntN(len(answers))]
		if pause(ctx, quiet); ctx.Err() != nil {
			return nil
		}
		diary.note("the server in front answers %d %s", a.Status, a.ContentType)
		remove := x.web.Always(a)
		pause(ctx, while)
		remove()
		diary.note("the server in front lets requests through")
	}
}

const (
	// floodFor is for how long customers write without a pause while the program is
	// away.
	floodFor = 3 * time.Second
	// hungNumber is the phone of the line of which nothing gets anywhere.
	hungNumber = "5511999990002"
)

// away is what happens while the program does not run after a kill.
func (x *trouble) away(ctx context.Context, kill int, diary *diary) {
	if x.flood == 0 || kill%x.flood != 0 {
		return
	}
	diary.note("customers write without a pause")
	x.flooding.Store(true)
	pause(ctx, floodFor)
	x.flooding.Store(false)
}

// hungLine is another line whose Chatwoot answers nothing, with customers whose
// messages wait.
type hungLine struct {
	sim   *processtest.Simulators
	line  api.Line
	let   func() // lets its requests through from now on
	wrote map[string][]string
}

// hang makes the hung line, if there is one.
func (x *trouble) hang(tb *testing.T, sim *processtest.Simulators, bridge *processtest.Bridge) {
	tb.Helper()
	if !x.hung {
		return
	}
	f := front(tb, sim)
	desk, err := sim.Chatwoot.State(tb.Context())
	require.NoError(tb, err)
	line, err := bridge.Client().CreateLine(tb.Context(), api.NewLine{
		Name: "Hung", ChatwootURL: f.URL(), ChatwootToken: desk.AdminToken, AccountID: int64(desk.Account),
		Settings: json.RawMessage(`{"send_rate":0}`),
	})
	require.NoError(tb, err)
	bridge.Pair(line, hungNumber)
	x.other = &hungLine{sim: sim, line: line, wrote: map[string][]string{}}
	for i := range 20 {
		_, err := sim.WhatsApp.NewPeer(tb.Context(), x.other.number(i), x.other.name(i))
		require.NoError(tb, err)
	}
	x.other.let = f.Decide(func(r *http.Request, _ []byte) *chatwoottest.FrontAnswer {
		<-r.Context().Done()
		return &chatwoottest.FrontUnavailable
	})
}

func (h *hungLine) number(i int) string { return fmt.Sprintf("55117777%05d", i) }
func (h *hungLine) name(i int) string   { return fmt.Sprintf("Patient %02d", i) }

// write lets the customers of the hung line write now and then, until ctx ends.
func (x *trouble) write(ctx context.Context) error {
	if x.other == nil {
		return nil
	}
	chance := rand.New(rand.NewPCG(x.seed, 13))
	whole := context.WithoutCancel(ctx) // a request that is cut off may have got through
	for i := 0; ctx.Err() == nil; i++ {
		c := chance.IntN(20)
		text := fmt.Sprintf("still there? %d", i)
		var err error
		if chance.IntN(4) == 0 {
			_, err = x.other.sim.WhatsApp.Send(whole, x.other.number(c), whatsapptest.SendRequest{To: hungNumber, Text: text})
		} else {
			_, err = x.other.sim.WhatsApp.SendText(whole, x.other.number(c), hungNumber, text)
		}
		if err != nil {
			return err
		}
		name := x.other.name(c)
		x.other.wrote[name] = append(x.other.wrote[name], text)
		pause(ctx, between(chance, 100*time.Millisecond, 400*time.Millisecond))
	}
	return nil
}

// mend ends what hangs.
func (x *trouble) mend() {
	if x.other != nil {
		x.other.let()
	}
}

// compare waits until all that the hung line's customers wrote is in Chatwoot, each
// once and in order.
func (x *trouble) compare(tb *testing.T) {
	tb.Helper()
	if x.other == nil {
		return
	}
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	for {
		all, err := x.other.sim.Chatwoot.Messages(tb.Context())
		require.NoError(tb, err)
		got, n := map[string][]string{}, 0
		for _, m := range all {
			if _, known := x.other.wrote[m.Sender]; known && m.Kind == "incoming" {
				got[m.Sender] = append(got[m.Sender], m.Text)
				n++
			}
		}
		want := 0
		for _, texts := range x.other.wrote {
			want += len(texts)
		}
		if n >= want {
			require.Equal(tb, x.other.wrote, got)
			return
		}
		if pause(ctx, 200*time.Millisecond); ctx.Err() != nil {
			require.Equal(tb, x.other.wrote, got, "the hung line's messages never came")
		}
	}
}

// Each trouble is drawn, with and without the others; the same seed draws the same.
func TestEveryTroubleIsDrawn(t *testing.T) {
	t.Parallel()
	drawn := map[troubles]int{}
	for seed := range int64(1000) {
		x := drawTroubles(run{seed: seed})
		require.Equal(t, x, drawTroubles(run{seed: seed}))
		x.seed = 0
		drawn[x]++
	}
	require.Greater(t, len(drawn), 200, "of 256 sets")
	require.Equal(t, troubles{}, drawTroubles(run{seed: 1, untroubled: true}))
}
