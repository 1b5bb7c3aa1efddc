package bridge_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// The owner removes the device on the phone while history comes in, while a
// message is sent, and while a file is uploaded. What agents wrote is kept, and
// goes into the same conversation once the phone is linked again.
func TestR19_SignedOutInTheMiddleOfWork(t *testing.T) {
	moments := []struct {
		name string
		is   func(e whatsapptest.HookEvent) bool
	}{
		{"history", func(e whatsapptest.HookEvent) bool { return e.Is(whatsapptest.StanzaOut, "message") }},
		{"upload", func(e whatsapptest.HookEvent) bool {
			return e.Kind == whatsapptest.MediaRequest && e.Request.Method == http.MethodPost
		}},
		{"send", func(e whatsapptest.HookEvent) bool {
			return e.Is(whatsapptest.StanzaIn, "message") && e.Attr("category") != "peer"
		}},
	}
	eachMode(t, func(t *testing.T, w *world) {
		talking(w)
		for _, moment := range moments {
			name := moment.name
			var once sync.Once
			var unlinking sync.WaitGroup
			remove := w.wa.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
				if moment.is(e) {
					once.Do(func() { unlinking.Go(w.phone.Companion().Unlink) }) // a hook must not send
				}
				return whatsapptest.Action{}
			})
			if name == "history" {
				require.NoError(t, w.phone.SendHistory(history(w.alice)))
			}
			w.desk.say("kept during "+name, chatwoottest.WithFile("a.pdf", "application/pdf", []byte("%PDF-"+name)))
			w.until("the end of the session", func(s whatsapp.State) bool { return s.Code == whatsapp.StateLoggedOut })
			w.alice.SendText(w.phone, "and back during "+name)
			remove()
			unlinking.Wait()
			pair(t, w)
			got, err := w.alice.WaitText(patience, "kept during "+name)
			require.NoError(t, err)
			content, err := w.alice.Download(got)
			require.NoError(t, err)
			require.Equal(t, "%PDF-"+name, string(content))
			w.alice.SendText(w.phone, "thanks for "+name)
			w.desk.wait("the answer", withText("thanks for "+name))
		}
		w.settled()
		require.Len(t, w.alice.Texts(), len(moments), "nothing twice")
		require.Len(t, w.desk.Conversations(), 1)
	})
}
