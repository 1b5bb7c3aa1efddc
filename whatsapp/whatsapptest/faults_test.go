package whatsapptest_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types/events"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// once answers the first event that fits with an action.
func once(fits func(whatsapptest.HookEvent) bool, action whatsapptest.Action) whatsapptest.Hook {
	var done atomic.Bool
	return func(e whatsapptest.HookEvent) whatsapptest.Action {
		if !fits(e) || !done.CompareAndSwap(false, true) {
			return whatsapptest.Action{}
		}
		return action
	}
}

func messageAck(e whatsapptest.HookEvent) bool {
	return e.Is(whatsapptest.StanzaOut, "ack") && e.Attr("class") == "message"
}

func TestResetBeforeAckSendsOnce(t *testing.T) {
	t.Parallel()
	for round := range 3 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.pair(safely)
			w.srv.Hook(once(messageAck, whatsapptest.Action{Close: true}))
			c.sendText(w.alice.JID(), "only once")
			_, err := w.alice.WaitText(patience, "only once")
			require.NoError(t, err)
			c.sendText(w.alice.JID(), "after")
			_, err = w.alice.WaitText(patience, "after")
			require.NoError(t, err)
			require.Equal(t, []string{"only once", "after"}, w.alice.Texts())
			require.Equal(t, 1, w.srv.Repeats())
		})
	}
}

func TestLostAckThenSameID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	w.srv.Hook(once(messageAck, whatsapptest.Action{Drop: true}))
	extra := whatsmeow.SendRequestExtra{ID: "3EB0AAAAAAAAAAAAAAAAAA", Timeout: 100 * time.Millisecond}
	_, err := c.trySend(w.alice.JID(), "hello", extra)
	require.ErrorIs(t, err, whatsmeow.ErrMessageTimedOut)
	extra.Timeout = 0
	c.sendText(w.alice.JID(), "hello", extra)
	c.sendText(w.alice.JID(), "bye")
	_, err = w.alice.WaitText(patience, "bye")
	require.NoError(t, err)
	require.Equal(t, []string{"hello", "bye"}, w.alice.Texts())
	require.Equal(t, 1, w.srv.Repeats())
}

func TestRepeatsCanBeForwarded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *whatsapptest.Options) { o.ForwardRepeats = true })
	c := w.pair(safely)
	extra := whatsmeow.SendRequestExtra{ID: "3EB0BBBBBBBBBBBBBBBBBB"}
	c.sendText(w.alice.JID(), "hello", extra)
	c.sendText(w.alice.JID(), "hello", extra)
	require.NoError(t, w.alice.WaitCount(patience, 2))
	require.Equal(t, []string{"hello", "hello"}, w.alice.Texts())
}

func TestHeldAcks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	w.phone.Companion().HoldAcks(true)
	done := make(chan error, 1)
	go func() {
		_, err := c.trySend(w.alice.JID(), "slow")
		done <- err
	}()
	_, err := w.alice.WaitText(patience, "slow")
	require.NoError(t, err)
	require.Empty(t, done, "the client must not take the message for sent")
	w.phone.Companion().HoldAcks(false)
	require.NoError(t, <-done)
}

func TestServerRefusesMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	w.srv.Hook(once(func(e whatsapptest.HookEvent) bool {
		return e.Is(whatsapptest.StanzaIn, "message") && e.Attr("category") != "peer"
	},
		whatsapptest.Action{Error: 463}))
	_, err := c.trySend(w.alice.JID(), "refused")
	require.ErrorIs(t, err, whatsmeow.ErrServerReturnedError)
	require.ErrorContains(t, err, "463")
	c.sendText(w.alice.JID(), "accepted")
	_, err = w.alice.WaitText(patience, "accepted")
	require.NoError(t, err)
	require.Equal(t, []string{"accepted"}, w.alice.Texts())
}

func TestLostReceiptIsSettledAtRedelivery(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string][]func(*whatsmeow.Client){"defaults": nil, "safe": {safely}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.pair(settings...)
			remove := w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
				return whatsapptest.Action{Drop: e.Is(whatsapptest.StanzaIn, "receipt") || e.Is(whatsapptest.StanzaIn, "ack")}
			})
			w.alice.SendText(w.phone, "one")
			w.alice.SendText(w.phone, "two")
			c.awaitText("two")
			require.Equal(t, 2, w.phone.Companion().PendingMessages())
			remove()
			w.phone.Companion().Drop()
			require.NoError(t, w.phone.Companion().WaitLogins(patience, 2))
			require.NoError(t, w.phone.Companion().WaitSettled(patience))
			require.Equal(t, []string{"one", "two"}, c.texts())
		})
	}
}

func TestCopiesOfLiveStanzas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		if e.Is(whatsapptest.StanzaOut, "message") {
			return whatsapptest.Action{Repeat: 1}
		}
		return whatsapptest.Action{}
	})
	for i := range 5 {
		w.alice.SendText(w.phone, fmt.Sprint("copy ", i))
	}
	c.awaitText("copy 4")
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	require.Len(t, c.texts(), 5)
}

func TestDropsUnderLoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	const total = 100
	var want []string
	for i := range total {
		text := fmt.Sprintf("message %d", i)
		want = append(want, text)
		w.alice.SendText(w.phone, text)
		if i%25 == 24 {
			c.awaitText(fmt.Sprintf("message %d", i-12))
			logins := w.phone.Companion().Logins()
			w.phone.Companion().Drop()
			require.NoError(t, w.phone.Companion().WaitLogins(patience, logins+1))
		}
	}
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	c.awaitText(want[total-1])
	// One whose handler had begun when the connection went is told again: whoever
	// takes messages in keeps each once.
	require.Equal(t, want, slices.Compact(c.texts()))
}

func TestCorruptedMessageComesByRetry(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		option   whatsapptest.SendOption
		settings []func(*whatsmeow.Client)
	}{
		"once, defaults":  {whatsapptest.Corrupted(), nil},
		"twice, defaults": {whatsapptest.CorruptedTimes(2), nil},
		"once, safe":      {whatsapptest.Corrupted(), []func(*whatsmeow.Client){safely}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.phone.SetAnswersResends(false)
			c := w.pair(tc.settings...)
			w.alice.SendText(w.phone, "warm up")
			c.awaitText("warm up")
			w.alice.SendText(w.phone, "spoiled", tc.option)
			message := c.awaitText("spoiled")
			require.Positive(t, message.RetryCount)
			require.NotEmpty(t, eventsOf[*events.UndecryptableMessage](c))
			w.alice.SendText(w.phone, "next")
			c.awaitText("next")
			require.Equal(t, []string{"warm up", "spoiled", "next"}, c.texts())
		})
	}
}

func TestPhoneResendsWhatTheClientCannotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		return whatsapptest.Action{Drop: e.Is(whatsapptest.StanzaIn, "receipt") && e.Attr("type") == "retry"}
	})
	w.alice.SendText(w.phone, "from the phone", whatsapptest.Corrupted())
	message := c.awaitText("from the phone")
	require.NotEmpty(t, message.UnavailableRequestID)
	require.Equal(t, 1, w.phone.Resends())
}

func TestPeerAsksAgain(t *testing.T) {
	t.Parallel()
	for failures := 1; failures <= 3; failures++ {
		t.Run(fmt.Sprint(failures), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.pair(safely)
			c.sendText(w.alice.JID(), "first")
			_, err := w.alice.WaitText(patience, "first")
			require.NoError(t, err)
			w.alice.FailNext(failures)
			c.sendText(w.alice.JID(), "second")
			got, err := w.alice.WaitText(patience, "second")
			require.NoError(t, err)
			require.Equal(t, failures, got.Retry)
			require.Equal(t, failures, w.alice.Retries())
			c.sendText(w.alice.JID(), "third")
			_, err = w.alice.WaitText(patience, "third")
			require.NoError(t, err)
			require.Equal(t, []string{"first", "second", "third"}, w.alice.Texts())
		})
	}
}

func TestPeerReinstalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	w.alice.SendText(w.phone, "old phone")
	c.awaitText("old phone")
	c.sendText(w.alice.JID(), "to the old phone")
	_, err := w.alice.WaitText(patience, "to the old phone")
	require.NoError(t, err)
	w.alice.Reinstall()
	w.alice.SendText(w.phone, "new phone")
	c.awaitText("new phone")
	await(c, anyOf[*events.IdentityChange])
	c.sendText(w.alice.JID(), "to the new phone")
	_, err = w.alice.WaitText(patience, "to the new phone")
	require.NoError(t, err)
}

func TestSecondProcessTakesOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "client.db")
	first := openClient(t, w.srv, path, safely)
	w.link(first)
	second := openClient(t, w.srv, path, safely)
	require.NoError(t, second.cli.Connect())
	await(first, anyOf[*events.StreamReplaced])
	await(second, anyOf[*events.Connected])
	w.alice.SendText(w.phone, "to the second")
	second.awaitText("to the second")
}

func TestHookRefusesLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	w.srv.Hook(once(func(e whatsapptest.HookEvent) bool { return e.Kind == whatsapptest.Login }, whatsapptest.Action{Error: 503}))
	w.phone.Companion().Drop()
	require.NoError(t, w.phone.Companion().WaitLogins(patience, 2))
	w.alice.SendText(w.phone, "after the refusal")
	c.awaitText("after the refusal")
}
