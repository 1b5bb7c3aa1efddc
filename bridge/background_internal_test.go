package bridge

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// What timers and the library's goroutines ask for while the bridge stops is
// either waited for or not begun.
func TestNothingBeginsBehindAStop(t *testing.T) {
	t.Parallel()
	for range 10 {
		b := newScheduler(t, &scriptedDesk{}).b
		clear(b.running) // its line was never started
		var asking sync.WaitGroup
		var mu sync.Mutex
		stopped, begun := false, 0
		for range 4 {
			asking.Go(func() {
				for range 20 {
					b.inBackground(func() {
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
