package whatsapp_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"

	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// R08: what cannot be read at first is one placeholder, then the message under
// the same id, however many copies of either come.
func TestR08_OnePlaceholderThenTheMessage(t *testing.T) {
	t.Parallel()
	hello := "hello"
	for name, tc := range map[string]struct {
		send func(w *world) (id string)
		own  bool // written by the line's owner
		want content.Content
	}{
		"the first copy is spoiled":  {func(w *world) string { return w.alice.SendText(w.phone, hello, whatsapptest.Corrupted()) }, false, content.Undecryptable{}},
		"two copies are":             {func(w *world) string { return w.alice.SendText(w.phone, hello, whatsapptest.CorruptedTimes(2)) }, false, content.Undecryptable{}},
		"three copies are":           {func(w *world) string { return w.alice.SendText(w.phone, hello, whatsapptest.CorruptedTimes(3)) }, false, content.Undecryptable{}},
		"the owner's own is spoiled": {func(w *world) string { return w.phone.TypeText(w.alice, hello, whatsapptest.Corrupted()) }, true, content.Undecryptable{}},
		"the owner's own is withheld": {func(w *world) string {
			return w.phone.SendWithheld(w.alice, &waE2E.Message{Conversation: &hello})
		}, true, content.Unavailable{Reason: "unavailable"}},
		"a customer's is withheld": {func(w *world) string {
			return w.alice.SendWithheld(w.phone, &waE2E.Message{Conversation: &hello})
		}, false, content.Unavailable{Reason: "unavailable"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.pair()
			w.phone.TypeText(w.alice, "so that there is a session with the phone")
			w.sink.wait(t, "the first text", func() bool { return len(w.sink.texts()) == 1 })
			id := tc.send(w)
			w.sink.wait(t, "the text", func() bool { return len(w.sink.texts()) > 1 })
			require.NoError(t, w.phone.Companion().WaitSettled(patience))
			var got []content.Content
			nothing := content.Content(content.Nothing{})
			seen := map[string]bool{}
			w.sink.update(func() {
				for _, e := range w.sink.taken {
					if e.Kind != content.EnvMessage || seen[e.Dedupe] {
						continue
					}
					seen[e.Dedupe] = true
					m, err := content.Decode(e.Payload)
					require.NoError(t, err)
					if m.ID == id && m.Content != nothing {
						require.Equal(t, w.alice.JID().String(), m.Chat.JID, "the conversation is the customer's")
						require.Equal(t, tc.own, m.FromMe)
						got = append(got, m.Content)
					}
				}
			})
			require.Equal(t, []content.Content{tc.want, content.Text{Text: hello}}, got)
		})
	}
}

// R08: WhatsApp withholds the content from linked devices.
func TestR08_WhatOnlyThePhoneCanShowIsOnePlaceholder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pair()
	w.phone.TypeText(w.alice, "so that there is a session with the phone")
	w.waitTaken(content.EnvMessage, 1)
	w.alice.SendUnavailable(w.phone, "view_once")
	payload := w.waitTaken(content.EnvMessage, 2)
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	m, err := content.Decode(payload)
	require.NoError(t, err)
	require.Equal(t, content.Unavailable{Reason: "view_once"}, m.Content)
	require.Equal(t, w.alice.JID().String(), m.Chat.JID)
	require.Eventually(t, func() bool { return w.phone.Resends() == 1 }, patience, time.Millisecond, "the phone is asked for it")
}
