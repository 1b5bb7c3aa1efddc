package whatsapp_test

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// counts is a Config.Count.
type counts struct {
	mu sync.Mutex
	of map[string]int
}

func (c *counts) count(event string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = map[string]int{}
	}
	c.of[event]++
}

func (c *counts) all() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.of)
}

// newCountingWorld is a paired session whose events are counted; its clock can
// be moved.
func newCountingWorld(t *testing.T, srv *whatsapptest.Server) (*world, *counts, *atomic.Int64) {
	t.Helper()
	c := &counts{}
	var ahead atomic.Int64
	w := newWorldAt(t, srv, openStore(t, openSQLite(t), "sqlite"))
	w.startAnew(func(cfg *whatsapp.Config) {
		cfg.Count = c.count
		cfg.Clock = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	w.pair()
	return w, c, &ahead
}

// startAnew replaces a session that was not paired yet by one set up otherwise.
func (w *world) startAnew(configure func(*whatsapp.Config)) {
	w.t.Helper()
	w.session.Stop()
	w.configure = configure
	w.start("")
}

func (w *world) trySend(to *whatsapptest.Peer, id string) error {
	return w.session.Send(context.Background(), content.Outgoing{ID: id, To: to.JID().String(), Text: id})
}

// refuse answers messages with an error code while the result is true.
func (w *world) refuse(code int) *atomic.Bool {
	var on atomic.Bool
	on.Store(true)
	w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		if on.Load() && e.Is(whatsapptest.StanzaIn, "message") && e.Attr("category") != "peer" {
			return whatsapptest.Action{Error: code}
		}
		return whatsapptest.Action{}
	})
	return &on
}

func TestWhatWhatsAppRefuses(t *testing.T) {
	t.Parallel()
	for code, passing := range map[int]bool{429: true, 500: true, 503: true, 403: false, 404: false, 475: false} {
		w := newWorld(t)
		w.pair()
		w.refuse(code)
		err := w.trySend(w.alice, "3EB0REFUSED")
		var refused *whatsapp.PermanentError
		if passing {
			require.NotErrorAs(t, err, &refused, code)
			continue
		}
		require.ErrorAs(t, err, &refused, code)
		require.Equal(t, whatsapp.ReasonRefused, refused.Reason)
	}
}

func TestNewContactsWaitWhileTheNumberIsLocked(t *testing.T) {
	t.Parallel()
	w, _, ahead := newCountingWorld(t, whatsapptest.New(whatsapptest.Options{}))
	known, stranger, refusedOne := w.alice, w.srv.NewPeer("5511777770001", "Stranger"), w.srv.NewPeer("5511777770002", "Refused")
	known.SendText(w.phone, "hi")
	w.sink.wait(t, "the text", func() bool { return len(w.sink.texts()) == 1 })
	require.NoError(t, w.trySend(refusedOne, "3EB0BEFORE"))

	until := time.Now().Add(time.Hour).Truncate(time.Second)
	w.phone.Companion().LockReachOut(until)
	w.sink.wait(t, "the lock", func() bool { return !w.session.State().NewContactsFrom.IsZero() })
	require.Equal(t, whatsapp.StateConnected, w.session.State().Code)
	require.Contains(t, w.session.State().Sentence, "only to people it knows")

	var held *whatsapp.ReachOutLimitedError
	require.ErrorAs(t, w.trySend(stranger, "3EB0STRANGER"), &held)
	require.True(t, until.Equal(held.Until))
	require.NoError(t, w.trySend(known, "3EB0KNOWN"))
	on := w.refuse(463)
	require.ErrorAs(t, w.trySend(refusedOne, "3EB0REFUSED"), &held, "WhatsApp says that it is new")
	on.Store(false)
	require.ErrorAs(t, w.trySend(refusedOne, "3EB0REFUSED"), &held, "it is not asked again")
	require.True(t, until.Equal(held.Until))

	ahead.Store(int64(2 * time.Hour))
	require.NoError(t, w.trySend(stranger, "3EB0STRANGER"))
	require.NoError(t, w.trySend(refusedOne, "3EB0REFUSED"))
	w.phone.Companion().LockReachOut(time.Time{})
	w.sink.wait(t, "the end of the lock", func() bool { return w.session.State().NewContactsFrom.IsZero() })
	require.Equal(t, "Connected to WhatsApp.", w.session.State().Sentence)
}

func TestARefusedNewContactIsTriedOnceMoreLater(t *testing.T) {
	t.Parallel()
	w, _, _ := newCountingWorld(t, whatsapptest.New(whatsapptest.Options{}))
	w.refuse(463)
	var held *whatsapp.ReachOutLimitedError
	require.ErrorAs(t, w.trySend(w.alice, "3EB0TWICE"), &held)
	require.WithinDuration(t, time.Now().Add(15*time.Minute), held.Until, time.Minute)
	var refused *whatsapp.PermanentError
	require.ErrorAs(t, w.trySend(w.alice, "3EB0TWICE"), &refused)
	require.Equal(t, whatsapp.ReasonReachOut, refused.Reason)
}
