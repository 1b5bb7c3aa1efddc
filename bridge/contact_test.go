package bridge_test

import (
	"net/http"
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

func TestR26_R21_PushNamesFillBlanksOnly(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.phone.TypeText(w.alice, "hello from the phone")
		w.desk.wait("the echo", withText("hello from the phone"))
		contact := w.contact("a contact without a name", named("+5511888880002"))
		w.alice.SendText(w.phone, "who is this?")
		w.desk.wait("the answer", withText("who is this?"))
		require.Equal(t, contact.ID, w.contact("the late name", named("Alice")).ID)

		w.ask(http.MethodPut, "/contacts/"+strconv.Itoa(contact.ID), `{"name":"Alice (baker)"}`)
		w.alice.SetName("Alice B.")
		w.alice.SendText(w.phone, "still me")
		w.desk.wait("the message", withText("still me"))
		w.idle("in")
		w.idle("upkeep")
		require.Equal(t, "Alice (baker)", w.desk.Contacts()[0].Name)
		require.Len(t, w.desk.Contacts(), 1)
	})
}

func TestR25_ContactsOfOthersAreAdopted(t *testing.T) {
	for name, fields := range map[string][]any{
		"by another bridge's identifier": {"name", "Alicia", "identifier", "5511888880002@s.whatsapp.net"},
		"by phone number":                {"name", "Alicia", "phone_number", "+5511888880002"},
	} {
		t.Run(name, func(t *testing.T) {
			oneMode(t, func(t *testing.T, w *world) {
				made, err := w.desk.AddContact(fields...)
				require.NoError(t, err)
				w.alice.SendText(w.phone, "hi")
				w.desk.wait("the message", withText("hi"))
				contact := w.contact("what was blank", func(c chatwoottest.Contact) bool {
					return c.Identifier == "5511888880002@s.whatsapp.net" && c.Phone == "+5511888880002"
				})
				require.Len(t, w.desk.Contacts(), 1)
				require.Equal(t, made.ID, contact.ID)
				require.Equal(t, "Alicia", contact.Name)
			})
		})
	}
}

// Mobiles with areas up to 28 and above, known to the desk with or without the
// ninth digit and to WhatsApp in the other form or in both, and a landline.
func TestR12_ANinthDigitMakesNoSecondContact(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		for i, person := range []struct{ desk, phone, also string }{
			{"+5566996679626", "556696679626", ""},
			{"+556696679627", "5566996679627", ""},
			{"+5511988887771", "551188887771", ""},
			{"+551188887772", "5511988887772", ""},
			{"+5566996679628", "556696679628", "5566996679628"},
			{"+551133334444", "551133334444", ""},
		} {
			made, err := w.desk.AddContact("name", "Bruno", "phone_number", person.desk)
			require.NoError(t, err)
			bruno := w.wa.NewPeer(person.phone, "Bruno")
			if person.also != "" {
				bruno.AddAlias(person.also)
			}
			text := "oi from " + person.phone
			bruno.SendText(w.phone, text)
			m := w.desk.wait("the message", withText(text))
			_, err = w.desk.Reply(m.Conversation, "olá")
			require.NoError(t, err)
			_, err = bruno.WaitText(patience, "olá")
			require.NoError(t, err)
			require.Len(t, w.desk.Contacts(), i+1, person.desk)
			conversations := w.desk.Conversations()
			for _, c := range conversations {
				if c.ID == m.Conversation {
					require.Equal(t, made.ID, c.Contact, person.desk)
				}
			}
		}
	})
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

// The same person writes by LID first, then by number: one contact.
func TestR09_ANumberLearnedLateIsFilledIn(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "by lid", whatsapptest.WithLIDOnly())
		w.desk.wait("the first message", withText("by lid"))
		before := w.contact("a contact known by LID", func(c chatwoottest.Contact) bool { return c.Phone == "" })
		w.alice.SendText(w.phone, "with number", whatsapptest.WithLID())
		w.desk.wait("the second message", withText("with number"))
		after := w.contact("the number", func(c chatwoottest.Contact) bool { return c.Phone == "+5511888880002" })
		require.Equal(t, before.ID, after.ID)
		require.Equal(t, "5511888880002@s.whatsapp.net", after.Identifier)
		w.alice.SendText(w.phone, "by number")
		w.desk.wait("the third message", withText("by number"))
		require.Len(t, w.desk.Contacts(), 1)
		require.Len(t, w.desk.Conversations(), 1)
		w.desk.say("hello")
		_, err := w.alice.WaitText(patience, "hello")
		require.NoError(t, err)
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
		require.Len(t, w.desk.Contacts(), 2, "nothing connects the two yet")

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

func TestD34_WhatTheDeskDeletedIsMadeAnew(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "one")
		w.desk.wait("the first", withText("one"))
		require.NoError(t, w.desk.DeleteConversation(w.desk.Conversations()[0].ID))
		w.alice.SendText(w.phone, "two")
		w.desk.wait("the second", withText("two"))
		require.Len(t, w.desk.Contacts(), 1)

		require.NoError(t, w.desk.DeleteContact(w.desk.Contacts()[0].ID))
		w.alice.SendText(w.phone, "three")
		w.desk.wait("the third", withText("three"))
		require.Len(t, w.desk.Contacts(), 1)

		other, err := w.desk.AddContact("name", "Alice Baker")
		require.NoError(t, err)
		require.NoError(t, w.desk.MergeContacts(other.ID, w.desk.Contacts()[0].ID))
		w.alice.SendText(w.phone, "four")
		w.desk.wait("the fourth", withText("four"))
		require.Len(t, w.desk.Contacts(), 1)
		w.desk.say("here you are")
		_, err = w.alice.WaitText(patience, "here you are")
		require.NoError(t, err)
	})
}

func TestD16_AFailedLookupNeverCreates(t *testing.T) {
	for name, path := range map[string]string{
		"contact by source": "/contact_inboxes/filter", "contact by number": "/contacts/filter", "conversations": "/conversations",
	} {
		t.Run(name, func(t *testing.T) {
			oneMode(t, func(t *testing.T, w *world) {
				method := http.MethodPost
				if path == "/conversations" {
					method = http.MethodGet
				}
				w.desk.AddRule(chatwoottest.Rule{Method: method, Path: path, Times: 2, Fault: chatwoottest.InternalServerError()})
				w.alice.SendText(w.phone, "hi")
				w.alice.SendText(w.phone, "there")
				w.desk.wait("both", withText("there"))
				require.Equal(t, []string{"hi", "there"}, w.desk.incoming())
				require.Len(t, w.desk.Contacts(), 1)
				require.Len(t, w.desk.Conversations(), 1)
			})
		})
	}
}

func TestR37_ANameThatChatwootCannotStoreIsNoObstacle(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi\x00 there", whatsapptest.WithPushName("Al\x00ice"))
		w.desk.wait("the message", withText("hi there"))
		require.Equal(t, "Alice", w.desk.Contacts()[0].Name)
	})
}
