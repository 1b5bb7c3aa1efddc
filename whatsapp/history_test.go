package whatsapp_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// zeros is a history of a hundred megabytes of zeros, which is small on its way.
func zeros(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	for range 100 {
		_, err := w.Write(make([]byte, 1<<20))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// C2: what a history unpacks to, and what it takes to download it, has a limit;
// beyond it the history is refused for good, whichever way it came.
func TestC2_AHistoryThatIsTooLargeIsRefusedForGood(t *testing.T) {
	t.Parallel()
	w, c, _ := newCountingWorld(t, whatsapptest.New(whatsapptest.Options{}))
	notification := func(n *waE2E.HistorySyncNotification) []byte {
		raw, err := proto.Marshal(n)
		require.NoError(t, err)
		return raw
	}
	offers := map[string][]byte{
		"inside the notification": notification(&waE2E.HistorySyncNotification{InitialHistBootstrapInlinePayload: zeros(t)}),
		"of a size that it states": notification(&waE2E.HistorySyncNotification{
			DirectPath: proto.String("/nothing?here"), MediaKey: make([]byte, 32), FileLength: proto.Uint64(17 << 20),
		}),
	}
	require.NoError(t, w.phone.OfferHistory(zeros(t)))
	offers["that unpacks to too much"] = w.waitTaken(content.EnvHistory, 1)
	require.NoError(t, w.phone.OfferHistory(bytes.Repeat([]byte("not even packed"), 17<<20/15)))
	var understated waE2E.HistorySyncNotification
	require.NoError(t, proto.Unmarshal(w.waitTaken(content.EnvHistory, 2), &understated))
	understated.FileLength = nil
	offers["of a size that it does not state"] = notification(&understated)
	for name, payload := range offers {
		var refused *whatsapp.PermanentError
		err := w.session.FinishHistory(context.Background(), payload)
		require.ErrorAs(t, err, &refused, name)
		require.Equal(t, whatsapp.ReasonTooLarge, refused.Reason, name)
		require.EqualError(t, err, "take a history: it is larger than it may be", name) // what people read
	}
	require.Equal(t, len(offers), c.all()["history too large"])
}

// A history of an ordinary size is taken, from the servers as from within.
func TestAnUploadedHistoryIsTaken(t *testing.T) {
	t.Parallel()
	db := openSQLite(t)
	w := newWorldOn(t, openStore(t, db, "sqlite"))
	w.pair()
	bob := w.srv.NewPeer("5511555550005", "Bob")
	require.NoError(t, w.phone.OfferHistory(remapping(t, bob.JID(), bob.LID())))
	payload := w.waitTaken(content.EnvHistory, 1)
	known := func() []string { return column(t, db, `SELECT lid FROM whatsmeow_lid_map WHERE pn = '5511555550005'`) }
	require.Empty(t, known())
	downloads := w.srv.Downloads()
	require.NoError(t, w.session.FinishHistory(context.Background(), payload))
	require.Equal(t, []string{bob.LID().User}, known())
	require.Equal(t, downloads+1, w.srv.Downloads())
	// It is gone from the servers, and what is no history is not taken for one.
	require.ErrorContains(t, w.session.FinishHistory(context.Background(), payload), "download history")
	require.NoError(t, w.phone.SendHistory(&waHistorySync.HistorySync{SyncType: waHistorySync.HistorySync_RECENT.Enum()}))
	require.NoError(t, w.session.FinishHistory(context.Background(), w.waitTaken(content.EnvHistory, 2)))
}
