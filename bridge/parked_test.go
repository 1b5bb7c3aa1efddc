package bridge_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// A message from an address of a kind that the bridge does not know asks
// Chatwoot for nothing, however often it is tried. It is kept where admins see
// it, and others do not wait for it.
func TestR30_AMessageFromAnUnknownKindOfAddressIsKeptAsideAsItIs(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		stranger := w.wa.NewPeer("7700000000001", "Stranger")
		stranger.SendText(w.phone, "from another service", whatsapptest.WithServer("interop"))
		w.alice.SendText(w.phone, "after it")
		w.desk.wait("what came after it", withText("after it"))
		w.idle("upkeep")
		dead := func() []journal.JobInfo {
			jobs, err := w.bridge.Jobs(context.Background(), journal.JobFilter{State: journal.Dead})
			require.NoError(t, err)
			require.Len(t, jobs, 1)
			require.Contains(t, jobs[0].LastError, "address of a kind")
			return jobs
		}
		require.NoError(t, w.bridge.Replay(context.Background(), dead()[0].ID))
		w.idle("upkeep")
		dead()
		require.Len(t, w.desk.Contacts(), 1, "nothing was made for it")
		require.Equal(t, []string{"hi", "after it"}, w.desk.incoming())
		require.NoError(t, w.phone.Companion().WaitSettled(patience), "it was acknowledged")
	})
}
