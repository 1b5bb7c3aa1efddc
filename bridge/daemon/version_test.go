package daemon

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheVersionOutlivesARestart(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	file := versionFile(filepath.Join(t.TempDir(), "version"))
	version, err := file.LoadVersion(ctx)
	require.NoError(t, err)
	require.Empty(t, version)
	require.NoError(t, file.SaveVersion(ctx, "2.3000.1"))
	require.NoError(t, file.SaveVersion(ctx, "2.3000.2"))
	version, err = file.LoadVersion(ctx)
	require.NoError(t, err)
	require.Equal(t, "2.3000.2", version)
	require.Error(t, versionFile(filepath.Join(t.TempDir(), "none", "version")).SaveVersion(ctx, "2.3000.1"))
}
