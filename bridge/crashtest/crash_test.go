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

var (
	seed     = flag.Int64("crash.seed", 0, "what all chance is drawn from; 0 draws one")
	chats    = flag.Int("crash.chats", 6, "how many customers write")
	messages = flag.Int("crash.messages", 150, "how many messages go each way")
	kills    = flag.Int("crash.kills", 6, "how often the program is killed")
)

func TestMain(m *testing.M) {
	code := m.Run()
	processtest.Clean()
	os.Exit(code)
}

func TestKilledInTheMiddleOfTraffic(t *testing.T) {
	t.Parallel()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		crash(t, &around{})
	})
	t.Run("standard", func(t *testing.T) {
		t.Parallel()
		crash(t, standard(t))
	})
}

// crash lets customers and agents write while the program is killed and
// started again and everything around it fails now and then; afterwards it
// compares what both sides have.
func crash(t *testing.T, env *around) {
	drawn := *seed
	if drawn == 0 {
		drawn = time.Now().UnixNano()
	}
	t.Logf("seed %d", drawn)
	sim := processtest.StartSimulators(t)
	bridge := processtest.NewBridge(t, sim, env.settings...)
	bridge.Start()
	bridge.Pair(bridge.CreateLine("Shop"), shopNumber)
	run := newTraffic(t, sim, uint64(drawn))
	run.open(*chats)
	misbehave(t, sim)

	writing := run.write(*messages)
	ctx, stop := context.WithCancel(t.Context())
	failing := env.fail(ctx, sim, rand.New(rand.NewPCG(uint64(drawn), 4)))
	chance := rand.New(rand.NewPCG(uint64(drawn), 3))
	for range *kills {
		pause(t.Context(), between(chance, 200*time.Millisecond, 1700*time.Millisecond))
		bridge.Kill()
		pause(t.Context(), between(chance, 0, 300*time.Millisecond))
		bridge.Start()
	}
	require.NoError(t, writing.Wait())
	stop()
	require.NoError(t, failing.Wait())
	require.NoError(t, sim.Chatwoot.ClearFaults(t.Context()))
	run.compare()
	dead, err := bridge.Client().Jobs(t.Context(), api.JobFilter{State: "dead"})
	require.NoError(t, err)
	require.Empty(t, dead.Jobs, "nothing here is impossible to deliver")
	require.Zero(t, bridge.Stop())
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
