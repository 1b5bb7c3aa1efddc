package outbound_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/delivery"
	"github.com/wootbridge/wootbridge/bridge/intake"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/bridge/media/convert"
	"github.com/wootbridge/wootbridge/bridge/outbound"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// office is a line at a simulated Chatwoot, whose events come in as webhooks. Its
// phone is a fake that remembers what it was to send.
type office struct {
	*chatwoottest.Server
	t            *testing.T
	line         *linetest.Line
	out          *outbound.Handler
	phone        *phone
	conversation int
	ahead        atomic.Int64 // of the clock
}

// newOffice is one in which an agent has begun a conversation with Alice.
func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{Server: chatwoottest.New(chatwoottest.Options{Dir: t.TempDir()}), t: t, phone: &phone{}}
	require.NoError(t, o.Start())
	t.Cleanup(func() { require.NoError(t, o.Close()) })
	var in *intake.Intake
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(in.Webhook(w, r, linetest.PathSecret))
	}))
	t.Cleanup(front.Close)
	options := linetest.At(t, o.Server, front.URL)
	options.Clock = func() time.Time { return time.Now().Add(time.Duration(o.ahead.Load())) }
	l := linetest.New(t, options)
	o.line = l
	spool, err := media.NewSpool(filepath.Join(t.TempDir(), "spool"), media.Limits{})
	require.NoError(t, err)
	arrivals := intake.NewArrivals(l.Clock, l.Inbox.Theirs)
	arrivals.NoteCompared()
	in = &intake.Intake{
		Inbox: l.Inbox, Contacts: l.Contacts, IDs: l.IDs, DB: l.DB, Journal: l.Journal, Store: l.Store, Arrivals: arrivals,
		AgentTyping: nil, Sending: func() int { return 0 }, Clock: l.Clock, Log: l.Log, NewID: lines.NewID, CountFailure: func() {},
		WakeOutbound: func(ctx context.Context) error { return o.out.WakeWaiting(ctx) }, WebhookFailed: func(string) {}, Heard: func(context.Context) {},
	}
	statuses := &delivery.Statuses{Inbox: l.Inbox, IDs: l.IDs, DB: l.DB, Journal: l.Journal, Session: o.phone, Clock: l.Clock, Log: l.Log}
	o.out = &outbound.Handler{
		Inbox: l.Inbox, Contacts: l.Contacts, Delivery: statuses, Intake: in, Arrivals: arrivals, IDs: l.IDs, Journal: l.Journal,
		Session: o.phone, Spool: spool, Convert: convert.New(convert.Options{Spool: spool, Log: l.Log}), Uploads: &outbound.Uploads{}, Clock: l.Clock, Log: l.Log,
		Overtaken: uncounted{}, LateEvents: uncounted{}, Delay: uncounted{},
	}
	alice, err := o.AddContact("name", "Alice", "phone_number", "+5511888880002")
	require.NoError(t, err)
	began, err := o.StartConversation(o.Inboxes()[0].ID, alice.ID, "hello")
	require.NoError(t, err)
	o.conversation = began.Conversation
	require.Empty(t, o.drain())
	o.phone.sent = nil
	return o
}

type uncounted struct{}

func (uncounted) Inc()            {}
func (uncounted) Observe(float64) {}

// drain takes in what Chatwoot tells of, does all that follows from it, and gives
// what failed meanwhile.
func (o *office) drain() []error {
	o.t.Helper()
	require.NoError(o.t, o.WaitIdle(context.Background()))
	return o.line.Drain(linetest.Handlers{journal.Out: {Do: o.out.Handle, GiveUp: o.out.GiveUp, Open: o.out.Open}})
}

// write is an agent's reply, of which nothing has come yet.
func (o *office) write(text string, options ...chatwoottest.MessageOption) chatwoottest.Message {
	o.t.Helper()
	m, err := o.Reply(o.conversation, text, options...)
	require.NoError(o.t, err)
	return m
}

// say is an agent's reply that is sent, without a failure.
func (o *office) say(text string, options ...chatwoottest.MessageOption) chatwoottest.Message {
	o.t.Helper()
	m := o.write(text, options...)
	require.Empty(o.t, o.drain())
	return m
}

// bubble is a message as agents see it now.
func (o *office) bubble(id int) chatwoottest.Message {
	o.t.Helper()
	m, ok := o.Message(id)
	require.True(o.t, ok)
	return m
}

// sent is what a phone was to send.
type sent struct {
	content.Outgoing
	body string // of its file
}

// phone is a connection that takes everything, unless refuse has something against
// it.
type phone struct {
	sent   []sent
	group  content.Group
	refuse func(o content.Outgoing) error
}

// Send implements outbound.Session.
func (p *phone) Send(_ context.Context, o content.Outgoing) error {
	if p.refuse != nil {
		if err := p.refuse(o); err != nil {
			return err
		}
	}
	s := sent{Outgoing: o}
	if o.Media != nil {
		body, err := os.ReadFile(o.Media.Path)
		if err != nil {
			return err
		}
		s.body = string(body)
	}
	p.sent = append(p.sent, s)
	return nil
}

// Account implements outbound.Session.
func (*phone) Account(_ context.Context, jid string) (content.Address, error) {
	return content.Address{JID: jid}, nil
}

// Group implements outbound.Session.
func (p *phone) Group(context.Context, string, bool) (content.Group, error) { return p.group, nil }

// State implements outbound.Session.
func (*phone) State() whatsapp.State {
	return whatsapp.State{Code: whatsapp.StateConnected, Phone: "5511999990001"}
}

// MarkRead implements delivery.Session.
func (*phone) MarkRead(context.Context, string, string, []string, time.Time) error { return nil }

// kinds are what was sent: the kind of its file, or "text".
func (p *phone) kinds() (kinds []string) {
	for _, s := range p.sent {
		if s.Media == nil {
			kinds = append(kinds, "text")
		} else {
			kinds = append(kinds, string(s.Media.Kind))
		}
	}
	return kinds
}

func (p *phone) texts() (texts []string) {
	for _, s := range p.sent {
		texts = append(texts, s.Text)
	}
	return texts
}
