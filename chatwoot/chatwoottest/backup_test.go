package chatwoottest_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

func TestARestoreGivesIDsAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	server := httptest.NewServer(w.ControlHandler())
	t.Cleanup(server.Close)
	control, ctx := chatwoottest.Control{BaseURL: server.URL, Client: server.Client()}, context.Background()
	require.ErrorContains(t, control.Restore(ctx), "backup")
	require.NoError(t, control.Backup(ctx))
	lost, err := w.AddContact("name", "Lost")
	require.NoError(t, err)
	require.NoError(t, control.Restore(ctx))
	again, err := w.AddContact("name", "Again")
	require.NoError(t, err)
	require.Equal(t, lost.ID, again.ID)
	for _, c := range w.Contacts() {
		require.NotEqual(t, "Lost", c.Name)
	}
}
