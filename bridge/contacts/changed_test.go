package contacts_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

const alice = "5511888880002@s.whatsapp.net"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desk is a Chatwoot without a network, with what a recheck asks for.
type desk struct {
	mu            sync.Mutex
	names         map[string]string // of contacts, by their id
	conversations map[string]int    // the contact of each, by its id
	status        int               // what everything answers, if not 0
	inboxGone     bool
	asked         []string
	// meanwhile, if set, happens while a contact is being read.
	meanwhile func()
}

// RoundTrip implements http.RoundTripper.
func (d *desk) RoundTrip(r *http.Request) (*http.Response, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/api/v1/accounts/1")
	d.asked = append(d.asked, r.Method+" "+path)
	notFound := linetest.Answer(r, http.StatusNotFound, map[string]any{"error": "Resource could not be found"})
	if d.status != 0 {
		return linetest.Answer(r, d.status, nil), nil
	}
	if id, ok := strings.CutPrefix(path, "/contacts/"); ok {
		if d.meanwhile != nil {
			d.meanwhile()
		}
		name, known := d.names[id]
		if !known {
			return notFound, nil
		}
		var number int
		_, _ = fmt.Sscan(id, &number)
		return linetest.Answer(r, http.StatusOK, map[string]any{"payload": map[string]any{"id": number, "name": name}}), nil
	}
	if id, ok := strings.CutPrefix(path, "/conversations/"); ok {
		contact, known := d.conversations[id]
		if !known {
			return notFound, nil
		}
		return linetest.Answer(r, http.StatusOK, map[string]any{"id": 1, "meta": map[string]any{"sender": map[string]any{"id": contact, "name": d.names[fmt.Sprint(contact)]}}}), nil
	}
	if strings.HasPrefix(path, "/inboxes/") && !d.inboxGone {
		return linetest.Answer(r, http.StatusOK, map[string]any{"id": 1}), nil
	}
	return notFound, nil
}

// known is a line that knows Alice: contact 1 with conversation 1, to whom the bridge
// gave the name "known".
type known struct {
	*linetest.Line
	*desk
	t    *testing.T
	chat string
}

func newKnown(t *testing.T) *known {
	t.Helper()
	return newKnownAt(t, nil)
}

// newKnownAt has a clock of its own.
func newKnownAt(t *testing.T, clock func() time.Time) *known {
	t.Helper()
	d := &desk{names: map[string]string{"1": "known", "2": "Bob"}, conversations: map[string]int{"1": 1}}
	k := &known{Line: linetest.New(t, linetest.Options{Chatwoot: d, Clock: clock}), desk: d, t: t}
	k.chat = k.Know(alice, 1)
	return k
}

func event(kind string, contact chatwoot.ContactID, name string) chatwoot.Event {
	return chatwoot.Event{Kind: kind, Account: 1, Live: true, Contact: chatwoot.Contact{ID: contact, Name: name}}
}

// note tells of a change, and gives how many rechecks are queued then.
func (k *known) note(e chatwoot.Event) int {
	k.t.Helper()
	require.NoError(k.t, k.Contacts.NoteChange(k.t.Context(), e))
	return k.Jobs(journal.Waiting)
}

// recheck does what is queued.
func (k *known) recheck() (failures []error) {
	k.t.Helper()
	return k.Drain(linetest.Handlers{journal.Maintenance: {Do: func(ctx context.Context, j *work.Job) error {
		require.Equal(k.t, journal.KindRecheck, j.Kind)
		return k.Contacts.RecheckContact(ctx, j)
	}}})
}

// now is the chat as the bridge knows it.
func (k *known) now() idmap.Chat {
	k.t.Helper()
	epoch, err := k.IDs.Epoch(k.t.Context(), linetest.ID)
	require.NoError(k.t, err)
	chat, err := k.IDs.Chat(k.t.Context(), linetest.ID, k.chat, epoch)
	require.NoError(k.t, err)
	return chat
}

func TestAContactThatTheDeskHasRenamedKeepsThatName(t *testing.T) {
	t.Parallel()
	k := newKnown(t)
	k.names["1"] = "Mrs Lima"
	require.Equal(t, 1, k.note(event(chatwoot.EventContactUpdated, 1, "Mrs Lima")))
	require.Empty(t, k.recheck())
	require.Equal(t, []any{"", int64(1), int64(1)}, []any{k.now().Name, k.now().Contact, k.now().Conversation})
	// From now on its name is the desk's: nothing more is asked for.
	require.Zero(t, k.note(event(chatwoot.EventContactUpdated, 1, "Ana Lima")))
}

// It is told with each of the customer's messages.
func TestAContactThatIsAsItWasCostsNothing(t *testing.T) {
	t.Parallel()
	k := newKnown(t)
	for range 50 {
		require.Zero(t, k.note(event(chatwoot.EventContactUpdated, 1, "known")))
	}
	require.Empty(t, k.asked)
}

func TestAContactThatWasDeletedIsMadeAnew(t *testing.T) {
	t.Parallel()
	k := newKnown(t)
	delete(k.names, "1")
	delete(k.conversations, "1")
	require.Equal(t, 1, k.note(event(chatwoot.EventContactDeleted, 1, "known")))
	require.Empty(t, k.recheck())
	require.Equal(t, []int64{0, 0}, []int64{k.now().Contact, k.now().Conversation})
	require.Zero(t, k.note(event(chatwoot.EventContactDeleted, 1, "known")), "nobody has it any more")
}

// Merged into another: that one has the conversation.
func TestAContactThatWasMergedIsTheSurvivor(t *testing.T) {
	t.Parallel()
	for _, told := range []chatwoot.Event{
		event(chatwoot.EventContactDeleted, 1, "known"),
		{Kind: chatwoot.EventContactChanged, Account: 1, Inbox: 1, Live: true, Conversation: chatwoot.EventConversation{ID: 1, ContactID: 2}},
	} {
		k := newKnown(t)
		require.Zero(t, k.note(event(chatwoot.EventContactUpdated, 2, "Bob")), "a stranger so far")
		delete(k.names, "1")
		k.conversations["1"] = 2
		require.Equal(t, 1, k.note(told), told.Kind)
		require.Empty(t, k.recheck())
		require.Equal(t, []int64{2, 1}, []int64{k.now().Contact, k.now().Conversation})

		// What becomes of the survivor matters now.
		delete(k.names, "2")
		delete(k.conversations, "1")
		require.Equal(t, 1, k.note(event(chatwoot.EventContactDeleted, 2, "Bob")))
		require.Empty(t, k.recheck())
		require.Zero(t, k.now().Contact)
	}
}

// Two Chatwoots on one Redis hear each other's: the same number is another contact.
func TestWhatAnotherChatwootTellsChangesNothing(t *testing.T) {
	t.Parallel()
	for _, told := range []chatwoot.Event{
		event(chatwoot.EventContactUpdated, 1, "Somebody else"),
		event(chatwoot.EventContactUpdated, 1, ""),
		event(chatwoot.EventContactDeleted, 1, "Somebody else"),
		{Kind: chatwoot.EventContactChanged, Account: 1, Inbox: 1, Live: true, Conversation: chatwoot.EventConversation{ID: 1, ContactID: 7}},
	} {
		k := newKnown(t)
		before := k.now()
		epoch, err := k.IDs.Epoch(t.Context(), linetest.ID)
		require.NoError(t, err)
		require.Equal(t, 1, k.note(told), told.Kind)
		require.Equal(t, before, k.now(), "not before Chatwoot was asked")
		require.Empty(t, k.recheck())
		require.Equal(t, before, k.now())
		after, err := k.IDs.Epoch(t.Context(), linetest.ID)
		require.NoError(t, err)
		require.Equal(t, epoch, after, "what is cached stays believable")
		require.Equal(t, []string{"GET /contacts/1"}, k.asked, "it costs one request")
	}
	k := newKnown(t)
	require.Zero(t, k.note(event(chatwoot.EventContactUpdated, 0, "x")))
	require.Zero(t, k.note(chatwoot.Event{Kind: chatwoot.EventContactChanged, Conversation: chatwoot.EventConversation{ID: 99, ContactID: 1}}), "a conversation of nobody's")
	require.Zero(t, k.note(chatwoot.Event{Kind: chatwoot.EventContactChanged, Conversation: chatwoot.EventConversation{ID: 1, ContactID: 1}}), "as it was")
}

// A flood of the same news is one recheck.
func TestTheSameNewsIsLookedAtOnce(t *testing.T) {
	t.Parallel()
	now := time.Now()
	k := newKnownAt(t, func() time.Time { return now })
	for range 50 {
		k.note(event(chatwoot.EventContactDeleted, 1, "known"))
	}
	require.Equal(t, 1, k.Jobs(journal.Waiting), "one each second")
}

// A Chatwoot that does not answer says nothing: the recheck waits.
func TestARecheckThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	k := newKnown(t)
	before := k.now()
	require.Equal(t, 1, k.note(event(chatwoot.EventContactDeleted, 1, "known")))
	k.status = http.StatusBadGateway
	lease := k.Claim(journal.Maintenance)
	jobs, err := lease.Next(t.Context(), 1)
	require.NoError(t, err)
	require.Error(t, k.Contacts.RecheckContact(t.Context(), &work.Job{Job: jobs[0], Lease: lease, Epoch: lease.Epoch()}))
	require.Equal(t, before, k.now())
}

// Where the inbox is gone as well the line pauses: the contact may still be there.
func TestAContactThatIsGoneWithItsInboxPausesTheLine(t *testing.T) {
	t.Parallel()
	k := newKnown(t)
	before := k.now()
	require.Equal(t, 1, k.note(event(chatwoot.EventContactDeleted, 1, "known")))
	k.names, k.conversations, k.inboxGone = nil, nil, true
	lease := k.Claim(journal.Maintenance)
	jobs, err := lease.Next(t.Context(), 1)
	require.NoError(t, err)
	var pause *work.PauseError
	require.ErrorAs(t, k.Contacts.RecheckContact(t.Context(), &work.Job{Job: jobs[0], Lease: lease, Epoch: lease.Epoch()}), &pause)
	require.Equal(t, before, k.now())
}

// An account tells of every contact that it has: a stranger is looked up once.
func TestAStrangerIsLookedUpOnce(t *testing.T) {
	t.Parallel()
	k := newKnown(t)
	require.Zero(t, k.note(event(chatwoot.EventContactUpdated, 77, "Stranger")))
	require.NoError(t, k.DB.Close())
	for range 100 {
		require.NoError(t, k.Contacts.NoteChange(t.Context(), event(chatwoot.EventContactUpdated, 77, "Stranger")))
		require.NoError(t, k.Contacts.NoteChange(t.Context(), event(chatwoot.EventContactDeleted, 77, "Stranger")))
	}
	require.Error(t, k.Contacts.NoteChange(t.Context(), event(chatwoot.EventContactUpdated, 78, "Another")), "this one was not looked up")
	require.Error(t, k.Contacts.NoteChange(t.Context(), event(chatwoot.EventContactUpdated, 78, "Another")), "a look that failed is no answer")
	require.Empty(t, k.asked)
}

// A stranger whom an agent writes to is one no more.
func TestAStrangerWhoBecomesTheLinesIsNoticed(t *testing.T) {
	t.Parallel()
	k := newKnown(t)
	require.Zero(t, k.note(event(chatwoot.EventContactUpdated, 2, "Bob")))
	begun := chatwoot.Event{Conversation: chatwoot.EventConversation{ID: 5, SourceID: "chatwoot's own", ContactID: 2, ContactName: "Bob", ContactPhone: "+5511888880003"}}
	_, err := k.Contacts.ChatOf(t.Context(), begun)
	require.NoError(t, err)
	require.Equal(t, 1, k.note(event(chatwoot.EventContactDeleted, 2, "Bob")))
}

// While a contact is looked at, its messages go on: what they have written meanwhile
// is not undone.
func TestARecheckDoesNotUndoWhatHappenedMeanwhile(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		gone      bool
		told      chatwoot.Event
		meanwhile idmap.Chat
	}{
		"another conversation was opened": {false, event(chatwoot.EventContactUpdated, 1, "Mrs Lima"), idmap.Chat{Contact: 1, Conversation: 9, Name: "known"}},
		"the contact was made anew":       {true, event(chatwoot.EventContactDeleted, 1, "known"), idmap.Chat{Contact: 8, Conversation: 9, Name: "known"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKnown(t)
			if tc.gone {
				delete(k.names, "1")
				delete(k.conversations, "1")
			} else {
				k.names["1"] = "Mrs Lima"
			}
			require.Equal(t, 1, k.note(tc.told))
			now := k.now()
			now.Contact, now.Conversation, now.Name = tc.meanwhile.Contact, tc.meanwhile.Conversation, tc.meanwhile.Name
			var once sync.Once
			k.meanwhile = func() {
				once.Do(func() {
					k.InTx(func(ctx context.Context, tx *sql.Tx) error { return k.IDs.SetContact(ctx, tx, now) })
				})
			}
			require.Empty(t, k.recheck())
			require.Equal(t, []int64{now.Contact, now.Conversation}, []int64{k.now().Contact, k.now().Conversation})
		})
	}
}

// patience bounds every wait: only a failing test uses it up.
const patience = 30 * time.Second

// What a real live channel tells of a rename, a merge and a deletion, in its order.
func TestTheLiveChannelsNewsOfAContact(t *testing.T) {
	t.Parallel()
	server := chatwoottest.New(chatwoottest.Options{Dir: t.TempDir()})
	require.NoError(t, server.Start())
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	options := linetest.At(t, server, "")
	options.Chatwoot = transport
	l := linetest.New(t, options)
	client, line := l.Inbox.Client(), l.Inbox.Line()

	// Maria wrote; Dup is somebody of another inbox.
	chat, source := "", ""
	l.InTx(func(ctx context.Context, tx *sql.Tx) error {
		found, err := l.IDs.Resolve(ctx, tx, linetest.ID, line.ContactSource, alice)
		chat, source = found.Chat, line.ContactSource(found.Chat)
		return err
	})
	maria, err := client.CreateContact(t.Context(), chatwoot.NewContact{Inbox: line.Inbox, SourceID: source, Name: "Maria", Phone: "+5511888880002"})
	require.NoError(t, err)
	conversation, err := client.CreateConversation(t.Context(), line.Inbox, maria.ID, source)
	require.NoError(t, err)
	l.InTx(func(ctx context.Context, tx *sql.Tx) error {
		return l.IDs.SetContact(ctx, tx, idmap.Chat{ID: chat, Line: linetest.ID, SourceID: source, Contact: int64(maria.ID), Conversation: int64(conversation.ID), Name: "Maria", Identifier: alice})
	})
	dup, err := server.AddContact("name", "Dup", "email", "dup@example.com")
	require.NoError(t, err)

	profile, err := client.Profile(t.Context())
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cable, err := client.DialCable(ctx)
	require.NoError(t, err)
	defer cable.Close()
	require.NoError(t, cable.Subscribe(ctx, chatwoot.Subscription{Pubsub: profile.Pubsub, User: profile.ID, Account: line.Account}))
	// hear notes all that is told until an event, and rechecks.
	hear := func(until string) {
		t.Helper()
		for {
			f, err := cable.Next(ctx)
			require.NoError(t, err)
			if f.Kind == chatwoot.FrameConfirmed && until == "" {
				return
			}
			if f.Event == "" {
				continue
			}
			e, err := f.Decode()
			require.NoError(t, err)
			if f.Event != chatwoot.EventContactMerged {
				require.NoError(t, l.Contacts.NoteChange(ctx, e))
			}
			if f.Event == until {
				break
			}
		}
		require.Empty(t, l.Drain(linetest.Handlers{journal.Maintenance: {Do: l.Contacts.RecheckContact}}))
	}
	now := func() idmap.Chat {
		epoch, err := l.IDs.Epoch(ctx, linetest.ID)
		require.NoError(t, err)
		c, err := l.IDs.Chat(ctx, linetest.ID, chat, epoch)
		require.NoError(t, err)
		return c
	}
	hear("")
	name := "Maria S"
	_, err = client.UpdateContact(ctx, maria.ID, chatwoot.ContactUpdate{Name: &name})
	require.NoError(t, err)
	hear(chatwoot.EventContactUpdated)
	require.Equal(t, []any{"", int64(maria.ID)}, []any{now().Name, now().Contact})

	require.NoError(t, server.MergeContacts(dup.ID, int(maria.ID)))
	hear(chatwoot.EventContactDeleted)
	require.Equal(t, []int64{int64(dup.ID), int64(conversation.ID)}, []int64{now().Contact, now().Conversation})

	require.NoError(t, server.DeleteContact(dup.ID))
	hear(chatwoot.EventContactUpdated) // what followed the merge
	hear(chatwoot.EventContactDeleted)
	require.Equal(t, []int64{0, 0}, []int64{now().Contact, now().Conversation})
}
