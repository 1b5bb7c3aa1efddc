package whatsapp_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waHistorySync"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

func TestR19_SignedOutOnThePhone(t *testing.T) {
	t.Parallel()
	db := openSQLite(t)
	w := newWorldOn(t, openStore(t, db, "sqlite"))
	w.pair()
	for i := range 20 { // whose names the library notes beside its other work
		w.srv.NewPeer(fmt.Sprintf("551170000%04d", i), fmt.Sprint("customer ", i)).SendText(w.phone, "hello")
	}
	w.phone.Companion().Unlink()
	w.waitState(whatsapp.StateLoggedOut)
	require.Empty(t, w.session.State().JID)
	require.Eventually(t, func() bool {
		var devices int
		require.NoError(t, db.QueryRow(`SELECT COUNT(*) FROM whatsmeow_device`).Scan(&devices))
		return devices == 0
	}, patience, time.Millisecond, "the device is forgotten")
	require.ErrorIs(t, w.session.Send(context.Background(), content.Outgoing{ID: "3EB0", To: w.alice.JID().String(), Text: "x"}), whatsapp.ErrNotConnected)
	w.pair()
}

// R19: the phone signs the device out while its history is being committed; what
// was committed can be finished after it was linked again.
func TestR19_SignedOutWhileTheHistoryComes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := &counts{}
	var armed sync.Once
	committing, goOn := make(chan struct{}), make(chan struct{})
	w.sink.onTake = func(e content.Envelope) {
		if e.Kind == content.EnvHistory {
			armed.Do(func() { close(committing); <-goOn })
		}
	}
	w.startAnew(func(cfg *whatsapp.Config) { cfg.Count = c.count })
	w.pair()
	require.NoError(t, w.phone.SendHistory(&waHistorySync.HistorySync{SyncType: waHistorySync.HistorySync_RECENT.Enum()}))
	await(t, committing, "the commit")
	device := w.phone.Companion()
	device.Unlink()
	close(goOn)
	w.waitState(whatsapp.StateLoggedOut)
	require.Empty(t, w.session.State().JID)
	payload := w.waitTaken(content.EnvHistory, 1)
	require.ErrorIs(t, w.session.FinishHistory(context.Background(), payload), whatsapp.ErrNotConnected)
	require.Zero(t, c.all()["panic"])

	w.pair()
	require.NoError(t, w.session.FinishHistory(context.Background(), payload))
	w.alice.SendText(w.phone, "hello")
	w.sink.wait(t, "her text", func() bool { return len(w.sink.texts()) == 1 })
}

// R35: another program has the device. The session does not come back by itself,
// not even later.
func TestR35_AReplacedStreamIsNotFoughtFor(t *testing.T) {
	t.Parallel()
	w, f := newWaitingWorld(t)
	w.phone.Companion().Replace()
	w.waitState(whatsapp.StateReplaced)
	w.alice.SendText(w.phone, "for the other program")
	require.Equal(t, 1, w.phone.Companion().Logins())
	w.session.Reconnect() // a person says so
	w.waitState(whatsapp.StateConnected)
	w.sink.wait(t, "the text", func() bool { return len(w.sink.texts()) == 1 })
	require.Equal(t, 2, w.phone.Companion().Logins())
	f.mu.Lock()
	defer f.mu.Unlock()
	require.Empty(t, f.lengths, "it waited for nothing but the person")
}
