package presence_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/bridge/presence"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

const alice, bob = "5511888880002@s.whatsapp.net", "5511888880003@s.whatsapp.net"

// phone remembers to whom typing was shown, and whether the line was online.
type phone struct {
	mu            sync.Mutex
	shown, online []string
}

// Online implements presence.Session.
func (p *phone) Online(_ context.Context, on bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.online = append(p.online, fmt.Sprint(on))
	return nil
}

// Typing implements presence.Session.
func (p *phone) Typing(_ context.Context, to string, on bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shown = append(p.shown, fmt.Sprint(to, " ", on))
	return nil
}

// newTyping is a line that knows Alice and Bob; asked counts what Chatwoot is asked
// for.
func newTyping(t *testing.T) (typing *presence.Typing, l *linetest.Line, p *phone, asked *int) {
	asked = new(int)
	desk := &linetest.Chatwoot{Decide: func(_ *linetest.Chatwoot, r *http.Request) (*http.Response, error) {
		*asked++
		return linetest.Answer(r, http.StatusOK, nil), nil
	}}
	l, p = linetest.New(t, linetest.Options{Chatwoot: desk}), &phone{}
	l.Know(alice, 1)
	l.Know(bob, 2)
	return &presence.Typing{
		Inbox: l.Inbox, IDs: l.IDs, Session: p, Log: l.Log, Background: func(fn func(context.Context)) { fn(context.Background()) }, Clock: time.Now,
	}, l, p, asked
}

// Composing events come many times a second.
func TestACustomersTypingIsToldOnceInSomeSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		typing, _, _, asked := newTyping(t)
		from := func(jid string) { typing.Customer(content.Address{JID: jid}, true) }
		for range 10 {
			from(alice)
		}
		require.Equal(t, 1, *asked)
		from(bob)
		require.Equal(t, 2, *asked, "each chat has its own turn")
		typing.Customer(content.Address{JID: bob}, false)
		time.Sleep(5*time.Second + time.Millisecond)
		from(alice)
		require.Equal(t, 3, *asked)
		from("5511888880004@s.whatsapp.net")
		require.Equal(t, 3, *asked, "nobody has written yet")
	})
}

func TestT21_AnAgentsTypingIsShownAndEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		typing, l, p, _ := newTyping(t)
		chat, err := l.IDs.ChatByConversation(t.Context(), linetest.ID, 1)
		require.NoError(t, err)
		event := func(kind string) chatwoot.Event {
			return chatwoot.Event{Kind: kind, Conversation: chatwoot.EventConversation{ID: 1, SourceID: chat.SourceID}}
		}
		typing.Agent(event(chatwoot.EventTypingOff))
		require.Empty(t, p.shown, "T21: nobody has begun")
		for range 3 {
			typing.Agent(event(chatwoot.EventTypingOn))
		}
		for range 3 {
			typing.Agent(event(chatwoot.EventTypingOff))
		}
		require.Equal(t, []string{alice + " true", alice + " false"}, p.shown)
		time.Sleep(5*time.Second + time.Millisecond)
		typing.Agent(event(chatwoot.EventTypingOn))
		require.Len(t, p.shown, 3)
	})
}

func TestTheLineIsOnlineWhileAnAgentTypes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		typing, l, p, _ := newTyping(t)
		event := func(kind string, conversation int64) {
			chat, err := l.IDs.ChatByConversation(t.Context(), linetest.ID, conversation)
			require.NoError(t, err)
			typing.Agent(chatwoot.Event{Kind: kind, Conversation: chatwoot.EventConversation{ID: chatwoot.ConversationID(conversation), SourceID: chat.SourceID}})
		}
		event(chatwoot.EventTypingOn, 1)
		event(chatwoot.EventTypingOn, 2)
		event(chatwoot.EventTypingOff, 1)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, []string{"true"}, p.online, "the other one types still")
		event(chatwoot.EventTypingOff, 2)
		time.Sleep(6 * time.Second)
		synctest.Wait()
		require.Equal(t, []string{"true", "false"}, p.online)
		event(chatwoot.EventTypingOn, 1)
		time.Sleep(31 * time.Second)
		synctest.Wait()
		require.Equal(t, []string{"true", "false", "true", "false"}, p.online, "who never says that it is over is over")
	})
}
