package crashtest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/processtest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// ways are how a run's line hears of what agents do, and what goes wrong with
// that. They are drawn from streams of their own, so that a seed's traffic, kills
// and other faults are what they were when webhooks were the only way.
type ways struct {
	seed   uint64
	listen string // the line's setting
	// refused says that Chatwoot calls no private addresses, and the bridge has
	// no other.
	refused bool
	// losing is the way that loses some of what it has to tell without a trace.
	// Where both did, nobody would know of a message, and later ones leave before
	// it: no bridge can help that. So the other way is one that fails aloud.
	losing string
	// restarted says that a channel that went deaf is cut when it hears again, as
	// by a new web process. Otherwise what it has not told is lost without a trace.
	restarted bool
}

// drawWays draws what a seed decides of the ways. Runs that were kept when there
// were only webhooks have nothing else today.
func drawWays(r run) ways {
	if r.webhooksOnly {
		return ways{listen: lines.ListenWebhook}
	}
	chance := rand.New(rand.NewPCG(uint64(r.seed), 6))
	w := ways{seed: uint64(r.seed), listen: []string{lines.ListenBoth, lines.ListenBoth, lines.ListenWebhook, lines.ListenLive}[chance.IntN(4)]}
	refused, losing, restarted := chance.IntN(2) == 0, []string{lines.ListenWebhook, lines.ListenLive}[chance.IntN(2)], chance.IntN(2) == 0
	w.refused = refused && w.listen != lines.ListenWebhook
	w.restarted = restarted && w.live()
	if w.listen == lines.ListenBoth && !w.refused {
		w.losing = losing
	}
	return w
}

func (w ways) String() string {
	return fmt.Sprintf("listen=%s, webhooks refused: %t, losing: %q, deaf channels are cut: %t", w.listen, w.refused, w.losing, w.restarted)
}

// live reports whether the line listens to the live channel.
func (w ways) live() bool { return w.listen != lines.ListenWebhook }

// alone reports whether the live channel is all that tells the line of anything.
func (w ways) alone() bool { return w.listen == lines.ListenLive || w.refused }

// line makes the run's line, in a Chatwoot that refuses webhooks or not.
func (w ways) line(t *testing.T, sim *processtest.Simulators, bridge *processtest.Bridge, address func(direct string) string) api.Line {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, sim.Chatwoot.SetPrivateWebhooks(ctx, !w.refused))
	desk, err := sim.Chatwoot.State(ctx)
	require.NoError(t, err)
	line, err := bridge.Client().CreateLine(ctx, api.NewLine{
		Name: "Shop", ChatwootURL: address(desk.URL), ChatwootToken: desk.AdminToken, AccountID: int64(desk.Account),
		Settings: json.RawMessage(fmt.Sprintf(`{"send_rate":0,"listen":%q}`, w.listen)),
	})
	require.NoError(t, err)
	return line
}

const (
	// orderly is how much later than the next one a frame may come for both to
	// leave in order where nothing else tells of them; see the setting
	// order_wait_ms. late is too late for that.
	orderly = 50 * time.Millisecond
	late    = 2 * time.Second
)

// misbehave lets single frames and webhooks go wrong. The rules come after those
// of before, which are asked as often as they were.
func (w ways) misbehave(t *testing.T, sim *processtest.Simulators) {
	t.Helper()
	if !w.live() {
		return
	}
	chance := rand.New(rand.NewPCG(w.seed, 7))
	of := func(of float64) *chatwoottest.Chance { return &chatwoottest.Chance{Of: of, Seed: chance.Uint64()} }
	frames := []chatwoottest.FrameRule{
		{Chance: of(0.05), Fault: chatwoottest.FrameFault{Duplicates: 1}},
		{Chance: of(0.1), Fault: chatwoottest.FrameFault{Delay: orderly}},
	}
	if w.losing == lines.ListenLive {
		frames = append(frames,
			chatwoottest.FrameRule{Chance: of(0.05), Fault: chatwoottest.FrameFault{Drop: true}},
			chatwoottest.FrameRule{Chance: of(0.05), Fault: chatwoottest.FrameFault{Delay: late}})
	}
	for _, rule := range frames {
		require.NoError(t, sim.Chatwoot.AddFrameRule(t.Context(), rule))
	}
	if w.losing == lines.ListenWebhook {
		require.NoError(t, sim.Chatwoot.AddWebhookRule(t.Context(), chatwoottest.WebhookRule{Chance: of(0.05), Fault: chatwoottest.WebhookFault{Drop: true}}))
	}
}

// fail cuts the live channel now and then, lets its connections live for some
// seconds only, and lets it go deaf, until ctx ends.
func (w ways) fail(ctx context.Context, sim *processtest.Simulators, diary *diary) error {
	if !w.live() {
		return nil
	}
	chance := rand.New(rand.NewPCG(w.seed, 8))
	for {
		quiet, while := between(chance, time.Second, 5*time.Second), between(chance, time.Second, 6*time.Second)
		fault := []chatwoottest.LiveFaults{{}, {Deaf: true}, {CutAfter: between(chance, time.Second, 5*time.Second)}}[chance.IntN(3)]
		if pause(ctx, quiet); ctx.Err() != nil {
			return nil
		}
		if err := w.disturb(ctx, sim.Chatwoot, fault, while, diary); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// disturb lets the channel have a fault for a while; without one it is cut.
func (w ways) disturb(ctx context.Context, desk chatwoottest.Control, fault chatwoottest.LiveFaults, while time.Duration, diary *diary) error {
	if fault == (chatwoottest.LiveFaults{}) {
		diary.note("the live channel is cut")
		return desk.CutLive(ctx)
	}
	diary.note("the live channel from now on: %+v", fault)
	if err := desk.SetLive(ctx, fault); err != nil {
		return err
	}
	pause(ctx, while)
	if fault.Deaf && w.restarted { // before it hears again: in between it would pass over what it has not heard
		if err := desk.CutLive(ctx); err != nil {
			return err
		}
	}
	diary.note("the live channel is as it should be")
	return desk.SetLive(ctx, chatwoottest.LiveFaults{})
}

// rests are how much longer the program is left alone before each kill: what it
// does about a channel that was cut takes some seconds.
func (w ways) rests(kills int) []time.Duration {
	rests, chance := make([]time.Duration, kills), rand.New(rand.NewPCG(w.seed, 9))
	for i := range rests {
		if longer := between(chance, time.Second, 6*time.Second); chance.IntN(4) == 0 && w.live() {
			rests[i] = longer
		}
	}
	return rests
}

// mend ends what is wrong with the ways, and lets the bridge compare Chatwoot's
// messages once more, as it does after each connection. That finds what no way has
// told; the next regular comparison may be minutes away.
func (w ways) mend(ctx context.Context, sim *processtest.Simulators) error {
	if err := sim.Chatwoot.ClearFaults(ctx); err != nil || !w.live() {
		return err
	}
	return sim.Chatwoot.CutLive(ctx)
}

// channel is the live channel at a moment: who listens, and whether it is deaf.
type channel struct {
	since time.Time // the zero time while nobody listens
	deaf  bool
}

// channel asks for it where a message may be lost without a trace.
func (w ways) channel(ctx context.Context, sim *processtest.Simulators) (c channel, err error) {
	if w.losing != lines.ListenWebhook && (!w.alone() || w.restarted) {
		return c, nil
	}
	now, err := sim.Chatwoot.Live(ctx)
	c.deaf = now.Faults.Deaf
	for _, connection := range now.Connections {
		if connection.Confirmed {
			c.since = connection.Since
		}
	}
	return c, err
}

// untold reports whether nobody told of a message, and nobody could know: it is
// found by a comparison, and later ones may have left before it.
func (w ways) untold(m said, s sides) bool {
	unheard := m.before != m.after || m.before.since.IsZero() || m.before.deaf
	switch {
	case w.losing == lines.ListenWebhook:
		return unheard && s.dropped(m.id)
	case w.alone() && !w.restarted:
		return m.before.deaf || m.after.deaf
	}
	return false
}

// Each way, and each thing that can be wrong with it, is drawn; the same seed draws
// the same.
func TestEveryWayIsDrawn(t *testing.T) {
	t.Parallel()
	drawn := map[ways]int{}
	for seed := range int64(1000) {
		w := drawWays(run{seed: seed})
		require.Equal(t, w, drawWays(run{seed: seed}))
		require.False(t, w.refused && !w.live(), "then nothing would tell of anything")
		require.Equal(t, w.rests(30), w.rests(30))
		w.seed = 0
		drawn[w]++
	}
	// Live alone, both with webhooks that are refused: refused or not, cut or not.
	// Both: which one loses, cut or not. Webhooks alone: nothing.
	require.Len(t, drawn, 4+2+4+1)
}
