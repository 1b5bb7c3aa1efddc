package bridge_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// begin has an agent write first to a number, and gives the message.
func (w *world) begin(number, text string) chatwoottest.Message {
	w.t.Helper()
	contact, err := w.desk.AddContact("name", "Somebody at "+number, "phone_number", "+"+number)
	require.NoError(w.t, err)
	m, err := w.desk.StartConversation(w.desk.Inboxes()[0].ID, contact.ID, text)
	require.NoError(w.t, err)
	return m
}

// Only WhatsApp knows under which form of a number an account is registered.
func TestT01_AnAgentWritesFirstToAnotherFormOfTheNumber(t *testing.T) {
	eachListening(t, func(t *testing.T, w *world) {
		for written, registered := range map[string]string{
			"5531987654321": "553187654321",  // Brazil, without the ninth digit
			"551187654322":  "5511987654322", // and with it
			"541145678901":  "5491145678901", // Argentina's 9
			"5491145678902": "541145678902",
			"525512345678":  "5215512345678", // Mexico's 1
			"5215512345679": "525512345679",
		} {
			customer := w.wa.NewPeer(registered, "Customer "+registered)
			customer.AddAlias(written)
			first := w.begin(written, "hello "+written)
			there, err := customer.WaitText(patience, "hello "+written)
			require.NoError(t, err)
			w.desk.wait("the tick", withStatus(first.ID, "delivered"))
			customer.MarkRead(there.ID)
			w.desk.wait("the blue tick", withStatus(first.ID, "read"))
			for i, how := range [][]whatsapptest.SendOption{nil, {whatsapptest.WithLID()}, {whatsapptest.WithLIDOnly()}} {
				answer := strconv.Itoa(i) + " from " + registered
				customer.SendText(w.phone, answer, how...)
				require.Equal(t, first.Conversation, w.desk.wait("the answer", withText(answer)).Conversation)
			}
			second, err := w.desk.Reply(first.Conversation, "again "+written)
			require.NoError(t, err)
			w.desk.wait("the second tick", withStatus(second.ID, "delivered"))
			require.Equal(t, []string{"hello " + written, "again " + written}, customer.Texts())
		}
		require.Len(t, w.desk.Contacts(), 6)
		require.Len(t, w.desk.Conversations(), 6)
	})
}

// WhatsApp itself leads the form that was written to the account, without the bridge
// knowing any rule of that country.
func TestT01_WhatsAppsAnswerDecidesWhateverTheRule(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		customer := w.wa.NewPeer("4915112345678", "Karl")
		customer.AddAlias("49015112345678")
		first := w.begin("49015112345678", "hello")
		w.desk.wait("the tick", withStatus(first.ID, "delivered"))
		customer.SendText(w.phone, "hello too")
		require.Equal(t, first.Conversation, w.desk.wait("the answer", withText("hello too")).Conversation)
		require.Len(t, w.desk.Contacts(), 1)
	})
}

// Somebody with a chat is written to first under another form of the number.
func TestT01_AFormOfACustomersNumberLeadsToHerChat(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		customer := w.wa.NewPeer("4915112345678", "Karl")
		customer.AddAlias("49015112345678")
		customer.SendText(w.phone, "hi")
		w.desk.wait("the question", withText("hi"))
		elder := w.desk.Contacts()[0]
		first := w.begin("49015112345678", "about your order")
		w.desk.wait("the tick", withStatus(first.ID, "delivered"))
		customer.SendText(w.phone, "which order?")
		require.Equal(t, first.Conversation, w.desk.wait("the answer", withText("which order?")).Conversation)
		require.Equal(t, []string{"about your order"}, customer.Texts())
		w.contact("one contact", func(c chatwoottest.Contact) bool { return len(w.desk.Contacts()) == 1 && c.ID == elder.ID })
	})
}

func TestT01_ANumberThatIsNotOnWhatsAppInAnyFormFailsVisibly(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		for _, number := range []string{"5531987654321", "541145678901", "525512345678", "4915112345678"} {
			first := w.begin(number, "hello")
			failed := w.desk.wait("the red bubble", withStatus(first.ID, "failed"))
			require.Equal(t, "This number is not on WhatsApp.", failed.Reason)
		}
	})
}

// moved is Alice, who has talked with the desk and has another number now.
func moved(w *world, number string) (before chatwoottest.Message, stranger *whatsapptest.Peer) {
	w.t.Helper()
	old := w.alice.Number()
	w.alice.SendText(w.phone, "my old number")
	before = w.desk.wait("the first message", withText("my old number"))
	require.NoError(w.t, w.alice.ChangeNumber(number))
	return before, w.wa.NewPeer(old, "A stranger")
}

// bothNumbers runs a test with a new number that sorts before the old one, and after.
func bothNumbers(t *testing.T, test func(t *testing.T, w *world, number string)) {
	eachMode(t, func(t *testing.T, w *world) { test(t, w, "5511000000001") })
	for _, number := range []string{"5511900000009"} {
		t.Run("sorting after", func(t *testing.T) {
			oneMode(t, func(t *testing.T, w *world) { test(t, w, number) })
		})
	}
}

// What the desk does goes to the person, whatever number she has, and to nobody who has
// hers.
func TestT08_AnswersFollowThePersonToHerNewNumber(t *testing.T) {
	bothNumbers(t, func(t *testing.T, w *world, number string) {
		before, stranger := moved(w, number)
		unseen := w.desk.say("before she writes from it")
		w.desk.wait("the tick", withStatus(unseen.ID, "delivered"))

		asked := w.alice.SendText(w.phone, "my new number")
		require.Equal(t, before.Conversation, w.desk.wait("the second message", withText("my new number")).Conversation)
		require.NoError(t, w.desk.Type(before.Conversation, true))
		_, err := w.alice.WaitTyping(patience, whatsapptest.Composing)
		require.NoError(t, err)
		reply := w.desk.say("to the new number")
		w.desk.wait("the tick", withStatus(reply.ID, "delivered"))
		_, err = w.alice.WaitReceipt(patience, asked, types.ReceiptTypeRead)
		require.NoError(t, err)
		require.NoError(t, w.desk.Delete(reply.ID))
		_, err = w.alice.WaitKind(patience, "revoke")
		require.NoError(t, err)

		require.Empty(t, stranger.Messages())
		require.Empty(t, stranger.TypingEvents())
		contact := w.contact("the new number", func(c chatwoottest.Contact) bool { return c.Phone == "+"+number })
		require.Equal(t, w.alice.LID().String(), contact.Identifier)
		require.Equal(t, "Alice", contact.Name)
		require.Len(t, w.desk.Contacts(), 1)
	})
}

// The number's next owner is another customer, with a chat of their own or without.
func TestT08_ANumberThatIsSomebodyElsesNowMakesNobodyOfTwo(t *testing.T) {
	for name, known := range map[string]bool{"who has no chat yet": false, "who has a chat": true} {
		t.Run(name, func(t *testing.T) {
			eachMode(t, func(t *testing.T, w *world) {
				old := w.alice.Number()
				w.alice.SendText(w.phone, "I am Alice")
				hers := w.desk.wait("Alice", withText("I am Alice")).Conversation
				bob := w.wa.NewPeer("5511777770003", "Bob")
				if known {
					bob.SendText(w.phone, "I am Bob")
					w.desk.wait("Bob", withText("I am Bob"))
				}
				require.NoError(t, w.alice.ChangeNumber("5511666660004"))
				require.NoError(t, bob.ChangeNumber(old))

				bob.SendText(w.phone, "Bob at her old number")
				his := w.desk.wait("Bob", withText("Bob at her old number")).Conversation
				require.NotEqual(t, hers, his)
				for conversation, customer := range map[int]*whatsapptest.Peer{hers: w.alice, his: bob} {
					require.NoError(t, w.desk.Type(conversation, true))
					_, err := customer.WaitTyping(patience, whatsapptest.Composing)
					require.NoError(t, err)
					reply, err := w.desk.Reply(conversation, "to "+customer.Name())
					require.NoError(t, err)
					w.desk.wait("the tick", withStatus(reply.ID, "delivered"))
					require.NoError(t, w.desk.Delete(reply.ID))
					_, err = customer.WaitKind(patience, "revoke")
					require.NoError(t, err)
				}
				for _, how := range [][]whatsapptest.SendOption{nil, {whatsapptest.WithLIDOnly()}} {
					text := "Alice still, " + strconv.Itoa(len(how))
					w.alice.SendText(w.phone, text, how...)
					require.Equal(t, hers, w.desk.wait("Alice", withText(text)).Conversation)
				}
				require.Equal(t, "to Alice", w.alice.Texts()[0])
				require.Equal(t, "to Bob", bob.Texts()[0])
				w.contact("Alice's", func(c chatwoottest.Contact) bool {
					return c.Name == "Alice" && c.Phone == "+5511666660004" && c.Identifier == w.alice.LID().String()
				})
				w.contact("Bob's", func(c chatwoottest.Contact) bool { return c.Name == "Bob" && c.Phone == "+"+old })
				require.Len(t, w.desk.Contacts(), 2)
			})
		})
	}
}

// An agent writes first to a number that a customer had before.
func TestT08_AnAgentWritesFirstToANumberThatWasACustomers(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		before, stranger := moved(w, "5511666660004")
		w.alice.SendText(w.phone, "my new number")
		w.desk.wait("the new number", withText("my new number"))
		w.contact("the new number", func(c chatwoottest.Contact) bool { return c.Phone == "+5511666660004" })
		first := w.begin(stranger.Number(), "hello stranger")
		require.NotEqual(t, before.Conversation, first.Conversation)
		w.desk.wait("the tick", withStatus(first.ID, "delivered"))
		stranger.SendText(w.phone, "hello desk")
		require.Equal(t, first.Conversation, w.desk.wait("the answer", withText("hello desk")).Conversation)
		require.Empty(t, w.alice.Texts())
	})
}

// Somebody whose number nobody is shown is a customer like any other.
func TestT08_APersonWithAHiddenIDOnlyIsAWholeContact(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		w.alice.HideNumber(true)
		nameless := w.wa.NewPeer("5511777770003", "")
		nameless.HideNumber(true)
		for _, customer := range []*whatsapptest.Peer{w.alice, nameless} {
			customer.SendText(w.phone, "hi from "+customer.Number())
			first := w.desk.wait("the message", withText("hi from "+customer.Number()))
			reply, err := w.desk.Reply(first.Conversation, "hello")
			require.NoError(t, err)
			w.desk.wait("the tick", withStatus(reply.ID, "delivered"))
			lid := customer.LID()
			contact := w.contact("the contact", func(c chatwoottest.Contact) bool { return c.Identifier == lid.String() })
			require.Empty(t, contact.Phone)
			want := customer.Name()
			if want == "" {
				want = "WhatsApp …" + lid.User[len(lid.User)-4:]
			}
			require.Equal(t, want, contact.Name)
			for _, c := range w.desk.Contacts() {
				require.NotContains(t, c.Phone, lid.User[:10])
			}
		}
		nameless.SetName("Nora")
		nameless.SendText(w.phone, "my name is Nora")
		w.contact("the name", named("Nora"))
		require.Len(t, w.desk.Contacts(), 2)
	})
}
