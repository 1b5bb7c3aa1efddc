package chatwoot

import (
	"context"
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
