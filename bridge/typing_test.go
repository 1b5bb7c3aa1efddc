package bridge_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// A phone says that its owner types, or no longer types, many times a second.
func TestR27_TypingIsToldOnceInSomeSeconds(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		told := func() (n int) {
			for route, times := range w.desk.Requests() {
				if strings.Contains(route, "toggle_typing") {
					n += times
				}
			}
			return n
		}
		began := time.Now()
		for range 50 {
			w.alice.Typing(w.phone, whatsapptest.Composing)
			w.alice.Typing(w.phone, whatsapptest.Paused)
		}
		w.alice.SendText(w.phone, "there")
		w.desk.wait("what was typed", withText("there"))
		require.Eventually(t, func() bool { return told() > 0 }, patience, 5*time.Millisecond)
		require.LessOrEqual(t, told(), 1+int(time.Since(began)/(5*time.Second)))
	})
}
