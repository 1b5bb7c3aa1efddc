package listen_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/chatwoot"
)

var quiet = slog.New(slog.DiscardHandler)

// desk is a Chatwoot without a network, so that it runs on the clock of a synctest
// bubble. It has one inbox, and a live channel whose sockets are pipes.
type desk struct {
	mu sync.Mutex
	// away answers 502 to everything; badToken refuses the token; silent confirms
	// no subscription; deaf sends nothing but pings; mute not even those;
	// noUpgrade is a proxy without WebSockets; forbidden refuses changes of the
	// inbox; assigns says that the inbox assigns conversations.
	away, badToken, silent, deaf, mute, noUpgrade, forbidden, assigns bool

	user     int64
	pubsub   string
	accounts []chatwoot.Account
	members  []int64
	address  string   // of the inbox's webhook
	set      []string // every address that was set
	probes   []time.Time
	profiles []time.Time
	dialled  []time.Time
	gone     map[string]bool // conversations that were deleted
	post     func()          // a webhook is posted to the address
	sockets  []*socket
	inboxes  int // version of the account's inboxes
	ping     time.Duration
}

func newDesk() *desk {
	return &desk{user: 1, pubsub: "pubsub", accounts: []chatwoot.Account{{ID: 1, Role: "administrator", Status: "active", Availability: "online"}}, gone: map[string]bool{}, post: func() {}, ping: 3 * time.Second}
}

// set changes something of the desk.
func (d *desk) change(do func(d *desk)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	do(d)
}

// see reads something of the desk.
func see[T any](d *desk, read func(d *desk) T) T {
	d.mu.Lock()
	defer d.mu.Unlock()
	return read(d)
}

// RoundTrip implements http.RoundTripper.
func (d *desk) RoundTrip(r *http.Request) (*http.Response, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	path := r.URL.Path
	answer := func(status int, body any) (*http.Response, error) { return linetest.Answer(r, status, body), nil }
	switch {
	case path == "/cable":
		d.dialled = append(d.dialled, time.Now())
	case path == "/api/v1/profile":
		d.profiles = append(d.profiles, time.Now())
	}
	switch {
	case d.away:
		return answer(http.StatusBadGateway, nil)
	case path == "/cable":
		if d.noUpgrade {
			return answer(http.StatusNotFound, "Page not found")
		}
		return d.upgrade(r)
	case d.badToken:
		return answer(http.StatusUnauthorized, map[string]any{"error": "Invalid Access Token"})
	case path == "/api/v1/profile":
		return answer(http.StatusOK, chatwoot.Profile{ID: d.user, Pubsub: d.pubsub, Accounts: slices.Clone(d.accounts)})
	case path == "/api":
		return answer(http.StatusOK, map[string]any{"version": "4.16.2"})
	case path == "/api/v1/accounts/1/inboxes/1":
		if r.Method == http.MethodPatch {
			return d.patch(r)
		}
		return answer(http.StatusOK, d.listed())
	case path == "/api/v1/accounts/1/inbox_members/1":
		var payload []map[string]any
		for _, id := range d.members {
			payload = append(payload, map[string]any{"id": id})
		}
		return answer(http.StatusOK, map[string]any{"payload": payload})
	case strings.HasSuffix(path, "/toggle_typing"):
		return d.probe(r)
	}
	return answer(http.StatusTeapot, nil)
}

func (d *desk) listed() chatwoot.Inbox {
	return chatwoot.Inbox{ID: 1, ChannelType: "Channel::Api", Identifier: "identifier", WebhookURL: d.address, AutoAssign: d.assigns}
}

func (d *desk) patch(r *http.Request) (*http.Response, error) {
	if d.forbidden {
		d.set = append(d.set, "refused")
		return linetest.Answer(r, http.StatusUnauthorized, map[string]any{"error": "You are not authorized to do this action"}), nil
	}
	var body struct {
		Channel struct {
			URL string `json:"webhook_url"`
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	d.address, d.set = body.Channel.URL, append(d.set, body.Channel.URL)
	return linetest.Answer(r, http.StatusOK, d.listed()), nil
}

// probe tells by both ways that a contact types no more.
func (d *desk) probe(r *http.Request) (*http.Response, error) {
	d.probes = append(d.probes, time.Now())
	part := strings.Split(r.URL.Path, "/")
	conversation := part[len(part)-2]
	if d.gone[conversation] {
		return linetest.Answer(r, http.StatusNotFound, map[string]any{"error": "Resource could not be found"}), nil
	}
	d.tell("conversation.typing_off", `{"account_id":1,"conversation":{"id":`+conversation+`,"inbox_id":1},"user":{"type":"contact"}}`)
	if d.address != "" {
		d.post()
	}
	return linetest.Answer(r, http.StatusOK, nil), nil
}

// tell sends an event to everybody who is confirmed; the lock is held.
func (d *desk) tell(event, data string) {
	for _, s := range d.sockets {
		if s.confirmed && !d.deaf {
			s.queue <- `{"identifier":"x","message":{"event":"` + event + `","data":` + data + `}}`
		}
	}
}

// say tells of a message of an inbox.
func (d *desk) say(account, inbox, id int, text string) {
	d.change(func(d *desk) {
		d.tell("message.created", fmt.Sprintf(`{"id":%d,"account_id":%d,"inbox_id":%d,"conversation_id":1,"message_type":1,"content":%q}`, id, account, inbox, text))
	})
}

// save is what a settings page does that somebody has open.
func (d *desk) save(address string) {
	d.change(func(d *desk) {
		d.address = address
		d.inboxes++
		d.tell("account.cache_invalidated", fmt.Sprintf(`{"account_id":1,"cache_keys":{"inbox":"%d"}}`, d.inboxes))
	})
}

// cut ends every connection without a goodbye.
func (d *desk) cut() {
	d.change(func(d *desk) {
		for _, s := range d.sockets {
			_ = s.pipe.Close()
		}
	})
}

// open counts the connections that are confirmed.
func (d *desk) open() int {
	return see(d, func(d *desk) (n int) {
		for _, s := range d.sockets {
			if s.confirmed {
				n++
			}
		}
		return n
	})
}

// socket is one connection of the live channel.
type socket struct {
	pipe      net.Conn
	conn      *websocket.Conn
	queue     chan string
	confirmed bool
}

// upgrade opens a connection on a pipe.
func (d *desk) upgrade(r *http.Request) (*http.Response, error) {
	ours, theirs := net.Pipe()
	taken := &upgraded{ResponseRecorder: httptest.NewRecorder(), conn: ours}
	conn, err := websocket.Accept(taken, r, &websocket.AcceptOptions{Subprotocols: []string{"actioncable-v1-json"}})
	if err != nil {
		return nil, err
	}
	s := &socket{pipe: ours, conn: conn, queue: make(chan string, 1000)}
	d.sockets = append(d.sockets, s)
	s.queue <- `{"type":"welcome"}`
	ended := make(chan struct{})
	go d.read(s, ended)
	go d.write(s, ended)
	resp := taken.Result()
	resp.Body, resp.Request = theirs, r
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

// read confirms subscriptions until the connection ends.
func (d *desk) read(s *socket, ended chan struct{}) {
	defer close(ended)
	defer d.change(func(d *desk) { d.sockets = slices.DeleteFunc(d.sockets, func(o *socket) bool { return o == s }) })
	for {
		_, raw, err := s.conn.Read(background)
		if err != nil {
			return
		}
		d.change(func(d *desk) {
			if strings.Contains(string(raw), `\"`+d.pubsub+`\"`) && !d.silent {
				s.confirmed = true
				s.queue <- `{"identifier":"x","type":"confirm_subscription"}`
			}
		})
	}
}

// write sends what is queued, and pings.
func (d *desk) write(s *socket, ended chan struct{}) {
	defer s.conn.CloseNow()
	ping := time.NewTicker(d.ping)
	defer ping.Stop()
	for {
		text := `{"type":"ping","message":1}`
		select {
		case <-ended:
			return
		case text = <-s.queue:
		case <-ping.C:
			if see(d, func(d *desk) bool { return d.mute }) {
				continue
			}
		}
		if s.conn.Write(background, websocket.MessageText, []byte(text)) != nil {
			_ = s.pipe.Close()
			return
		}
	}
}

// clientOf is a client of a Chatwoot without a network.
func clientOf(t testing.TB, d http.RoundTripper) *chatwoot.Client {
	t.Helper()
	c, err := chatwoot.New(chatwoot.Config{BaseURL: "http://chatwoot.example.com", Token: "token", Account: 1, Transport: d})
	require.NoError(t, err)
	return c
}
