package daemon_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/wootbridge/wootbridge/bridge/daemon"
)

// nobody is a user that may do nothing.
const nobody = 65534

// withoutRights does something as a user who may not write everywhere: root takes the
// rights to files of another one, for this thread alone, which then ends.
func withoutRights(t *testing.T, do func() error) (err error) {
	t.Helper()
	if os.Geteuid() != 0 {
		return do()
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if _, err := unix.SetfsuidRetUid(nobody); err != nil {
			done <- err
			return
		}
		done <- do()
	}()
	return <-done
}

func TestAFolderThatCannotBeWrittenIsAFaultOfTheConfiguration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755)) // to be reached
	require.NoError(t, os.Chmod(dir, 0o555))
	opts := options(configured(t, dir))
	err := withoutRights(t, func() error { _, err := daemon.Start(t.Context(), opts); return err })
	var setup *daemon.SetupError
	require.ErrorAs(t, err, &setup)
	require.ErrorContains(t, err, "WOOTBRIDGE_DATA_DIR")
}
