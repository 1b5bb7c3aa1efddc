package whatsapp_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// trafficMessages is how many messages go each way; 6000 is what the session
// lock was measured with.
func trafficMessages(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("WOOTBRIDGE_TEST_TRAFFIC"))
	if err != nil {
		return 400
	}
	return n
}

// troubles counts the placeholders that were taken; the sink's lock is held.
func (s *sink) troubles() int {
	n := 0
	for _, payload := range s.takenOf(content.EnvMessage) {
		m, err := content.Decode(payload)
		if err != nil {
			continue
		}
		switch m.Content.(type) {
		case content.Undecryptable, content.Unavailable:
			n++
		}
	}
	return n
}

func (w *world) send(to *whatsapptest.Peer, id, text string) {
	w.t.Helper()
	require.NoError(w.t, w.session.Send(context.Background(), content.Outgoing{ID: id, To: to.JID().String(), Text: text}))
}

// A contact writes and is written to at full speed: neither side ever gets a
// message that it cannot read.
func TestFullDuplexTrafficIsReadByBothSidesAtOnce(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, store *whatsapp.Store) {
		w := newWorldOn(t, store)
		w.pair()
		each := trafficMessages(t)
		var wantIn, wantOut []string
		for i := range each {
			wantIn, wantOut = append(wantIn, fmt.Sprint("in ", i)), append(wantOut, fmt.Sprint("out ", i))
		}
		var writing sync.WaitGroup
		writing.Go(func() {
			for _, text := range wantIn {
				// What exceeds the library's queue loses its order.
				if err := w.phone.Companion().WaitBelow(patience, 1000); err != nil {
					return
				}
				w.alice.SendText(w.phone, text)
			}
		})
		for i, text := range wantOut {
			w.send(w.alice, fmt.Sprintf("3EB0%08d", i), text)
		}
		writing.Wait()
		w.sink.wait(t, "all texts", func() bool { return len(w.sink.texts()) >= each })
		require.NoError(t, w.alice.WaitCount(patience, each))
		require.NoError(t, w.phone.Companion().WaitSettled(patience))
		w.sink.update(func() {
			require.Equal(t, wantIn, w.sink.texts())
			require.Zero(t, w.sink.troubles())
		})
		require.Equal(t, wantOut, w.alice.Texts())
		require.Zero(t, w.alice.Retries())
		require.Zero(t, w.alice.RetriesServed())
	})
}

// Two people who never wrote to each other begin at the same moment, so that
// each begins a Signal session of its own.
func TestColdContactsThatBeginAtOnceAreReadByBothSides(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, store *whatsapp.Store) {
		w := newWorldOn(t, store)
		w.pair()
		const contacts, each = 40, 3
		for i := range contacts {
			peer := w.srv.NewPeer(fmt.Sprintf("55117777%05d", i), fmt.Sprint("Contact ", i))
			var writing sync.WaitGroup
			begin := make(chan struct{})
			writing.Go(func() {
				<-begin
				for n := range each {
					peer.SendText(w.phone, fmt.Sprintf("in %d.%d", i, n))
				}
			})
			close(begin)
			var want []string
			for n := range each {
				want = append(want, fmt.Sprintf("out %d.%d", i, n))
				w.send(peer, fmt.Sprintf("3EB0C%04d%04d", i, n), want[n])
			}
			writing.Wait()
			require.NoError(t, peer.WaitCount(patience, each))
			require.Equal(t, want, peer.Texts())
			require.Zero(t, peer.Retries())
		}
		w.sink.wait(t, "all texts", func() bool { return len(w.sink.texts()) >= contacts*each })
		w.sink.update(func() {
			require.Len(t, w.sink.texts(), contacts*each)
			require.Zero(t, w.sink.troubles())
		})
	})
}
