package whatsapp_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// await waits until a channel is closed.
func await(t *testing.T, closed <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-closed:
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
	}
}

// What could not be committed is not acknowledged, nothing overtakes it, and
// all comes in order once the journal is back.
func TestD03_WhatIsNotCommittedComesAgainInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pair()
	w.sink.refuse.Store(true)
	for _, text := range []string{"one", "two", "three"} {
		w.alice.SendText(w.phone, text)
	}
	w.sink.wait(t, "a refusal", func() bool { return w.sink.refused.Load() > 0 })
	w.session.Reconnect()
	require.NoError(t, w.phone.Companion().WaitLogins(patience, 2))
	w.waitState(whatsapp.StateConnected)
	again := w.sink.refused.Load()
	w.sink.wait(t, "a refusal in the next connection", func() bool { return w.sink.refused.Load() > again })
	require.Equal(t, 3, w.phone.Companion().PendingMessages())
	w.sink.refuse.Store(false)
	w.sink.wait(t, "three texts", func() bool { return len(w.sink.texts()) >= 3 })
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	w.sink.update(func() { require.Equal(t, []string{"one", "two", "three"}, w.sink.texts()) })
}

// While a message is being committed it is not acknowledged, so that it comes
// again when the process ends there.
func TestD01_AMessageIsAcknowledgedOnlyOnceItIsCommitted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	committing, ended := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w.sink.onTake = func(e content.Envelope) {
		if e.Kind == content.EnvMessage {
			once.Do(func() { close(committing); <-ended })
		}
	}
	w.pair()
	w.sink.refuse.Store(true)
	id := w.alice.SendText(w.phone, "kept")
	await(t, committing, "the commit")
	// What the session said before this one's answer has been read by now.
	w.send(w.alice, "3EB0MEANWHILE", "meanwhile")
	require.Equal(t, 1, w.phone.Companion().PendingMessages())
	require.Empty(t, w.alice.Receipts())

	// The commit has not happened: the process is over.
	stopped := make(chan struct{})
	go func() { defer close(stopped); w.session.Stop() }()
	close(ended)
	await(t, stopped, "the end of the session")
	w.sink.refuse.Store(false)
	w.sink.update(func() { require.Empty(t, w.sink.texts()) })
	w.start(w.session.State().JID)
	w.sink.wait(t, "the text", func() bool { return len(w.sink.texts()) == 1 })
	_, err := w.alice.WaitReceipt(patience, id, types.ReceiptTypeDelivered)
	require.NoError(t, err)
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
}

func TestD01_ARestartedSessionGetsWhatCameMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pair()
	w.session.Stop()
	w.alice.SendText(w.phone, "while away")
	w.start(w.session.State().JID)
	w.sink.wait(t, "the text", func() bool { return len(w.sink.texts()) == 1 })
}

// A commit outlasts its connection: the library leaves a handler that runs
// behind, and drops what waits for it. What the handler was at is not
// acknowledged before it is committed, nothing overtakes it, and all comes
// again, in order, with the next connection.
func TestD01_ACommitThatOutlastsItsConnection(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		end  func(w *world)
		late bool // what the commit was at is committed after all
	}{
		"disconnected, then refused":   {end: func(w *world) { w.session.Reconnect() }},
		"disconnected, then committed": {end: func(w *world) { w.session.Reconnect() }, late: true},
		"lost, then refused":           {end: func(w *world) { w.phone.Companion().Drop() }},
		"lost, then committed":         {end: func(w *world) { w.phone.Companion().Drop() }, late: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			committing, goOn := make(chan struct{}), make(chan struct{})
			var first sync.Once
			w.sink.onTake = func(e content.Envelope) {
				if e.Kind != content.EnvMessage {
					return
				}
				blocked := false
				first.Do(func() { close(committing); blocked = true })
				if !blocked {
					return
				}
				<-goOn
				if !tc.late {
					panic("the commit fails in the end")
				}
			}
			w.pair()
			w.sink.refuse.Store(true)
			want := []string{"one", "two", "three"}
			for _, text := range want {
				w.alice.SendText(w.phone, text)
			}
			await(t, committing, "the commit")
			tc.end(w)
			require.NoError(t, w.phone.Companion().WaitLogins(patience, 2))
			w.sink.wait(t, "a refusal in the next connection", func() bool { return w.sink.refused.Load() > 0 })
			require.Equal(t, 3, w.phone.Companion().PendingMessages())
			require.Empty(t, w.alice.Receipts())

			w.sink.refuse.Store(false)
			w.sink.wait(t, "the texts", func() bool { return len(w.sink.texts()) >= 3 })
			require.NoError(t, w.phone.Companion().WaitSettled(patience))
			close(goOn)
			w.alice.SendText(w.phone, "four")
			w.sink.wait(t, "what comes after", func() bool { return slices.Contains(w.sink.texts(), "four") })
			require.NoError(t, w.phone.Companion().WaitSettled(patience))
			w.sink.update(func() { require.Equal(t, append(want, "four"), w.sink.textsOnce()) })
		})
	}
}
