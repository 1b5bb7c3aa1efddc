package bridge

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
)

// What timers and the library's goroutines ask for while the bridge stops is
// either waited for or not begun.
func TestNothingBeginsBehindAStop(t *testing.T) {
	t.Parallel()
	for range 10 {
		b := New(Config{
			DB: databasetest.SQLite(t), Cache: idmap.NewMemory(10, time.Now), Log: slog.New(slog.DiscardHandler), Clock: time.Now,
			Instance: "test", Metrics: NewMetrics(prometheus.NewRegistry()),
		})
		var asking sync.WaitGroup
		var mu sync.Mutex
		stopped, begun := false, 0
		for range 4 {
			asking.Go(func() {
				for range 20 {
					b.inBackground(func(context.Context) {
						mu.Lock()
						defer mu.Unlock()
						if stopped {
							begun++
						}
					})
				}
			})
		}
		b.Stop()
		mu.Lock()
		stopped = true
		mu.Unlock()
		asking.Wait()
		b.background.Wait()
		require.Zero(t, begun)
	}
}
