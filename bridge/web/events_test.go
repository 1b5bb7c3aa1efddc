package web_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/admin"
	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// patience bounds every wait: only a failing test uses it up.
const patience = 30 * time.Second

// follow reads a line's stream in the background.
func follow(t *testing.T, w *world) (events <-chan api.Event, ended <-chan error, stop func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	came, end := make(chan api.Event, 100), make(chan error, 1)
	go func() {
		end <- w.client.Events(ctx, "l1", func(e api.Event) error {
			came <- e
			return nil
		})
	}()
	t.Cleanup(cancel)
	return came, end, cancel
}

func next(t *testing.T, events <-chan api.Event, name, data string) {
	t.Helper()
	select {
	case e := <-events:
		require.Equal(t, name, e.Name)
		require.JSONEq(t, data, string(e.Data))
	case <-time.After(patience):
		t.Fatalf("waited in vain for the event %s", name)
	}
}

func TestEventsTellHowThingsAreAndWhatChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	events, ended, stop := follow(t, w)
	next(t, events, "state", `{"state":"connected","sentence":"Connected to WhatsApp.","jid":"5511999990001:3@s.whatsapp.net","phone":"5511999990001","last_error":"chatwoot is not available"}`)
	next(t, events, "qr", `{"qr":"","pairing_code":""}`)
	next(t, events, "queue", `{"inbound":2,"outbound":1,"oldest_seconds":70,"dead":1}`)

	w.change(func(s *admin.LineStatus) {
		s.State = whatsapp.State{Code: whatsapp.StatePairing, Sentence: "Waiting.", QR: "2@abc"}
		s.LastError = ""
	})
	next(t, events, "state", `{"state":"pairing","sentence":"Waiting.","jid":"","phone":"","last_error":""}`)
	next(t, events, "qr", `{"qr":"2@abc","pairing_code":""}`)
	w.change(func(s *admin.LineStatus) { s.State.QR = "2@def" })
	next(t, events, "qr", `{"qr":"2@def","pairing_code":""}`)
	w.change(func(s *admin.LineStatus) { s.Queue.Dead = 5 })
	next(t, events, "queue", `{"inbound":2,"outbound":1,"oldest_seconds":70,"dead":5}`)
	stop()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.Empty(t, events, "nothing is told twice")
	require.Eventually(t, func() bool { return len(w.asked()) == 1 && w.asked()[0] == "unwatch" }, patience, time.Millisecond)
}

func TestEventsEndWithTheLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	events, ended, _ := follow(t, w)
	<-events
	w.change(func(*admin.LineStatus) { w.err = &fault.Error{Code: fault.CodeNotFound} })
	require.ErrorIs(t, <-ended, io.EOF)
}

// A stream that somebody watches must not keep the process from ending.
func TestEventsEndWithTheServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	events, ended, _ := follow(t, w)
	<-events
	w.server.CloseStreams()
	require.ErrorIs(t, <-ended, io.EOF)
}

func TestTheReaderOfEventsCanStopThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	enough := errors.New("enough")
	require.Equal(t, enough, w.client.Events(t.Context(), "l1", func(api.Event) error { return enough }))
}

func TestEventsOfAnUnknownLineAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	err := w.client.Events(t.Context(), "l2", func(api.Event) error { return nil })
	require.Equal(t, &fault.Error{Code: fault.CodeNotFound, Message: "there is no line with this id"}, err)
}
