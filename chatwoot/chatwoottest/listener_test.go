package chatwoottest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// listener is a client of the live channel.
type listener struct {
	t      *testing.T
	w      *world
	ws     *websocket.Conn
	texts  chan string // all that comes but pings
	pings  chan string
	closed chan error // why it ended
}

// event is a frame as a client reads it.
type event struct {
	Identifier string
	Type       string
	Message    struct {
		Event string
		Data  struct {
			ID                int
			Content           string
			Status            string
			CreatedAt         int64           `json:"created_at"`
			ConversationID    int             `json:"conversation_id"`
			InboxID           int             `json:"inbox_id"`
			AccountID         int             `json:"account_id"`
			MessageType       int             `json:"message_type"`
			Private           bool            `json:"private"`
			ContentAttributes json.RawMessage `json:"content_attributes"`
			PreviousChanges   json.RawMessage `json:"previous_changes"`
			Performer         *struct{ ID int }
			Sender            *struct{ Type string }
			User              *struct{ Type string }
		}
	}
}

// dial opens a socket.
func dial(t *testing.T, url string, protocols ...string) *websocket.Conn {
	t.Helper()
	ws, resp, err := websocket.Dial(t.Context(), url+"/cable", &websocket.DialOptions{Subprotocols: protocols})
	require.NoError(t, err)
	if resp.Body != nil {
		require.NoError(t, resp.Body.Close())
	}
	ws.SetReadLimit(-1)
	return ws
}

// connect opens a connection that has not subscribed.
func (w *world) connect() *listener {
	w.t.Helper()
	ws := dial(w.t, w.URL(), "actioncable-v1-json")
	l := &listener{t: w.t, w: w, ws: ws, texts: make(chan string, 1000), pings: make(chan string, 1000), closed: make(chan error, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			_, raw, err := ws.Read(w.t.Context())
			switch {
			case err != nil:
				l.closed <- err
				return
			case strings.HasPrefix(string(raw), `{"type":"ping"`):
				select {
				case l.pings <- string(raw):
				default: // nobody counts them
				}
			default:
				l.texts <- string(raw)
			}
		}
	}()
	w.t.Cleanup(func() {
		_ = ws.CloseNow() // it may be closed already
		<-done
	})
	require.JSONEq(w.t, `{"type":"welcome"}`, l.text())
	return l
}

// listen opens a connection of a user and waits for its confirmation.
func (w *world) listen(user int) *listener {
	w.t.Helper()
	l := w.connect()
	l.subscribe(w.identifier(user))
	require.Equal(w.t, "confirm_subscription", l.next().Type)
	require.Equal(w.t, "presence.update", l.next().Message.Event)
	return l
}

// identifier is what a user subscribes with.
func (w *world) identifier(user int) string {
	w.t.Helper()
	for _, u := range w.Users() {
		if u.ID == user {
			profile := w.get(u.Token, "/api/v1/profile")
			return fmt.Sprintf(`{"channel":"RoomChannel","pubsub_token":%q,"account_id":%d,"user_id":%d}`,
				profile.at("pubsub_token"), u.Account, profile.int("id"))
		}
	}
	require.FailNow(w.t, "no such user")
	return ""
}

func (l *listener) subscribe(identifier string) {
	l.t.Helper()
	l.send(map[string]string{"command": "subscribe", "identifier": identifier})
}

func (l *listener) send(command map[string]string) {
	l.t.Helper()
	require.NoError(l.t, l.ws.Write(l.t.Context(), websocket.MessageText, []byte(mustJSON(l.t, command))))
}

func (l *listener) text() string {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), patience)
	defer cancel()
	select {
	case text := <-l.texts:
		return text
	case <-ctx.Done():
		require.FailNow(l.t, "nothing comes on the live channel")
		return ""
	}
}

func (l *listener) next() event {
	l.t.Helper()
	var e event
	text := l.text()
	require.NoError(l.t, json.Unmarshal([]byte(text), &e), text)
	return e
}

// until reads events up to the first of a kind and returns it.
func (l *listener) until(kind string) event {
	l.t.Helper()
	for {
		if e := l.next(); e.Message.Event == kind {
			return e
		}
	}
}

// events reads what has come until now: all events before a mark that follows them.
func (l *listener) events() []event {
	l.t.Helper()
	_, err := l.w.AddContact("name", "a mark") // is told in order, after what jobs do
	require.NoError(l.t, err)
	var list []event
	for {
		e := l.next()
		if e.Message.Event == "contact.created" {
			return list
		}
		list = append(list, e)
	}
}

func kinds(events []event) []string {
	list := []string{}
	for _, e := range events {
		list = append(list, e.Message.Event)
	}
	return list
}

// quiet makes sure that nothing has come: what is written now comes next.
func (l *listener) quiet() {
	l.t.Helper()
	l.w.SendFrame([]byte(`{"type":"mark"}`))
	require.Equal(l.t, "mark", l.next().Type)
}

func (l *listener) end() error {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), patience)
	defer cancel()
	select {
	case err := <-l.closed:
		return err
	case <-ctx.Done():
		require.FailNow(l.t, "the connection stays open")
		return nil
	}
}

// admin and agent are the two users that every server has.
func (w *world) admin() int { return w.Users()[0].ID }
func (w *world) agent() int { return w.Users()[1].ID }

// join makes a user a member of the inbox.
func (w *world) join(user int) {
	w.t.Helper()
	got := w.post(w.AdminToken(), "/api/v1/accounts/1/inbox_members", fmt.Sprintf(`{"inbox_id":%d,"user_ids":[%d]}`, w.inbox, user))
	require.Equal(w.t, 200, got.status, got.text)
}

func confirmed(c chatwoottest.LiveConnection) bool { return c.Confirmed }
