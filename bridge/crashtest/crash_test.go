package crashtest

import (
	"encoding/base64"
	"flag"
	"math/rand/v2"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/processtest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
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
		crash(t)
	})
	t.Run("standard", func(t *testing.T) {
		t.Parallel()
		crash(t, "WOOTBRIDGE_DATABASE_URL="+databasetest.PostgresURL(t), "WOOTBRIDGE_REDIS_URL="+databasetest.RedisURL(t),
			"WOOTBRIDGE_ENCRYPTION_KEY="+base64.StdEncoding.EncodeToString(make([]byte, 32)))
	})
}

// crash lets customers and agents write while the program is killed and
// started again, then compares what both sides have.
func crash(t *testing.T, settings ...string) {
	drawn := *seed
	if drawn == 0 {
		drawn = time.Now().UnixNano()
	}
	t.Logf("seed %d", drawn)
	sim := processtest.StartSimulators(t)
	bridge := processtest.NewBridge(t, sim, settings...)
	bridge.Start()
	bridge.Pair(bridge.CreateLine("Shop"), shopNumber)
	run := newTraffic(t, sim, uint64(drawn))
	run.open(*chats)
	// As slow as a real one: some posts are always under way when it is killed.
	require.NoError(t, sim.Chatwoot.AddRule(t.Context(), chatwoottest.Rule{Method: http.MethodPost, Path: "/messages", Fault: chatwoottest.Slow(60 * time.Millisecond)}))

	writing := run.write(*messages)
	chance := rand.New(rand.NewPCG(uint64(drawn), 3))
	for range *kills {
		pause(t, time.Duration(200+chance.IntN(1500))*time.Millisecond)
		bridge.Kill()
		pause(t, time.Duration(chance.IntN(300))*time.Millisecond)
		bridge.Start()
	}
	require.NoError(t, writing.Wait())
	run.compare()
	require.Zero(t, bridge.Stop())
}

// pause lets the traffic go on for a while.
func pause(t *testing.T, d time.Duration) {
	select {
	case <-t.Context().Done():
	case <-time.After(d):
	}
}
