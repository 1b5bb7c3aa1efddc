package whatsapp_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// floodPatience bounds a wait for a flood, which the race detector makes slow.
const floodPatience = 10 * time.Minute

// floods are more than the library's queue of 2,048 keeps in order.
var floods = map[string]whatsapptest.Flood{
	"receipts with few messages":    {Receipts: 3600, Messages: 180},
	"messages alone":                {Messages: 2400},
	"all kinds mixed":               {Messages: 600, Receipts: 2000, Notifications: 1400},
	"notifications and a few texts": {Notifications: 4000, Messages: 100},
}

// away takes the line from WhatsApp until the returned function starts it again.
func (w *world) away() (back func()) {
	w.t.Helper()
	jid := w.session.State().JID
	w.session.Stop()
	return func() { w.start(jid) }
}

// What waited while the line was away comes in the order in which it was
// written, however much it is.
func TestT12_AFloodThatWaitedComesInOrder(t *testing.T) {
	t.Parallel()
	for name, flood := range floods {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, c, _ := newCountingWorld(t, whatsapptest.New(whatsapptest.Options{}))
			back := w.away()
			want := w.alice.Flood(w.phone, flood)
			back()
			require.NoError(t, w.phone.Companion().WaitSettled(floodPatience))
			w.sink.update(func() { require.Equal(t, want, w.sink.texts()) })
			require.Zero(t, c.all()["queue full"])
		})
	}
}

// The same while the line is there and slow to store.
func TestT12_AFloodThatComesLiveStaysInOrder(t *testing.T) {
	t.Parallel()
	for name, flood := range floods {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, c, _ := newCountingWorld(t, whatsapptest.New(whatsapptest.Options{}))
			w.sink.onTake = func(content.Envelope) { time.Sleep(300 * time.Microsecond) }
			flood.Typing = 500
			want := w.alice.Flood(w.phone, flood)
			require.NoError(t, w.phone.Companion().WaitSettled(floodPatience))
			w.sink.update(func() { require.Equal(t, want, w.sink.texts()) })
			require.Zero(t, c.all()["queue full"])
		})
	}
}

// The order of several people's messages against each other is kept as well, and
// nothing is taken twice or lost when the line is stopped in the middle, again
// and again.
func TestT12_AFloodThatIsInterruptedGoesOnInOrder(t *testing.T) {
	t.Parallel()
	w, _, _ := newCountingWorld(t, whatsapptest.New(whatsapptest.Options{}))
	back := w.away()
	want := w.alice.Flood(w.phone, whatsapptest.Flood{Messages: 500, Receipts: 3500, Notifications: 1000})
	for stop := range 3 {
		back()
		require.NoError(t, w.phone.Companion().WaitBelow(floodPatience, 4600-1000*stop))
		if stop == 1 {
			w.phone.Companion().Drop()
			require.NoError(t, w.phone.Companion().WaitBelow(floodPatience, 3000))
		}
		back = w.away()
	}
	back()
	require.NoError(t, w.phone.Companion().WaitSettled(floodPatience))
	w.sink.update(func() {
		// The sink keeps what it was given twice; the journal does not.
		seen, first := map[string]bool{}, []string{}
		for _, text := range w.sink.texts() {
			if !seen[text] {
				first = append(first, text)
			}
			seen[text] = true
		}
		require.Equal(t, want, first)
	})
}

// While the journal is away for some seconds, a flood waits at the server and not
// in the library's goroutines.
func TestT12_AFloodWaitsForTheJournal(t *testing.T) {
	t.Parallel()
	w, c, _ := newCountingWorld(t, whatsapptest.New(whatsapptest.Options{}))
	back := w.away()
	want := w.alice.Flood(w.phone, whatsapptest.Flood{Messages: 500, Receipts: 4000})
	w.sink.refuse.Store(true)
	back()
	w.sink.wait(t, "some refusals", func() bool { return w.sink.refused.Load() > 5 })
	w.sink.refuse.Store(false)
	require.NoError(t, w.phone.Companion().WaitSettled(floodPatience))
	w.sink.update(func() { require.Equal(t, want, w.sink.texts()) })
	require.Zero(t, c.all()["queue full"])
}

// A message that cannot be read makes the library ask the phone, and wait for an
// answer that lies behind the flood.
func TestT12_ARequestThatWaitsBehindTheFloodIsAnswered(t *testing.T) {
	t.Parallel()
	w, _, _ := newCountingWorld(t, whatsapptest.New(whatsapptest.Options{}))
	back := w.away()
	w.alice.SendText(w.phone, "spoiled", whatsapptest.Corrupted())
	want := w.alice.Flood(w.phone, whatsapptest.Flood{Messages: 300, Receipts: 4000})
	back()
	flood := func() (texts []string) {
		for _, text := range w.sink.texts() {
			if text != "spoiled" { // comes when the phone or its sender has answered
				texts = append(texts, text)
			}
		}
		return texts
	}
	require.NoError(t, w.phone.Companion().WaitSettled(floodPatience))
	w.sink.update(func() { require.Equal(t, want, flood()) })
	require.Equal(t, whatsapp.StateConnected, w.session.State().Code)
}
