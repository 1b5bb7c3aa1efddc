package bridge_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/processtest"
)

// pooled opens a database through a pooler, with the schema that is there.
func pooled(t *testing.T, cfg database.Config) *database.DB {
	t.Helper()
	db, err := database.Open(context.Background(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, db.Exclusively(context.Background(), db.Migrate))
	return db
}

// Both directions work through a pooler that gives each transaction another session,
// with an address past it and without.
func TestK6_ALineWorksThroughAPooler(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		mode   processtest.PoolMode
		direct bool
	}{
		"transactions":                      {processtest.PoolTransaction, false},
		"transactions, and an address past": {processtest.PoolTransaction, true},
		"sessions":                          {processtest.PoolSession, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := databasetest.PostgresURL(t)
			cfg := database.Config{URL: processtest.StartPgBouncer(t, own, test.mode, 12)}
			if test.direct {
				cfg.DirectURL = own
			}
			if test.mode == processtest.PoolSession {
				cfg.MaxConns = 6
			}
			db := pooled(t, cfg)
			w := newWorld(t, db, idmap.NewMemory(1000, time.Now), setting{orderWait: orderWait, listen: lines.ListenBoth})
			talking(w)
			var want, answers []string
			for i := range 30 {
				want, answers = append(want, fmt.Sprint("in ", i)), append(answers, fmt.Sprint("out ", i))
			}
			var both sync.WaitGroup
			both.Go(func() {
				for _, text := range want {
					w.alice.SendText(w.phone, text)
				}
			})
			for _, text := range answers {
				w.desk.say(text)
			}
			both.Wait()
			w.desk.wait("the last one", withText(want[len(want)-1]))
			require.Equal(t, want, w.desk.from("in "))
			require.NoError(t, w.alice.WaitCount(patience, len(answers)))
			require.Equal(t, answers, w.alice.Texts())
			require.NoError(t, w.bridge.Ready(context.Background()))
			if test.mode == processtest.PoolSession {
				return
			}
			// A second process starts, hears of the line, and takes over.
			other := w.process(pooled(t, cfg), func(c *bridge.Config) { c.Instance, c.OwnerTTL = "another", 2*time.Second })
			defer other.Stop()
			require.NoError(t, other.Reconnect(context.Background(), w.line))
			w.connected()
			w.bridge.Stop()
			w.shows(other, "the connection", connected)
			w.alice.SendText(w.phone, "to the other")
			w.desk.wait("it", withText("to the other"))
		})
	}
}
