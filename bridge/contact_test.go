package bridge_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// ask makes Chatwoot's API do something, as an administrator.
func (w *world) ask(method, path, body string) {
	w.t.Helper()
	require.NoError(w.t, w.AsAdministrator(method, path, body))
}

// idle waits until a direction has nothing to do.
func (w *world) idle(direction string) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		var n int
		require.NoError(w.t, w.db.QueryRow(`SELECT COUNT(*) FROM job JOIN lane ON lane.key = job.lane
			WHERE job.state = 'waiting' AND lane.dir = $1`, direction).Scan(&n))
		return n == 0
	}, patience, 10*time.Millisecond)
}

func (w *world) contact(what string, fits func(chatwoottest.Contact) bool) chatwoottest.Contact {
	w.t.Helper()
	c, err := w.desk.WaitContact(patience, fits)
	require.NoError(w.t, err, what)
	return c
}

func named(name string) func(chatwoottest.Contact) bool {
	return func(c chatwoottest.Contact) bool { return c.Name == name }
}

// Where a message is sent to may be another address of the person than the one
// that wrote; files, quotes and ticks are of the one chat whichever it is.
func TestR13_LinksKeepTheChatWhateverTheTarget(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		asked := w.alice.SendText(w.phone, "by lid", whatsapptest.WithLIDOnly())
		question := w.desk.wait("the question", withText("by lid"))
		reply := w.desk.say("see this", chatwoottest.Quoting(question.ID), chatwoottest.WithFile("a.pdf", "application/pdf", []byte("%PDF-1.4")))
		there := w.got(0)
		require.Equal(t, asked, there.Quoted().GetStanzaID())
		content, err := w.alice.Download(there)
		require.NoError(t, err)
		require.Equal(t, "%PDF-1.4", string(content))
		w.desk.wait("the tick", withStatus(reply.ID, "delivered"))

		w.alice.Reply(w.phone, there, "by number", whatsapptest.WithLID())
		answer := w.desk.wait("the answer", withText("by number"))
		require.Equal(t, reply.ID, answer.ReplyTo)
		w.alice.MarkRead(there.ID)
		w.desk.wait("the blue tick", withStatus(reply.ID, "read"))
		w.desk.say("to the number", chatwoottest.Quoting(question.ID))
		require.Equal(t, asked, w.got(1).Quoted().GetStanzaID())
		require.Len(t, w.desk.Conversations(), 1)
	})
}

func TestR09_TwoContactsOfOnePersonAreMerged(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "by lid", whatsapptest.WithLIDOnly())
		w.desk.wait("the first message", withText("by lid"))
		elder := w.desk.Contacts()[0]
		known, err := w.desk.AddContact("name", "Alice from the list", "phone_number", "+5511888880002")
		require.NoError(t, err)
		_, err = w.desk.StartConversation(w.desk.Inboxes()[0].ID, known.ID, "about your order")
		require.NoError(t, err)
		_, err = w.alice.WaitText(patience, "about your order")
		require.NoError(t, err)
		// WhatsApp itself, which was asked whose the number is, connects the two.
		w.alice.SendText(w.phone, "that is me")
		w.desk.wait("the third message", withText("that is me"))
		merged := w.contact("one contact with the number", func(c chatwoottest.Contact) bool {
			return len(w.desk.Contacts()) == 1 && c.Phone == "+5511888880002"
		})
		require.Equal(t, elder.ID, merged.ID)
		require.Len(t, w.desk.Conversations(), 2)
		for _, c := range w.desk.Conversations() {
			require.Equal(t, elder.ID, c.Contact)
			_, err := w.desk.Reply(c.ID, "reply in "+strconv.Itoa(c.ID))
			require.NoError(t, err)
			_, err = w.alice.WaitText(patience, "reply in "+strconv.Itoa(c.ID))
			require.NoError(t, err)
		}
	})
}
