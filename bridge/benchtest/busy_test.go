package benchtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/processtest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

const (
	// foreignInbox is one of which the bridge has no line.
	foreignInbox = 77
	framesPerSec = 1000
	// publishEvery is how often frames are published.
	publishEvery = 20 * time.Millisecond
)

// busy measures what an account costs in whose other inboxes much is said: the
// live channel brings all of that. It is the processor time of the built program,
// with those frames and without, in turns.
func busy(tb testing.TB, s size) []row {
	const shop, customer = "5511999990001", "5511888880002"
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	sim := processtest.StartSimulators(tb)
	bridge := processtest.NewBridge(tb, sim)
	bridge.Start()
	desk, err := sim.Chatwoot.State(ctx)
	require.NoError(tb, err)
	line, err := bridge.Client().CreateLine(ctx, api.NewLine{
		Name: "Shop", ChatwootURL: desk.URL, ChatwootToken: desk.AdminToken, AccountID: int64(desk.Account),
		Settings: json.RawMessage(fmt.Sprintf(`{"listen":%q}`, lines.ListenLive)),
	})
	require.NoError(tb, err)
	bridge.Pair(line, shop)
	_, err = sim.WhatsApp.NewPeer(ctx, customer, "Alice")
	require.NoError(tb, err)
	_, err = sim.WhatsApp.SendText(ctx, customer, shop, "hello")
	require.NoError(tb, err)
	hello, err := sim.Chatwoot.WaitMessage(ctx, func(m chatwoottest.Message) bool { return m.Text == "hello" })
	require.NoError(tb, err)
	confirmed := func(c chatwoottest.LiveConnection) bool { return c.Confirmed }
	before, err := sim.Chatwoot.WaitLive(ctx, confirmed)
	require.NoError(tb, err)
	// Until it rests: the start, and the two passes that follow it.
	time.Sleep(time.Duration(s.of(25, 2)) * time.Second)

	share := func(frames int) func() float64 {
		return func() float64 {
			seconds := s.of(10, 1)
			began, spent := time.Now(), processorTime(tb, bridge.PID())
			for published := 0; time.Since(began) < time.Duration(seconds)*time.Second; time.Sleep(publishEvery) {
				due := int(time.Since(began).Seconds() * float64(frames))
				require.NoError(tb, sim.Chatwoot.PublishForeign(ctx, foreignInbox, due-published))
				published = due
			}
			return 100 * (processorTime(tb, bridge.PID()) - spent).Seconds() / time.Since(began).Seconds()
		}
	}
	p := alternate(s.of(4, 1), share(0), share(framesPerSec))
	// All of it was read, by one connection: what comes after it comes.
	_, err = sim.Chatwoot.Write(ctx, hello.Conversation, chatwoottest.WriteRequest{Text: "after all that"})
	require.NoError(tb, err)
	require.Eventually(tb, func() bool {
		got, err := sim.WhatsApp.Messages(ctx, customer)
		return err == nil && len(got) > 0 && got[len(got)-1].Text == "after all that"
	}, 5*time.Second, 10*time.Millisecond)
	after, err := sim.Chatwoot.WaitLive(ctx, confirmed)
	require.NoError(tb, err)
	require.Equal(tb, before, after, "the channel was not cut")

	cost := p.bridge.median() - p.bare.median()
	return []row{{
		figure: fmt.Sprintf("%d frames a second of other inboxes through the live channel, of a core", framesPerSec), against: "the same line without them",
		bare: fmt.Sprintf("%.1f %%", p.bare.median()), bridge: fmt.Sprintf("%.1f %%", p.bridge.median()), ratio: fmt.Sprintf("%+.1f %%", cost),
		aim: "< +10 %", verdict: verdict(cost < 10),
	}}
}

// processorTime is what a process has used of all cores, in steps of 10 ms.
func processorTime(tb testing.TB, pid int) time.Duration {
	const perSecond = 100 // the kernel's clock ticks, for programs
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(tb, err)
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:]) // from the third on
	user, err := strconv.Atoi(string(fields[11]))
	require.NoError(tb, err)
	system, err := strconv.Atoi(string(fields[12]))
	require.NoError(tb, err)
	return time.Duration(user+system) * time.Second / perSecond
}
