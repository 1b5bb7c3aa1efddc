package whatsapp

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestATransferMayTakeLongButNotStandStill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	synctest.Test(t, func(t *testing.T) {
		file, err := os.Create(path)
		require.NoError(t, err)
		defer file.Close()
		transfer, moving, stop := untilStalled(t.Context(), file)
		defer stop()
		for i := range 10 {
			time.Sleep(stallTimeout - time.Second)
			switch i % 3 {
			case 0:
				_, err = moving.Write([]byte("x"))
			case 1:
				_, err = moving.WriteAt([]byte("x"), 0)
			default:
				_, _ = moving.Read(make([]byte, 1))
			}
			require.NoError(t, err)
		}
		require.NoError(t, transfer.Err())
		time.Sleep(stallTimeout + time.Second)
		require.ErrorIs(t, context.Cause(transfer), context.DeadlineExceeded)
	})
}
