package inbound_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/bridge/delivery"
	"github.com/wootbridge/wootbridge/bridge/inbound"
	"github.com/wootbridge/wootbridge/bridge/intake"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// office is a line at a simulated Chatwoot. Its phone is a fake: what it receives
// is taken in, and drain does all that follows from it.
type office struct {
	*chatwoottest.Server
	t      *testing.T
	line   *linetest.Line
	intake *intake.Intake
	in     *inbound.Handler
	files  *files
	sent   int
	// ahead is how far the clock was put on, and open how a maintenance lane is worked.
	ahead time.Duration
	open  func(*journal.Lease) work.Lane
}

func newOffice(t *testing.T) *office {
	t.Helper()
	return newOfficeAt(t, time.Now)
}

// newOfficeAt has a clock of its own.
func newOfficeAt(t *testing.T, clock func() time.Time) *office {
	t.Helper()
	desk := chatwoottest.New(chatwoottest.Options{Dir: t.TempDir()})
	require.NoError(t, desk.Start())
	t.Cleanup(func() { require.NoError(t, desk.Close()) })
	o := &office{Server: desk, t: t, files: &files{}}
	options := linetest.At(t, desk, "")
	options.Clock = func() time.Time { return clock().Add(o.ahead) }
	options.Settings = func(s *lines.Settings) { s.Events = lines.EventsOff }
	l := linetest.New(t, options)
	spool, err := media.NewSpool(filepath.Join(t.TempDir(), "spool"), media.Limits{})
	require.NoError(t, err)
	o.line = l
	o.intake = &intake.Intake{
		Inbox: l.Inbox, Contacts: l.Contacts, IDs: l.IDs, DB: l.DB, Journal: l.Journal, Store: l.Store, Arrivals: intake.NewArrivals(l.Clock, l.Inbox.Theirs),
		Sending: func() int { return 0 }, Clock: l.Clock, Log: l.Log, NewID: lines.NewID, CountFailure: func() {},
	}
	statuses := &delivery.Statuses{Inbox: l.Inbox, IDs: l.IDs, DB: l.DB, Journal: l.Journal, Clock: l.Clock, Log: l.Log}
	o.open = statuses.OpenUpkeep
	o.in = &inbound.Handler{
		Inbox: l.Inbox, Contacts: l.Contacts, Delivery: statuses, IDs: l.IDs, Journal: l.Journal, Session: o.files, Spool: spool,
		Clock: l.Clock, Log: l.Log, Delay: unmeasured{},
	}
	statuses.Aside = o.in.Aside()
	return o
}

// drain does all that is to be done, and gives what failed meanwhile.
func (o *office) drain() []error {
	o.t.Helper()
	return o.line.Drain(linetest.Handlers{
		journal.In: {
			Do:     o.in.Handle,
			GiveUp: func(ctx context.Context, j *work.Job, _ error) error { return o.in.ShowUnreadable(ctx, j) },
		},
		journal.Maintenance: {
			Open:   o.open,
			Do:     o.upkeep,
			GiveUp: func(ctx context.Context, j *work.Job, _ error) error { return o.in.ShowMissing(ctx, j) },
		},
	})
}

func (o *office) upkeep(ctx context.Context, j *work.Job) error {
	switch j.Kind {
	case journal.KindContact:
		return o.line.Contacts.UpdateContact(ctx, j)
	case journal.KindAd:
		return o.line.Contacts.RecordAd(ctx, j)
	case journal.KindRinging:
		return o.intake.HandleRinging(ctx, j)
	case journal.KindMerge:
		return o.line.Contacts.MergeContacts(ctx, j)
	case journal.KindFile:
		return o.in.HandleFile(ctx, j)
	case journal.KindSecret:
		return o.in.HandleSecret(ctx, j)
	case journal.KindTally:
		return o.in.HandleTally(ctx, j)
	default:
		return fmt.Errorf("no test has the kind %s", j.Kind)
	}
}

// person is somebody on WhatsApp.
type person struct {
	name    string
	pn, lid types.JID
}

func newPerson(name, number string) person {
	return person{name: name, pn: types.NewJID(number, types.DefaultUserServer), lid: types.NewJID("82400"+number, types.HiddenUserServer)}
}

// addressing is how a message names its sender.
type addressing int

const (
	byNumber addressing = iota
	byLID
	byBoth
)

// from takes in a message of somebody's, and does all that follows from it.
func (o *office) from(p person, by addressing, m *waE2E.Message) (id string) {
	o.t.Helper()
	id = o.take(p, by, m)
	require.Empty(o.t, o.drain())
	return id
}

// take takes a message in and does nothing yet.
func (o *office) take(p person, by addressing, m *waE2E.Message) (id string) {
	o.t.Helper()
	info := o.info(p)
	switch by {
	case byLID:
		info.Chat, info.Sender = p.lid, p.lid
	case byBoth:
		info.Chat, info.Sender, info.SenderAlt = p.lid, p.lid, p.pn
	}
	o.accept(content.MessageEnvelope(info, m, nobodyElse))
	return info.ID
}

func (o *office) info(p person) types.MessageInfo {
	o.sent++
	return types.MessageInfo{
		MessageSource: types.MessageSource{Chat: p.pn, Sender: p.pn}, ID: fmt.Sprintf("3EB0%04d", o.sent), PushName: p.name, Timestamp: o.line.Clock(),
	}
}

func (o *office) accept(e content.Envelope, err error) {
	o.t.Helper()
	require.NoError(o.t, err)
	require.NoError(o.t, o.intake.Accept(context.Background(), e))
}

// typed takes in what was written to somebody on the line's own phone.
func (o *office) typed(p person, m *waE2E.Message) (id string) {
	o.t.Helper()
	info := o.info(p)
	info.IsFromMe, info.Sender, info.PushName = true, types.NewJID("5511999990001", types.DefaultUserServer), "Shop"
	o.accept(content.MessageEnvelope(info, m, nobodyElse))
	require.Empty(o.t, o.drain())
	return info.ID
}

func nobodyElse(types.JID) types.JID { return types.EmptyJID }

func text(words string) *waE2E.Message { return &waE2E.Message{Conversation: proto.String(words)} }

func revoke(id string) *waE2E.Message {
	return &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_REVOKE.Enum(), Key: &waCommon.MessageKey{ID: proto.String(id)},
	}}
}

// messages are all messages of the desk, in order.
func (o *office) messages() (all []chatwoottest.Message) {
	for _, c := range o.Conversations() {
		all = append(all, o.Messages(c.ID)...)
	}
	return all
}

// posted is the message with a source id: a WhatsApp id, or one that is derived
// from it.
func (o *office) posted(id string) chatwoottest.Message {
	o.t.Helper()
	all := o.messages()
	i := slices.IndexFunc(all, func(m chatwoottest.Message) bool { return m.SourceID == "WAID:"+id })
	require.GreaterOrEqual(o.t, i, 0, "%s is not among\n%s", id, o.View())
	return all[i]
}

// incoming are the customers' texts.
func (o *office) incoming() (texts []string) {
	for _, m := range o.messages() {
		if m.Kind == "incoming" {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

// contact is the only contact there is.
func (o *office) contact() chatwoottest.Contact {
	o.t.Helper()
	require.Len(o.t, o.Contacts(), 1)
	return o.Contacts()[0]
}

// files are WhatsApp's servers: files by their path.
type files struct {
	bodies map[string][]byte
	// failures are what downloads end with, one after the other; then they succeed.
	failures []error
	fetched  int
	asked    int // of the phone
	people   map[string]content.Person
	// unsealed is what is sealed in messages, by what it is sealed as.
	unsealed map[string]proto.Message
	refused  []string
}

// RejectCall implements inbound.Session.
func (f *files) RejectCall(_ context.Context, _, id string) error {
	f.refused = append(f.refused, id)
	return nil
}

// Download implements inbound.Session.
func (f *files) Download(_ context.Context, file content.File, dst whatsapp.DiskFile) error {
	if len(f.failures) > 0 {
		failure := f.failures[0]
		f.failures = f.failures[1:]
		return failure
	}
	f.fetched++
	body := file.Inline
	if source, ok := file.Source().(interface{ GetDirectPath() string }); ok && body == nil {
		body = f.bodies[source.GetDirectPath()]
	}
	_, err := dst.Write(body)
	return err
}

// Unseal implements inbound.Session.
func (f *files) Unseal(_ context.Context, _ content.Message, sealed content.Sealed) ([]byte, error) {
	inside, known := f.unsealed[string(sealed.Payload)]
	if !known {
		return nil, whatsapp.ErrNoSecret
	}
	return proto.Marshal(inside)
}

// RequestMedia implements inbound.Session.
func (f *files) RequestMedia(context.Context, []byte) error {
	f.asked++
	return nil
}

// People implements inbound.Session.
func (f *files) People(context.Context, []string) map[string]content.Person { return f.people }

// put stores a file, and gives its path.
func (f *files) put(body []byte) *string {
	if f.bodies == nil {
		f.bodies = map[string][]byte{}
	}
	path := fmt.Sprint("/v/", len(f.bodies))
	f.bodies[path] = body
	return &path
}
