package bridge_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// from are the texts that the desk shows of those that begin with a word.
func (d desk) from(word string) (texts []string) {
	for _, text := range d.incoming() {
		if strings.HasPrefix(text, word) {
			texts = append(texts, text)
		}
	}
	return texts
}

// Much waits at WhatsApp when the line comes back, receipts more than messages,
// and the process ends twice meanwhile: each customer's messages are shown once and
// in order.
func TestT12_AFloodIsShownInOrderWhateverInterruptsIt(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		talking(w)
		bob := w.wa.NewPeer("5511777770003", "Bob")
		require.NoError(t, w.Stop())
		want := map[string][]string{}
		for range 3 {
			from := len(want["alice "])
			more := w.alice.Flood(w.phone, whatsapptest.Flood{Messages: 50, Receipts: 1000, Notifications: 300, Text: "alice " + string(rune('a'+from/50)) + " "})
			want["alice "] = append(want["alice "], more...)
			more = bob.Flood(w.phone, whatsapptest.Flood{Messages: 50, Text: "bob " + string(rune('a'+from/50)) + " "})
			want["bob "] = append(want["bob "], more...)
		}
		for _, left := range []int{3200, 1600} {
			w.start()
			require.NoError(t, w.phone.Companion().WaitBelow(patience, left))
			require.NoError(t, w.Stop())
		}
		w.start()
		for word, texts := range want {
			w.desk.wait("the last of "+word, withText(texts[len(texts)-1]))
			require.Equal(t, texts, w.desk.from(word))
		}
	})
}
