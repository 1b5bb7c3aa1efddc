package bridge_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func TestD17_ABurstFromANewChatOpensOneConversation(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		w.desk.AddRule(chatwoottest.Rule{Method: http.MethodPost, Path: "/conversations", Times: 1, Fault: chatwoottest.Slow(300 * time.Millisecond)})
		var want []string
		for i := range 15 {
			want = append(want, fmt.Sprintf("burst %02d", i))
			w.alice.SendText(w.phone, want[i], []whatsapptest.SendOption{whatsapptest.WithLID()}[:i%2]...)
		}
		w.desk.wait("the last", withText(want[14]))
		require.Equal(t, want, w.desk.incoming())
		require.Len(t, w.desk.Contacts(), 1)
		require.Len(t, w.desk.Conversations(), 1)
	})
}

// talkElsewhere opens conversations in another account.
func (d desk) talkElsewhere(n int) {
	d.t.Helper()
	account := d.AddAccount("Another")
	admin := d.AddAdministrator(account, chatwoottest.UserSpec{Name: "Zoe", Email: "zoe@example.com"})
	client, err := chatwoot.New(chatwoot.Config{BaseURL: d.URL(), Token: d.Token(admin), Account: int64(account)})
	require.NoError(d.t, err)
	inbox, err := client.CreateInbox(d.t.Context(), chatwoot.NewInbox{Name: "Another"})
	require.NoError(d.t, err)
	for i := range n {
		source := fmt.Sprintf("source-%d", i)
		contact, err := client.CreateContact(d.t.Context(), chatwoot.NewContact{Inbox: inbox.ID, SourceID: source, Name: source})
		require.NoError(d.t, err)
		_, err = client.CreateConversation(d.t.Context(), inbox.ID, contact.ID, source)
		require.NoError(d.t, err)
	}
}

// The number in Chatwoot's addresses is not the row's: in an account that is
// not the first one, one customer's number is another customer's row.
func TestD26_RepliesGoToTheConversationTheyWereWrittenIn(t *testing.T) {
	eachListening(t, func(t *testing.T, w *world) {
		w.desk.talkElsewhere(3)
		bob := w.wa.NewPeer("5511777770003", "Bob")
		customers := []*whatsapptest.Peer{w.alice, bob, w.wa.NewPeer("5511666660004", "Carol"), w.wa.NewPeer("5511555550005", "Dora"), w.wa.NewPeer("5511444440006", "Eva")}
		conversations := make([]int, len(customers))
		for i, c := range customers {
			c.SendText(w.phone, "I am "+c.Name())
			conversations[i] = w.desk.wait("the question", withText("I am "+c.Name())).Conversation
			require.Equal(t, i+1, conversations[i])
		}
		for i, c := range customers {
			m, err := w.desk.Reply(conversations[i], "to "+c.Name())
			require.NoError(t, err)
			w.desk.wait("the tick, in its conversation", withStatus(m.ID, "delivered"))
			c.SendText(w.phone, "thanks from "+c.Name())
			require.Equal(t, conversations[i], w.desk.wait("the answer", withText("thanks from "+c.Name())).Conversation)
			require.Equal(t, []string{"to " + c.Name()}, c.Texts())
		}
	})
}

// The own phone reads the chat: that says nothing about the customer.
func TestD27_ReadOnTheOwnPhoneIsNotReadByTheCustomer(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		asked := w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		m := w.desk.say("hello")
		w.desk.wait("the tick", withStatus(m.ID, "delivered"))
		w.phone.MarkRead(asked)
		w.alice.SendText(w.phone, "end")
		w.desk.wait("the end", withText("end"))
		w.idle("status")
		got, ok := w.desk.Message(m.ID)
		require.True(t, ok)
		require.Equal(t, "delivered", got.Status)
	})
}

func TestD43_AGroupsSenderKeyIsNotShown(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		group := w.wa.NewGroup("Bakers", true, w.alice, w.alice, w.phone)
		w.alice.SendText(group, "first, with the key")
		w.alice.SendText(group, "second")
		w.desk.wait("the second", func(m chatwoottest.Message) bool { return m.Text == "**~Alice** (+5511888880002):\nsecond" })
		require.Equal(t, []string{"**~Alice** (+5511888880002):\nfirst, with the key", "**~Alice** (+5511888880002):\nsecond"}, w.desk.incoming())
	})
}

// Redis loses everything again and again while messages go both ways.
func TestD33_RedisFlushedInTheMiddle(t *testing.T) {
	t.Parallel()
	prefix := databasetest.Unique() + "/"
	cache, err := idmap.NewRedis(databasetest.RedisURL(t), prefix)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cache.Close()) })
	opts, err := redis.ParseURL(databasetest.RedisURL(t))
	require.NoError(t, err)
	admin := redis.NewClient(opts)
	t.Cleanup(func() { require.NoError(t, admin.Close()) })
	flushed := 0
	flush := func() { // only what is this test's
		keys, err := admin.Keys(t.Context(), prefix+"*").Result()
		require.NoError(t, err)
		if len(keys) > 0 {
			flushed++
			require.NoError(t, admin.Del(t.Context(), keys...).Err())
		}
	}

	w := newWorld(t, databasetest.Postgres(t), cache, settingOf(t, nil))
	talking(w)
	in, out := []string{"hi"}, []string(nil)
	for i := range 30 {
		flush()
		question, answer := fmt.Sprintf("in %02d", i), fmt.Sprintf("out %02d", i)
		in, out = append(in, question), append(out, answer)
		id := w.alice.SendText(w.phone, question)
		w.told("created", w.desk.say(answer).ID)
		if i%10 == 9 {
			flush()
			asked := w.desk.wait("the question", withText(question))
			w.alice.Revoke(w.phone, id)
			w.desk.wait("the note about it", note(asked.ID))
		}
	}
	w.desk.wait("the last question", withText("in 29"))
	_, err = w.alice.WaitText(patience, "out 29")
	require.NoError(t, err)
	require.Equal(t, in, w.desk.incoming())
	require.Equal(t, out, w.alice.Texts())
	require.Len(t, w.desk.Contacts(), 1)
	require.Len(t, w.desk.Conversations(), 1)
	require.Greater(t, flushed, 3)
}

// Once a chat is known, a message is one request: no lookups, no search.
func TestD37_AMessageInAKnownChatIsOneRequest(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		w.idle("in")
		w.idle("upkeep")
		require.NoError(t, w.desk.WaitIdle(t.Context()))
		before := w.desk.Requests()
		const n = 40
		for i := range n {
			w.alice.SendText(w.phone, fmt.Sprintf("message %02d", i))
		}
		w.desk.wait("the last", withText("message 39"))
		w.idle("in")
		asked := map[string]int{}
		for route, times := range w.desk.Requests() {
			pass := strings.HasPrefix(route, "GET ") && !strings.Contains(route, "contact") // reconciliation lists what there is
			if times -= before[route]; times > 0 && !pass {
				asked[route] = times
			}
		}
		require.Equal(t, map[string]int{"POST /api/v1/accounts/{account}/conversations/{conversation}/messages": n}, asked)
	})
}
