package whatsapp_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// R08: what cannot be read at first is one placeholder, then the message under
// the same id, however many copies of either come.
func TestR08_OnePlaceholderThenTheMessage(t *testing.T) {
	t.Parallel()
	for name, spoiled := range map[string]int{"the first copy is spoiled": 1, "two copies are": 2, "three copies are": 3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.pair()
			id := w.alice.SendText(w.phone, "hello", whatsapptest.CorruptedTimes(spoiled))
			w.sink.wait(t, "the text", func() bool { return len(w.sink.texts()) > 0 })
			require.NoError(t, w.phone.Companion().WaitSettled(patience))
			var kinds []whatsapp.Kind
			seen := map[string]bool{}
			w.sink.update(func() {
				for _, e := range w.sink.taken {
					if e.Kind != whatsapp.EnvMessage || seen[e.Dedupe] {
						continue
					}
					seen[e.Dedupe] = true
					m, err := whatsapp.Decode(e.Payload)
					require.NoError(t, err)
					if m.Kind != whatsapp.KindProtocol {
						require.Equal(t, id, m.ID)
						kinds = append(kinds, m.Kind)
					}
				}
			})
			require.True(t, slices.Equal([]whatsapp.Kind{whatsapp.KindUndecryptable, whatsapp.KindText}, kinds), "%v", kinds)
		})
	}
}

// R08: WhatsApp withholds the content from linked devices.
func TestR08_WhatOnlyThePhoneCanShowIsOnePlaceholder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pair()
	w.phone.TypeText(w.alice, "so that there is a session with the phone")
	w.waitTaken(whatsapp.EnvMessage, 1)
	w.alice.SendUnavailable(w.phone, "view_once")
	payload := w.waitTaken(whatsapp.EnvMessage, 2)
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	m, err := whatsapp.Decode(payload)
	require.NoError(t, err)
	require.Equal(t, whatsapp.KindUnavailable, m.Kind)
	require.Equal(t, "view_once", m.Unavailable)
	require.Equal(t, w.alice.JID().String(), m.Chat.JID)
	require.Eventually(t, func() bool { return w.phone.Resends() == 1 }, patience, time.Millisecond, "the phone is asked for it")
}
