package chatwoot

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestATransferMayTakeLongButNotStandStill(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transfer, moved, stop := untilStalled(t.Context(), time.Minute)
		defer stop()
		for range 10 {
			time.Sleep(59 * time.Second)
			moved()
		}
		require.NoError(t, transfer.Err())
		time.Sleep(61 * time.Second)
		require.ErrorIs(t, context.Cause(transfer), context.DeadlineExceeded)
	})
}

func TestH6_ATransferMayNotCrawl(t *testing.T) {
	t.Parallel()
	for _, bytes := range []int{1, leastRate*60 - 1, leastRate * 60} {
		synctest.Test(t, func(t *testing.T) {
			r := &steadyReader{Reader: drip(bytes), began: time.Now()}
			_, err := io.ReadFull(r, make([]byte, bytes*20))
			require.Equal(t, bytes < leastRate*60, err != nil, "%d bytes a minute", bytes)
			require.GreaterOrEqual(t, time.Since(r.began), crawlsAfter)
		})
	}
}

// drip gives so many bytes a minute.
type drip int

func (d drip) Read(p []byte) (int, error) {
	time.Sleep(time.Minute)
	return min(len(p), int(d)), nil
}
