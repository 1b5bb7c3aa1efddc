//go:build !race

package whatsapp_test

import (
	"maps"
	"sync"
	"testing"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// Texts go both ways at once, so that requests wait for their answers when the
// connection ends, of all kinds. make test runs this one apart; see
// TestAConnectionMayEndAtAnyStanza.
func TestAConnectionMayEndWhileARequestWaits(t *testing.T) {
	t.Parallel()
	all := maps.Clone(drops)
	maps.Copy(all, map[string]drop{
		"an agent's text":                      {kind: whatsapptest.StanzaIn, tag: "message"},
		"the server's word on an agent's text": {kind: whatsapptest.StanzaOut, tag: "ack", class: "message"},
		"a question at the login":              {kind: whatsapptest.StanzaIn, tag: "iq", then: dropTheConnection},
		"the answer to it":                     {kind: whatsapptest.StanzaOut, tag: "iq", then: dropTheConnection},
	})
	for name, d := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newDropWorld(t, d)
			w.alice.SetAutoDelivery(true)
			var writing sync.WaitGroup
			writing.Go(func() {
				for n, text := range w.want[1:] {
					w.alice.SendText(w.phone, text)
					if n == dropTexts/2 && d.then != nil {
						d.then(w.world)
					}
				}
			})
			for n, text := range w.want[1:] {
				w.sendUntilTaken(w.alice, outID(n), text)
			}
			writing.Wait()
			w.check()
		})
	}
}

func dropTheConnection(w *world) { w.phone.Companion().Drop() }
