package bridge_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

const postMessages = "POST /api/v1/accounts/{account}/conversations/{conversation}/messages"

// past is the time before a test, of which minutes do not turn.
type past struct{ now time.Time }

// sent backdates a message of WhatsApp's.
func (p past) sent(ago time.Duration) whatsapptest.SendOption {
	return whatsapptest.WithTime(p.now.Add(-ago))
}

// said is what agents read of it.
func (p past) said(ago time.Duration) string {
	at := p.now.UTC().Add(-ago)
	return "Sent on " + at.Format("2 January 2006") + " at " + at.Format("15:04") + ", received late"
}

// shown lists the only conversation's messages, each with its form.
func (d desk) shown() []string {
	d.t.Helper()
	var list []string
	conversations := d.Conversations()
	require.Len(d.t, conversations, 1)
	for _, m := range d.Messages(conversations[0].ID) {
		form := m.Kind
		if m.Private {
			form = "note"
		}
		list = append(list, form+": "+m.Text)
	}
	return list
}

// change lays settings over the line's.
func (w *world) change(settings string) {
	w.t.Helper()
	require.NoError(w.t, w.bridge.UpdateLine(context.Background(), w.line, bridge.LineUpdate{Settings: []byte(settings)}))
}

// After an outage of Chatwoot the backlog goes in in order, with a line that
// says when it was sent, and again where that is no longer about right.
func TestWhatComesLateSaysWhenItWasSent(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		past := past{time.Now()}
		w.alice.SendText(w.phone, "in time", past.sent(90*time.Second))
		w.desk.wait("the conversation", withText("in time"))
		before := w.desk.Requests()[postMessages]

		w.desk.AddRule(chatwoottest.Rule{Fault: chatwoottest.Fault{Reset: true}})
		first, second := past.said(60*time.Minute), past.said(30*time.Minute)
		w.alice.SendText(w.phone, "one", past.sent(60*time.Minute))
		w.alice.SendText(w.phone, "two", past.sent(55*time.Minute))
		w.phone.TypeText(w.alice, "own", past.sent(54*time.Minute))
		w.alice.SendText(w.phone, "three", past.sent(53*time.Minute))
		w.alice.SendText(w.phone, "four", past.sent(30*time.Minute))
		w.alice.SendText(w.phone, "five", past.sent(29*time.Minute))
		w.alice.SendText(w.phone, "six")
		require.Eventually(t, func() bool { return w.desk.Requests()[postMessages] > before }, patience, time.Millisecond)
		w.desk.ClearFaults()
		refused := w.desk.Requests()[postMessages]
		w.failed("message")
		w.pass(believed)
		w.desk.wait("the last one", withText("six"))
		want := []string{
			"incoming: in time",
			"activity: " + first, "incoming: one", "incoming: two", "outgoing: own", "incoming: three",
			"activity: " + second, "incoming: four", "incoming: five", "incoming: six",
		}
		require.Equal(t, want, w.desk.shown())
		require.LessOrEqual(t, w.desk.Requests()[postMessages]-refused, len(want)-1, "a line costs one request, and only where there is one")

		// What was in time ended the run.
		third := past.said(28 * time.Minute)
		w.alice.SendText(w.phone, "seven", past.sent(28*time.Minute))
		w.desk.wait("another late one", withText("seven"))
		want = append(want, "activity: "+third, "incoming: seven")
		require.Equal(t, want, w.desk.shown())

		// Two minutes are late, a minute and a half, as at first, are not.
		fourth := past.said(130 * time.Second)
		w.alice.SendText(w.phone, "eight", past.sent(130*time.Second))
		w.desk.wait("one that is hardly late", withText("eight"))
		require.Equal(t, append(want, "activity: "+fourth, "incoming: eight"), w.desk.shown())
	})
}

// A line whose answer was lost, or whose process died, is not there twice.
func TestTheLineBeforeALateMessageIsNotDoubled(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "in time")
		w.desk.wait("the conversation", withText("in time"))
		w.desk.AddRule(chatwoottest.Rule{Method: http.MethodPost, Path: "/messages", Times: 1, Fault: chatwoottest.AmbiguousCreate()})
		w.desk.AddRule(chatwoottest.Rule{Path: "/messages", Times: 2, Fault: chatwoottest.InternalServerError()})
		past := past{time.Now()}
		text := past.said(20 * time.Minute)
		w.alice.SendText(w.phone, "late", past.sent(20*time.Minute))
		w.desk.wait("the line", withText(text))
		w.handler.Store(nil)
		w.bridge.Stop()
		w.pass(believed)
		w.start()
		w.alice.SendText(w.phone, "later", past.sent(19*time.Minute))
		w.desk.wait("the last one", withText("later"))
		require.Equal(t, []string{"incoming: in time", "activity: " + text, "incoming: late", "incoming: later"}, w.desk.shown())
	})
}

func TestTheFormOfTheLineIsASetting(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.change(`{"events":"note","language":"pt-BR","timezone":"Pacific/Kiritimati"}`)
		zone, err := time.LoadLocation("Pacific/Kiritimati")
		require.NoError(t, err)
		at := time.Now().Add(-time.Hour).In(zone)
		w.alice.SendText(w.phone, "one", whatsapptest.WithTime(at))
		w.desk.wait("the message", withText("one"))
		want := []string{"note: Enviada em " + at.Format("02/01/2006") + " às " + at.Format("15:04") + ", recebida depois", "incoming: one"}
		require.Equal(t, want, w.desk.shown())

		past := past{time.Now()}
		w.change(`{"events":"off"}`)
		w.alice.SendText(w.phone, "two", past.sent(20*time.Minute))
		w.desk.wait("the message", withText("two"))
		require.Equal(t, append(want, "incoming: two"), w.desk.shown())

		err = w.bridge.UpdateLine(context.Background(), w.line, bridge.LineUpdate{Settings: []byte(`{"events":"loud"}`)})
		require.ErrorContains(t, err, "pill, note or off")
	})
}
