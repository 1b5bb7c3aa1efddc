package chatwoottest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

func TestFrameFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	l := w.listen(w.admin())
	say := func(text string) int {
		t.Helper()
		return w.incoming(conv, text)
	}
	contents := func(n int) (texts []string) {
		t.Helper()
		for range n {
			texts = append(texts, l.until("message.created").Message.Data.Content)
		}
		return texts
	}
	var asked []chatwoottest.Frame
	remove := w.OnFrame(func(f chatwoottest.Frame) chatwoottest.FrameFault {
		asked = append(asked, f)
		return chatwoottest.FrameFault{}
	})
	id := say("untouched")
	require.Equal(t, []string{"untouched"}, contents(1))
	require.Equal(t, "contact.updated", l.next().Message.Event)
	remove()
	require.Equal(t, chatwoottest.Frame{Event: "message.created", Account: 1, User: w.admin(), Inbox: w.inbox, Conversation: conv, Message: id}, asked[0])

	w.AddFrameRule(chatwoottest.FrameRule{Event: "message.created", Times: 1, Fault: chatwoottest.FrameFault{Drop: true}})
	say("lost")
	say("kept")
	require.Equal(t, []string{"kept"}, contents(1))

	w.AddFrameRule(chatwoottest.FrameRule{Event: "message.created", Times: 1, Fault: chatwoottest.FrameFault{Duplicates: 2}})
	say("thrice")
	require.Equal(t, []string{"thrice", "thrice", "thrice"}, contents(3))

	w.AddFrameRule(chatwoottest.FrameRule{Event: "message.created", Times: 1, Fault: chatwoottest.FrameFault{Delay: time.Hour}})
	say("overtaken")
	say("overtaking")
	require.Equal(t, []string{"overtaking"}, contents(1))

	w.AddFrameRule(chatwoottest.FrameRule{Every: 2, Fault: chatwoottest.FrameFault{Drop: true}})
	w.ClearFaults()
	say("one")
	say("two")
	require.Equal(t, []string{"one", "two"}, contents(2))
}

// A frame that comes later comes to whoever is connected then.
func TestADelayedFrameFindsANewConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	w.listen(w.admin())
	sending, connected := make(chan struct{}), make(chan struct{})
	w.OnFrame(func(f chatwoottest.Frame) chatwoottest.FrameFault {
		if f.Event == "message.created" {
			close(sending)
			<-connected
		}
		return chatwoottest.FrameFault{Delay: time.Millisecond}
	})
	_, err := w.Reply(conv, "late")
	require.NoError(t, err)
	<-sending
	w.CutLive()
	l := w.connect()
	l.subscribe(w.identifier(w.admin()))
	require.Equal(t, "confirm_subscription", l.next().Type)
	close(connected)
	require.Equal(t, "late", l.until("message.created").Message.Data.Content)
}

func TestASilentChannelNeverConfirms(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{PingEvery: 5 * time.Millisecond})
	before := w.listen(w.admin())
	w.SetLive(chatwoottest.LiveFaults{Silent: true})
	require.True(t, w.Live().Silent)
	l := w.connect()
	l.subscribe(w.identifier(w.admin()))
	_, err := w.WaitLive(patience, func(c chatwoottest.LiveConnection) bool { return c.User == w.admin() && !c.Confirmed })
	require.NoError(t, err)
	require.Empty(t, before.events())
	l.quiet()
	<-l.pings
}

// Pings say nothing about whether events come.
func TestADeafChannelStillPings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{PingEvery: 5 * time.Millisecond})
	conv := w.newConversation("Maria")
	l := w.listen(w.admin())
	w.SetLive(chatwoottest.LiveFaults{Deaf: true})
	w.incoming(conv, "unheard")
	w.PublishForeign(77, 3)
	another := w.connect()
	another.subscribe(w.identifier(w.admin()))
	require.Equal(t, "confirm_subscription", another.next().Type)
	another.quiet()
	require.Equal(t, "mark", l.next().Type)
	<-l.pings
	w.SetLive(chatwoottest.LiveFaults{})
	w.incoming(conv, "heard")
	require.Equal(t, "heard", l.next().Message.Data.Content, "what it missed does not come later")
}

func TestPingsMayBeMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{PingEvery: time.Millisecond})
	w.SetLive(chatwoottest.LiveFaults{NoPings: true})
	l := w.listen(w.admin())
	for range 20 {
		w.get("", "/api")
	}
	l.quiet()
	require.Empty(t, l.pings)
	w.ClearFaults()
	<-l.pings
}

// A proxy cuts what is open for too long, new connections too.
func TestConnectionsAreCutAfterAWhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	l := w.listen(w.admin())
	w.SetLive(chatwoottest.LiveFaults{CutAfter: time.Second})
	require.EqualValues(t, -1, websocket.CloseStatus(l.end()), "without a goodbye")
	require.EqualValues(t, -1, websocket.CloseStatus(w.connect().end()))
	w.ClearFaults()
	w.listen(w.admin()).quiet()
}

func TestWhatHappensWhileNobodyIsConnectedIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	l := w.listen(w.admin())
	w.CutLive()
	require.Empty(t, w.LiveConnections())
	require.EqualValues(t, -1, websocket.CloseStatus(l.end()))
	w.incoming(conv, "lost")
	l = w.listen(w.admin())
	l.quiet()
	w.incoming(conv, "heard")
	require.Equal(t, "heard", l.next().Message.Data.Content)
}

func TestAnyTextCanBeSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	l := w.listen(w.admin())
	for _, text := range []string{"", "garbage", "{", strings.Repeat("x", 9<<20)} {
		w.SendFrame([]byte(text))
		require.True(t, text == l.text(), "it comes as it is")
	}
}

func TestFramesOfAnotherInboxAreCheap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	l := w.listen(w.admin())
	w.PublishForeign(77, 500)
	for range 500 {
		e := l.next()
		require.Equal(t, "message.created", e.Message.Event)
		require.Equal(t, []int{77, 1}, []int{e.Message.Data.InboxID, e.Message.Data.AccountID})
		require.Equal(t, w.identifier(w.admin()), e.Identifier)
	}
}

// A client that reads nothing holds up neither the answers nor the end.
func TestAClientThatDoesNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	ws := dial(t, w.URL())
	defer ws.CloseNow()
	require.NoError(t, ws.Write(t.Context(), websocket.MessageText,
		[]byte(mustJSON(t, map[string]string{"command": "subscribe", "identifier": w.identifier(w.admin())}))))
	_, err := w.WaitLive(patience, confirmed)
	require.NoError(t, err)
	w.SendFrame(make([]byte, 64<<20))
	w.incoming(conv, "answered all the same")
	w.CutLive()
	require.Empty(t, w.LiveConnections())
}
