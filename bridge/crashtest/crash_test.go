package crashtest

import (
	"context"
	"flag"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/processtest"
)

// asked is what the command line asks for.
var asked wish

func TestMain(m *testing.M) {
	flag.Int64Var(&asked.seed, "crash.seed", 0, "what all chance is drawn from")
	flag.StringVar(&asked.seeds, "crash.seeds", "", "without a seed: "+seedsNew+" draws one, "+seedsKept+" are all that are kept, one after the other; otherwise some of both")
	flag.IntVar(&asked.chats, "crash.chats", short.chats, "how many customers write")
	flag.IntVar(&asked.messages, "crash.messages", short.messages, "how many messages go each way")
	flag.IntVar(&asked.kills, "crash.kills", short.kills, "how often the program is killed")
	code := m.Run()
	processtest.Clean()
	os.Exit(code)
}

// modes are the ways in which the program is installed.
var modes = []struct {
	name   string
	around func(t *testing.T) *around
}{
	{"embedded", func(*testing.T) *around { return &around{} }},
	{"standard", standard},
}

func TestKilledInTheMiddleOfTraffic(t *testing.T) {
	t.Parallel()
	for i, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			t.Parallel()
			for _, r := range asked.runs(i, time.Now()) {
				t.Run(r.String(), func(t *testing.T) {
					t.Cleanup(func() {
						if t.Failed() {
							t.Logf("The same chances again:\n\t%s\nKeep them in kept_test.go, with what they found.", r.again(mode.name))
						}
					})
					crash(t, mode.around(t), r)
				})
			}
		})
	}
}

// crash lets customers and agents write while the program is killed and
// started again and everything around it fails now and then; afterwards it
// compares what both sides have.
func crash(t *testing.T, env *around, r run) {
	ways, diary, drawn := drawWays(r), &diary{}, drawTroubles(r)
	t.Log(ways)
	t.Log(drawn)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(diary)
		}
	})
	sim := processtest.StartSimulators(t)
	bridges := []*processtest.Bridge{processtest.NewBridge(t, sim, env.settings...)}
	bridge := bridges[0]
	bridge.Start()
	trouble := drawn.begin(t, sim)
	line := ways.line(t, sim, bridge, trouble.address)
	bridge.Pair(line, shopNumber)
	trouble.hang(t, sim, bridge)
	trouble.silence(t, sim, bridge)
	trouble.invite(t, sim)
	if drawn.twice && env.database != nil {
		bridges = append(bridges, processtest.NewBridge(t, sim, env.settings...))
		bridges[1].Start()
	}
	talk := newTraffic(t, sim, uint64(r.seed))
	talk.ways, talk.hasty = ways, &trouble.flooding
	talk.open(r.chats)
	misbehave(t, sim, uint64(r.seed))
	ways.misbehave(t, sim)

	writing := talk.write(r.messages)
	ctx, stop := context.WithCancel(t.Context())
	failing := env.fail(ctx, sim, rand.New(rand.NewPCG(uint64(r.seed), 4)))
	failing.Go(func() error { return ways.fail(ctx, sim, diary) })
	failing.Go(func() error { return trouble.fail(ctx, diary) })
	failing.Go(func() error { return trouble.write(ctx) })
	failing.Go(func() error { return trouble.ask(ctx) })
	failing.Go(func() error { return trouble.hangFiles(ctx, sim, diary) })
	failing.Go(func() error { return trouble.attack(ctx, sim) })
	failing.Go(func() error { return trouble.holdSockets(ctx, bridges) })
	chance := rand.New(rand.NewPCG(uint64(r.seed), 3))
	for kill, rest := range ways.rests(r.kills) {
		pause(t.Context(), rest+between(chance, 200*time.Millisecond, 1700*time.Millisecond))
		victim := bridges[trouble.chance.IntN(len(bridges))]
		victim.Kill()
		diary.note("killed")
		trouble.away(t.Context(), kill, diary)
		pause(t.Context(), between(chance, 0, 300*time.Millisecond))
		victim.Start()
		diary.note("started")
	}
	require.NoError(t, writing.Wait())
	stop()
	require.NoError(t, failing.Wait())
	require.NoError(t, ways.mend(t.Context(), sim))
	trouble.mend()
	trouble.speak(t)
	trouble.compare(t)
	trouble.compareSilent(t)
	talk.settle()
	// What it still has to send must not change anything any more. A receipt of
	// something without a bubble, such as a deletion, waits for a minute.
	bridge.WaitLine(line.ID, func(l api.Line) bool { return l.Queue.Outbound == 0 })
	require.NoError(t, sim.Chatwoot.WaitIdle(t.Context(), patience))
	dead, err := bridge.Client().Jobs(t.Context(), api.JobFilter{State: "dead"})
	require.NoError(t, err)
	for _, job := range dead.Jobs {
		require.True(t, drawn.hostile && isForAttackers(job), "nothing else here is impossible to deliver: %+v", job)
	}
	for _, b := range bridges {
		require.Zero(t, b.Stop())
	}
	talk.compare()
}

// pause lets the traffic go on for a while.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func between(chance *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(chance.Int64N(int64(most-least)))
}
