package chatwoot_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

func TestASubscriptionBringsWhatHappens(t *testing.T) {
	t.Parallel()
	desk := newDesk(t, chatwoottest.Options{PingEvery: 5 * time.Millisecond})
	conversation := desk.conversation()
	l := desk.dial()
	l.kind(chatwoot.FrameWelcome)
	l.kind(chatwoot.FramePing)
	require.NoError(t, l.Subscribe(l.ctx, desk.subscription()))
	l.kind(chatwoot.FrameConfirmed)
	m, err := desk.Reply(conversation, "heard")
	require.NoError(t, err)
	e := l.until(chatwoot.EventMessageCreated)
	require.Equal(t, []any{"heard", chatwoot.MessageID(m.ID), desk.inbox.ID, true}, []any{e.Message.Content, e.Message.ID, e.Inbox, e.Live})
	require.NoError(t, desk.Type(conversation, true))
	require.True(t, l.until(chatwoot.EventTypingOn).AgentTyping)
}

// What is refused stays open and says nothing.
func TestARefusedSubscriptionSaysNothing(t *testing.T) {
	t.Parallel()
	desk := newDesk(t, chatwoottest.Options{PingEvery: time.Millisecond})
	wrong := desk.subscription()
	wrong.Pubsub = "nobody's"
	l := desk.dial()
	require.NoError(t, l.Subscribe(l.ctx, wrong))
	_, err := desk.WaitLive(patience, func(c chatwoottest.LiveConnection) bool { return c.User != 0 })
	require.NoError(t, err)
	desk.conversation()
	desk.SendFrame([]byte(`{"type":"confirm_subscription"}`)) // a mark
	for {
		f, err := l.Next(l.ctx)
		require.NoError(t, err)
		require.NotEqual(t, chatwoot.FrameEvent, f.Kind)
		if f.Kind == chatwoot.FrameConfirmed {
			break
		}
	}
}

// The handshake goes below Chatwoot's path, to a WebSocket of its protocol, and
// carries neither the token nor an origin.
func TestWhatTheHandshakeSays(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusNotFound, http.StatusOK, http.StatusForbidden, http.StatusUpgradeRequired, http.StatusBadRequest} {
		asked := make(chan *http.Request, 1)
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			asked <- r
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "Page not found")
		})
		_, err := c.DialCable(ctx)
		require.ErrorIs(t, err, chatwoot.ErrNoUpgrade, status)
		require.NotContains(t, err.Error(), "127.0.0.1")
		r := <-asked
		require.Equal(t, "/cable", r.URL.Path)
		require.Equal(t, []string{"actioncable-v1-json"}, r.Header.Values("Sec-Websocket-Protocol"))
		require.Equal(t, "websocket", strings.ToLower(r.Header.Get("Upgrade")))
		require.Contains(t, r.Header.Get("User-Agent"), "Wootbridge")
		for _, header := range []string{"Api-Access-Token", "Authorization", "Origin", "Cookie"} {
			require.Empty(t, r.Header.Get(header), header)
		}
		require.NotContains(t, fmt.Sprint(r.Header, r.URL), "secret-token")
	}
}

// A Chatwoot that has trouble at the moment is not one behind a bad proxy.
func TestALiveChannelThatIsAway(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusTooManyRequests} {
		_, err := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }).DialCable(ctx)
		var unavailable *chatwoot.UnavailableError
		require.ErrorAs(t, err, &unavailable, status)
		require.NotErrorIs(t, err, chatwoot.ErrNoUpgrade)
	}
	c, err := chatwoot.New(chatwoot.Config{BaseURL: "http://127.0.0.1:1", Token: "secret-token", Account: 1, Transport: transport(t)})
	require.NoError(t, err)
	_, err = c.DialCable(ctx)
	require.Error(t, err)
	require.NotErrorIs(t, err, chatwoot.ErrNoUpgrade)
	require.NotContains(t, err.Error(), "127.0.0.1")

	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err = c.DialCable(ended)
	require.ErrorIs(t, err, context.Canceled)
}

func TestNoUpgradeIsWhatProxiesAnswer(t *testing.T) {
	t.Parallel()
	desk := newDesk(t, chatwoottest.Options{})
	desk.SetLive(chatwoottest.LiveFaults{NoUpgrade: true})
	_, err := desk.client.DialCable(ctx)
	require.ErrorIs(t, err, chatwoot.ErrNoUpgrade)
	desk.ClearFaults()
	desk.listen()
}

// A long e-mail of another inbox must not end the connection again and again.
func TestAFrameThatIsTooLargeCostsItsEventOnly(t *testing.T) {
	t.Parallel()
	desk := newDesk(t, chatwoottest.Options{})
	l := desk.listen()
	sized := func(size int) []byte {
		raw := wrapped("message.created", `{"id":1,"account_id":1,"inbox_id":77,"content":""}`)
		return []byte(strings.Replace(string(raw), `"content":"`, `"content":"`+strings.Repeat("x", size-len(raw)), 1))
	}
	const most = 8 << 20
	for _, size := range []int{33 << 10, 1 << 20, most} {
		desk.SendFrame(sized(size))
		for {
			f := l.kind(chatwoot.FrameEvent)
			if f.Inbox == 77 {
				e, err := f.Decode()
				require.NoError(t, err)
				require.Greater(t, len(e.Message.Content), size-300)
				break
			}
		}
	}
	for _, size := range []int{most + 1, 9 << 20} {
		desk.SendFrame(sized(size))
		require.Equal(t, chatwoot.Frame{Kind: chatwoot.FrameTooLarge}, l.kind(chatwoot.FrameTooLarge))
		desk.SendFrame(sized(500))
		require.EqualValues(t, 77, l.kind(chatwoot.FrameEvent).Inbox, "the next one is read")
	}
}

func TestGarbageDoesNotEndTheConnection(t *testing.T) {
	t.Parallel()
	desk := newDesk(t, chatwoottest.Options{})
	conversation := desk.conversation()
	l := desk.listen()
	for _, raw := range hostileFrames() {
		if len(raw) < 64<<10 {
			desk.SendFrame([]byte(raw))
		}
	}
	_, err := desk.Reply(conversation, "after all that")
	require.NoError(t, err)
	for {
		f, err := l.Next(l.ctx)
		require.NoError(t, err)
		if e, err := f.Decode(); err == nil && f.Event == chatwoot.EventMessageCreated && e.Message.Content == "after all that" {
			return
		}
	}
}

func TestHowAConnectionEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(d *desk, l *listener){
		"cut":                func(d *desk, _ *listener) { d.CutLive() },
		"by us":              func(_ *desk, l *listener) { l.Close() },
		"by us, twice":       func(_ *desk, l *listener) { l.Close(); l.Close() },
		"a proxy's patience": func(d *desk, _ *listener) { d.SetLive(chatwoottest.LiveFaults{CutAfter: time.Nanosecond}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			desk := newDesk(t, chatwoottest.Options{})
			l := desk.listen()
			end(desk, l)
			for {
				if _, err := l.Next(l.ctx); err != nil {
					require.ErrorIs(t, err, chatwoot.ErrLiveEnded)
					break
				}
			}
			_, err := l.Next(l.ctx)
			require.ErrorIs(t, err, chatwoot.ErrLiveEnded, "it stays ended")
		})
	}
}

func TestAWaitForAFrameEndsWithItsContext(t *testing.T) {
	t.Parallel()
	desk := newDesk(t, chatwoottest.Options{PingEvery: time.Hour})
	l := desk.listen()
	ended, cancel := context.WithCancelCause(l.ctx)
	cause := errors.New("no longer needed")
	cancel(cause)
	_, err := l.Next(ended)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, chatwoot.ErrSilent)
}

// piped answers an upgrade with a pipe instead of a socket, so that a connection
// lives on the clock of a synctest bubble.
type piped struct{ connections chan *websocket.Conn }

// RoundTrip implements http.RoundTripper.
func (p piped) RoundTrip(r *http.Request) (*http.Response, error) {
	ours, theirs := net.Pipe()
	answer := &upgraded{ResponseRecorder: httptest.NewRecorder(), conn: theirs}
	conn, err := websocket.Accept(answer, r, &websocket.AcceptOptions{Subprotocols: []string{"actioncable-v1-json"}})
	if err != nil {
		return nil, err
	}
	p.connections <- conn
	resp := answer.Result()
	resp.Body, resp.Request = ours, r
	return resp, nil
}

// upgraded is a response whose connection is taken over.
type upgraded struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

// Hijack implements http.Hijacker.
func (u *upgraded) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return u.conn, bufio.NewReadWriter(bufio.NewReader(u.conn), bufio.NewWriter(u.conn)), nil
}

// onAPipe is a connection without a socket, and its other end.
func onAPipe(t *testing.T) (cable *chatwoot.Cable, server *websocket.Conn) {
	t.Helper()
	p := piped{make(chan *websocket.Conn, 1)}
	c, err := chatwoot.New(chatwoot.Config{BaseURL: "https://chat.example.com/desk", Token: "secret-token", Account: 1, Transport: p})
	require.NoError(t, err)
	cable, err = c.DialCable(t.Context())
	require.NoError(t, err)
	return cable, <-p.connections
}

// Pings come every three seconds: after ten without anything the connection is
// dead, whatever TCP thinks.
func TestAConnectionThatFallsSilentIsDead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cable, server := onAPipe(t)
		defer cable.Close()
		defer server.CloseNow()
		go func() {
			for i := range 30 {
				time.Sleep(3 * time.Second)
				_ = server.Write(t.Context(), websocket.MessageText, fmt.Appendf(nil, `{"type":"ping","message":%d}`, i))
			}
		}()
		for range 30 {
			f, err := cable.Next(t.Context())
			require.NoError(t, err)
			require.Equal(t, chatwoot.FramePing, f.Kind)
		}
		began := time.Now()
		_, err := cable.Next(t.Context())
		require.ErrorIs(t, err, chatwoot.ErrSilent)
		require.Equal(t, 10*time.Second, time.Since(began))
	})
}

func TestAGoodbyeIsAnEndToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cable, server := onAPipe(t)
		defer cable.Close()
		go func() { _ = server.Close(websocket.StatusGoingAway, "restarting") }()
		_, err := cable.Next(t.Context())
		require.ErrorIs(t, err, chatwoot.ErrLiveEnded)
	})
}

// Whoever does not answer the handshake, or takes no command, is not waited for.
func TestAHandshakeMayNotTakeLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := chatwoot.New(chatwoot.Config{BaseURL: "https://chat.example.com", Token: "secret-token", Account: 1, Transport: stuck{}})
		require.NoError(t, err)
		began := time.Now()
		_, err = c.DialCable(t.Context())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 10*time.Second, time.Since(began))
	})
	synctest.Test(t, func(t *testing.T) {
		cable, server := onAPipe(t)
		defer server.CloseNow()
		defer cable.Close()
		began := time.Now()
		require.Error(t, cable.Subscribe(t.Context(), chatwoot.Subscription{Pubsub: "p", User: 1, Account: 1}))
		require.Equal(t, 10*time.Second, time.Since(began))
	})
}

// stuck never answers.
type stuck struct{}

// RoundTrip implements http.RoundTripper.
func (stuck) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// The subscription names the channel as the dashboard does: the identifier is JSON
// in a text.
func TestWhatASubscriptionSays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cable, server := onAPipe(t)
		defer server.CloseNow()
		defer cable.Close()
		go func() {
			_ = cable.Subscribe(t.Context(), chatwoot.Subscription{Pubsub: `p"s`, User: 3, Account: 7})
		}()
		_, raw, err := server.Read(t.Context())
		require.NoError(t, err)
		require.JSONEq(t, `{"command":"subscribe","identifier":"{\"channel\":\"RoomChannel\",\"pubsub_token\":\"p\\\"s\",\"account_id\":7,\"user_id\":3}"}`, string(raw))
	})
}
