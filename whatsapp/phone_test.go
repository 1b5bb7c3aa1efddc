package whatsapp_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// remembered is what a session has told of its phone.
type remembered struct {
	mu    sync.Mutex
	phone whatsapp.Phone
}

func (r *remembered) note(phone whatsapp.Phone) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.phone = phone
}

func (r *remembered) known() whatsapp.Phone {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.phone
}

// A phone that is silent is asked from the tenth day on, once a day, and from the
// twelfth people are told until when it has to be online. Whatever it says ends that.
func TestAPhoneThatIsOfflineIsAskedAndWarnedOf(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, test := range map[string]struct {
		silent time.Duration
		asked  time.Duration // ago; 0 = never
		off    bool
		asks   int
		warns  bool
	}{
		"nine days":                     {silent: 9 * day, off: true},
		"ten days":                      {silent: 10*day + time.Hour, off: true, asks: 1},
		"ten days, asked today":         {silent: 10*day + time.Hour, asked: time.Hour, off: true},
		"twelve days, asked yesterday":  {silent: 12*day + time.Hour, asked: 25 * time.Hour, off: true, asks: 1, warns: true},
		"twelve days, and it is online": {silent: 12*day + time.Hour, asks: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var kept remembered
			w, _, _ := newCountingWorld(t, whatsapptest.New(whatsapptest.Options{}))
			back := w.away()
			w.phone.SetPhoneOff(test.off)
			before := w.phone.PhoneAsked()
			known := whatsapp.Phone{Seen: time.Now().Add(-test.silent)}
			if test.asked > 0 {
				known.Asked = time.Now().Add(-test.asked)
			}
			configured := w.configure
			w.configure = func(cfg *whatsapp.Config) {
				configured(cfg)
				cfg.PhoneKnown, cfg.NotePhone = known, kept.note
			}
			back()
			w.waitState(whatsapp.StateConnected)
			if test.asks > 0 {
				require.NoError(t, w.phone.WaitPhoneAsked(patience, before+test.asks))
			}
			if test.warns {
				w.sink.wait(t, "the warning", func() bool { return w.session.State().Warning() != "" })
				sentence := w.session.State().Sentence
				require.Contains(t, sentence, "last online on "+known.Seen.UTC().Format(time.DateOnly))
				require.Contains(t, sentence, known.Seen.Add(14*day).UTC().Format(time.DateOnly))
				// Its owner writes something on it.
				w.phone.SetPhoneOff(false)
				w.phone.TypeText(w.alice, "I am here")
				w.sink.wait(t, "the end of the warning", func() bool { return w.session.State().Warning() == "" })
				require.Equal(t, "Connected to WhatsApp.", w.session.State().Sentence)
			}
			if !test.off || test.warns {
				require.Eventually(t, func() bool { return time.Since(kept.known().Seen) < day }, patience, 5*time.Millisecond)
			}
			require.Equal(t, before+test.asks, w.phone.PhoneAsked())
		})
	}
}

// A collection of the app state that cannot be read is read anew once; if that fails
// too, the phone is asked for a copy, once. The line stays linked, and reads what
// comes later.
func TestAnUnreadableAppStateIsRecovered(t *testing.T) {
	t.Parallel()
	w, c, ahead := newCountingWorld(t, whatsapptest.New(whatsapptest.Options{}))
	change := func() {
		require.NoError(t, w.phone.ChangeAppState(appstate.BuildArchive(types.NewJID(w.alice.Number(), types.DefaultUserServer), true, time.Now(), nil)))
	}
	change()
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	w.phone.SpoilAppState(appstate.WAPatchRegularLow)
	change() // on top of what cannot be read
	w.phone.SpoilAppState(appstate.WAPatchRegularLow)
	change()
	require.NoError(t, w.phone.WaitAppStateRecoveries(patience, 1))
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	errs := c.all()["app state error"]
	require.GreaterOrEqual(t, errs, 2)

	change()
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	w.alice.SendText(w.phone, "still there?")
	w.sink.wait(t, "a message", func() bool { return len(w.sink.texts()) > 0 })
	require.Equal(t, 1, w.phone.AppStateRecoveries())

	w.phone.SetPhoneOff(true)
	w.phone.SpoilAppState(appstate.WAPatchRegularLow)
	ahead.Store(int64(49 * time.Hour))
	for range 3 {
		change()
		w.phone.SpoilAppState(appstate.WAPatchRegularLow)
	}
	change()
	require.NoError(t, w.phone.WaitAppStateRecoveries(patience, 2))
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	require.Equal(t, 2, w.phone.AppStateRecoveries(), "once in two days")
	require.Equal(t, whatsapp.StateConnected, w.session.State().Code)
}
