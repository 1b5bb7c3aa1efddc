package whatsapp_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// What WhatsApp kept while nobody was connected is told from what is written now.
func TestT18_WhatWaitedAtWhatsAppIsKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pair()
	back := w.away()
	for i := range 20 {
		w.alice.SendText(w.phone, fmt.Sprint("waited ", i))
	}
	nextSecond := func() { time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second))) }
	nextSecond() // times of messages are whole seconds
	hold := make(chan struct{})
	remove := w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		if e.Kind == whatsapptest.Login {
			<-hold
		}
		return whatsapptest.Action{}
	})
	defer remove()
	back()
	nextSecond()
	w.alice.SendText(w.phone, "written while the session connects")
	close(hold)
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	w.alice.SendText(w.phone, "live")
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	w.sink.update(func() {
		waited, live := 0, 0
		for _, e := range w.sink.taken {
			switch {
			case e.Kind != content.EnvMessage:
			case e.Waited:
				waited++
			default:
				live++
			}
		}
		require.Equal(t, 20, waited)
		require.Equal(t, 2, live)
	})
}
