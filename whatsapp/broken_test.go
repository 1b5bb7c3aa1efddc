package whatsapp_test

import (
	"bytes"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// newBreakingWorld is a paired session with its counts, its waits, and a switch
// that spoils the next frame it is sent.
func newBreakingWorld(t *testing.T) (*world, *counts, *waits, *atomic.Bool) {
	t.Helper()
	var spoil atomic.Bool
	packets := func(frame []byte) [][]byte {
		if spoil.CompareAndSwap(true, false) {
			frame = bytes.Clone(frame)
			frame[len(frame)-1] ^= 0xff
		}
		return [][]byte{frame}
	}
	w := newWorldAt(t, whatsapptest.New(whatsapptest.Options{Packets: packets}), openStore(t, openSQLite(t), "sqlite"))
	c, f := &counts{}, newWaits()
	w.startAnew(func(cfg *whatsapp.Config) { cfg.Count, cfg.After = c.count, f.After })
	w.pair()
	return w, c, f, &spoil
}

func (f *waits) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.lengths)
}

// A stream of which nothing more can be read ends at once, and the next one
// begins at once; what was not read comes again.
func TestABrokenStreamIsReplacedAtOnce(t *testing.T) {
	t.Parallel()
	for name, breakIt := range map[string]func(w *world, spoil *atomic.Bool){
		"a frame that cannot be decrypted": func(w *world, spoil *atomic.Bool) {
			spoil.Store(true)
			w.alice.SendText(w.phone, "in the garbled frame")
		},
		"a frame that cannot be unpacked": func(w *world, _ *atomic.Bool) { w.phone.Companion().SendRaw([]byte("\x02not compressed")) },
		"a frame that is no stanza":       func(w *world, _ *atomic.Bool) { w.phone.Companion().SendRaw([]byte("\x00\x01")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, c, f, spoil := newBreakingWorld(t)
			breakIt(w, spoil)
			require.NoError(t, w.phone.Companion().WaitLogins(patience, 2))
			w.alice.SendText(w.phone, "after it")
			w.sink.wait(t, "the text", func() bool { texts := w.sink.texts(); return len(texts) > 0 && texts[len(texts)-1] == "after it" })
			require.NoError(t, w.phone.Companion().WaitSettled(patience))
			require.Equal(t, 1, c.all()["broken stream"])
			require.Zero(t, f.count(), "nobody waited")
			require.Equal(t, 2, w.phone.Companion().Logins())
		})
	}
}

// A server whose streams break again and again is not run against.
func TestStreamsThatKeepBreakingAreReplacedWithPauses(t *testing.T) {
	t.Parallel()
	w, c, f, spoil := newBreakingWorld(t)
	for broken := range 3 {
		spoil.Store(true)
		w.alice.SendText(w.phone, "in a garbled frame")
		if broken > 0 {
			require.GreaterOrEqual(t, f.next(t), time.Second)
			f.end(t)
		}
		require.NoError(t, w.phone.Companion().WaitLogins(patience, broken+2))
		require.NoError(t, w.phone.Companion().WaitSettled(patience))
	}
	require.Equal(t, 3, c.all()["broken stream"])
	require.Len(t, w.sink.texts(), 3)
}

// A stanza that the library cannot read comes again with every connection: it
// costs one, and then the line goes on without it.
func TestAnOddStanzaDoesNotStopTheLine(t *testing.T) {
	t.Parallel()
	w, c, _, _ := newBreakingWorld(t)
	w.phone.Companion().SendRaw([]byte("\x00\x01"))
	require.NoError(t, w.phone.Companion().WaitLogins(patience, 2))
	w.phone.Companion().SendRaw([]byte("\x00\x01"))
	w.alice.SendText(w.phone, "after it")
	w.sink.wait(t, "the text", func() bool { return len(w.sink.texts()) == 1 })
	require.Equal(t, 2, w.phone.Companion().Logins())
	require.Equal(t, 2, c.all()["unread frame"])
	require.Equal(t, 1, c.all()["broken stream"])
}

// A stream that breaks before a phone is linked ends the pairing with a reason.
func TestABrokenStreamWhileAPhoneIsToBeLinked(t *testing.T) {
	t.Parallel()
	var frames atomic.Int64
	packets := func(frame []byte) [][]byte {
		if frames.Add(1) == 2 { // the first after the handshake
			frame = bytes.Clone(frame)
			frame[len(frame)-1] ^= 0xff
		}
		return [][]byte{frame}
	}
	w := newWorldAt(t, whatsapptest.New(whatsapptest.Options{Packets: packets}), openStore(t, openSQLite(t), "sqlite"))
	require.NoError(t, w.session.Pair(""))
	w.sink.wait(t, "the reason", func() bool { return w.session.State().Sentence == "The connection to WhatsApp broke. Try again." })
	require.Equal(t, whatsapp.StateNew, w.session.State().Code)
	w.pair()
}
