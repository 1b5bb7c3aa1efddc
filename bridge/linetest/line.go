package linetest

import (
	"bytes"
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/contacts"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// ID is the id of the line.
const ID = "l1"

// Options say what a line is like; the zero value is one at no Chatwoot.
type Options struct {
	// Chatwoot answers the line's requests; nil means that they go over the
	// network.
	Chatwoot http.RoundTripper
	// Line is the line's record; what it does not say has a value that fits.
	Line lines.Line
	// Settings changes the settings that a line starts with.
	Settings func(*lines.Settings)
	// Clock is time.Now when nil.
	Clock func() time.Time
}

// PathSecret is in the address to which a line's Chatwoot posts its events.
const PathSecret = "secret"

// At are the options of a line at a simulated Chatwoot, with an inbox of its own,
// which posts its events to webhook, if that is set.
func At(t testing.TB, desk *chatwoottest.Server, webhook string) Options {
	t.Helper()
	client, err := chatwoot.New(chatwoot.Config{BaseURL: desk.URL(), Token: desk.AdminToken(), Account: int64(desk.Account())})
	require.NoError(t, err)
	made, err := client.CreateInbox(context.Background(), chatwoot.NewInbox{Name: "Shop", LockToSingle: true, WebhookURL: webhook})
	require.NoError(t, err)
	return Options{Line: lines.Line{
		ChatwootURL: desk.URL(), Token: seal.Secret(desk.AdminToken()), Account: int64(desk.Account()), Inbox: made.ID, InboxIdentifier: made.Identifier,
	}}
}

// Line is what a line stands on.
type Line struct {
	t        testing.TB
	DB       *database.DB
	Journal  *journal.Journal
	IDs      *idmap.Map
	Store    *lines.Store
	Inbox    *inbox.Inbox
	Contacts *contacts.Directory
	Clock    func() time.Time
	Log      *slog.Logger
}

// New makes a line in a fresh SQLite database.
func New(t testing.TB, o Options) *Line {
	t.Helper()
	if o.Clock == nil {
		o.Clock = time.Now
	}
	record := o.Line
	record.ID, record.Name = ID, "Shop"
	record.Settings = lines.DefaultSettings()
	record.Settings.SendRate, record.Settings.OrderWaitMS, record.Settings.Groups = 0, 0, lines.GroupsAll
	if o.Settings != nil {
		o.Settings(&record.Settings)
	}
	if record.ChatwootURL == "" {
		record.ChatwootURL, record.Token, record.Account, record.Inbox = "http://chatwoot.example.com", "token", 1, 1
	}
	if record.Created.IsZero() {
		record.Created = o.Clock().Add(-time.Hour)
	}
	record.SourceKey, record.PathSecret = "source", PathSecret
	key, err := seal.NewKey(bytes.Repeat([]byte{7}, seal.KeySize))
	require.NoError(t, err)
	l := &Line{t: t, DB: databasetest.SQLite(t), Clock: o.Clock, Log: slog.New(slog.DiscardHandler)}
	l.Store = lines.NewStore(l.DB, key)
	require.NoError(t, l.Store.Insert(context.Background(), record))
	l.Journal = journal.New(l.DB, journal.Options{Clock: o.Clock, Instance: "test", Log: l.Log})
	l.IDs = idmap.New(l.DB, idmap.Options{Cache: idmap.NewMemory(1000, o.Clock), Clock: o.Clock, NewID: lines.NewID})
	gate := chatwoot.NewGate(o.Clock)
	client, err := chatwoot.New(chatwoot.Config{
		BaseURL: record.ChatwootURL, Token: record.Token.Reveal(), Account: record.Account, Transport: o.Chatwoot, Gate: gate, Log: l.Log,
	})
	require.NoError(t, err)
	l.Inbox = inbox.New(inbox.Config{
		Line: record, Client: client, Gate: gate, Store: l.Store, Bots: &inbox.Bots{}, Clock: o.Clock, Log: l.Log,
	})
	l.Contacts = &contacts.Directory{Inbox: l.Inbox, IDs: l.IDs, DB: l.DB, Journal: l.Journal, Clock: o.Clock}
	return l
}

// Know makes a chat one that has its contact and its conversation, whose id is
// its own, and gives the chat's id.
func (l *Line) Know(jid string, conversation int64) (chat string) {
	l.t.Helper()
	l.InTx(func(ctx context.Context, tx *sql.Tx) (err error) {
		source := l.Inbox.Line().ContactSource
		found, err := l.IDs.Resolve(ctx, tx, ID, source, jid)
		if err != nil {
			return err
		}
		chat = found.Chat
		return l.IDs.SetContact(ctx, tx, idmap.Chat{
			ID: chat, Line: ID, SourceID: source(chat), Contact: conversation, Conversation: conversation, Name: "known", Identifier: jid,
		})
	})
	return chat
}

// InTx writes to the line's database.
func (l *Line) InTx(write func(ctx context.Context, tx *sql.Tx) error) {
	l.t.Helper()
	require.NoError(l.t, l.DB.InTx(context.Background(), write))
}

// Append journals an entry of the line, which is new.
func (l *Line) Append(dir journal.Queue, chat, kind string, payload []byte) {
	l.t.Helper()
	now := l.Clock()
	appended, err := l.Journal.Append(context.Background(), journal.Entry{
		Lane: journal.LaneKey{Line: ID, Chat: chat, Queue: dir}, Dedupe: lines.NewID(), Kind: kind, Payload: payload, OccurredAt: now,
	})
	require.NoError(l.t, err)
	require.True(l.t, appended)
}

// Claim takes a lane with something to do.
func (l *Line) Claim(dir journal.Queue) *journal.Lease {
	l.t.Helper()
	lease, err := l.Journal.Claim(context.Background(), journal.Filter{Queue: dir})
	require.NoError(l.t, err)
	require.NotNil(l.t, lease, "no lane has something to do")
	return lease
}

// Jobs counts the line's jobs in a state.
func (l *Line) Jobs(state journal.State) (n int) {
	l.t.Helper()
	require.NoError(l.t, l.DB.QueryRow(`SELECT COUNT(*) FROM job WHERE state = $1`, string(state)).Scan(&n))
	return n
}
