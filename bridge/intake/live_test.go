package intake_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wootbridge/wootbridge/bridge/contacts"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/bridge/intake"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	maria  = "5511888880002@s.whatsapp.net"
	source = "source of maria"
	// patience bounds every wait: only a failing test uses it up.
	patience = 30 * time.Second
)

// desk is a simulated Chatwoot with an inbox, whose both ways are written down.
type desk struct {
	*chatwoottest.Server
	t            *testing.T
	client       *chatwoot.Client
	inbox        chatwoot.Inbox
	conversation int
	cable        *chatwoot.Cable
	ctx          context.Context
}

// newDesk has a conversation with Maria, whom the line knows by her source id.
func newDesk(t *testing.T, options chatwoottest.Options) *desk {
	t.Helper()
	options.Dir = t.TempDir()
	d := &desk{Server: chatwoottest.New(options), t: t}
	require.NoError(t, d.Start())
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	var err error
	d.client, err = chatwoot.New(chatwoot.Config{BaseURL: d.URL(), Token: d.AdminToken(), Account: int64(d.Account()), Transport: transport})
	require.NoError(t, err)
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(receiver.Close)
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	t.Cleanup(cancel)
	d.ctx = ctx
	d.inbox, err = d.client.CreateInbox(ctx, chatwoot.NewInbox{Name: "Shop", LockToSingle: true, WebhookURL: receiver.URL})
	require.NoError(t, err)
	contact, err := d.client.CreateContact(ctx, chatwoot.NewContact{Inbox: d.inbox.ID, SourceID: source, Name: "Maria", Phone: "+5511888880002"})
	require.NoError(t, err)
	conversation, err := d.client.CreateConversation(ctx, d.inbox.ID, contact.ID, source)
	require.NoError(t, err)
	d.conversation = int(conversation.ID)
	profile, err := d.client.Profile(ctx)
	require.NoError(t, err)
	d.cable, err = d.client.DialCable(ctx)
	require.NoError(t, err)
	t.Cleanup(d.cable.Close)
	require.NoError(t, d.cable.Subscribe(ctx, chatwoot.Subscription{Pubsub: profile.Pubsub, User: profile.ID, Account: int64(d.Account())}))
	for f, err := d.cable.Next(ctx); f.Kind != chatwoot.FrameConfirmed; f, err = d.cable.Next(ctx) {
		require.NoError(t, err)
	}
	return d
}

// tellings is what both ways told of what was done.
type tellings struct {
	live     []chatwoot.Event
	webhooks [][]byte
}

// tell does something, and gives what both ways told of it.
func (d *desk) tell(do func()) tellings {
	d.t.Helper()
	require.NoError(d.t, d.WaitIdle(d.ctx))
	before := len(d.Webhooks())
	do()
	require.NoError(d.t, d.WaitIdle(d.ctx))
	var told tellings
	for _, delivery := range d.Webhooks()[before:] {
		told.webhooks = append(told.webhooks, delivery.Body)
	}
	d.SendFrame([]byte(`{"type":"confirm_subscription"}`)) // a mark
	for {
		f, err := d.cable.Next(d.ctx)
		require.NoError(d.t, err)
		if f.Kind == chatwoot.FrameConfirmed {
			return told
		}
		if f.Event != "" {
			e, err := f.Decode()
			require.NoError(d.t, err)
			told.live = append(told.live, e)
		}
	}
}

func (d *desk) reply(text string) (m chatwoottest.Message, told tellings) {
	d.t.Helper()
	told = d.tell(func() {
		var err error
		m, err = d.Reply(d.conversation, text)
		require.NoError(d.t, err)
	})
	return m, told
}

// taking is an intake of the line at a Chatwoot.
type taking struct {
	*intake.Intake
	t      *testing.T
	db     *database.DB
	store  *lines.Store
	mu     sync.Mutex
	failed []string // what was said of webhooks
	typing []chatwoot.Event
	heard  int
}

// newTaking is an intake with a database of its own, which knows Maria if known.
func newTaking(t *testing.T, db *database.DB, record lines.Line, transport http.RoundTripper, known bool) *taking {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	key, err := seal.NewKey(bytes.Repeat([]byte{7}, seal.KeySize))
	require.NoError(t, err)
	record.ID, record.SourceKey, record.PathSecret, record.Settings = linetest.ID, "source", linetest.PathSecret, lines.DefaultSettings()
	if record.Created.IsZero() {
		record.Created = time.Now().Add(-time.Hour)
	}
	store := lines.NewStore(db, key)
	require.NoError(t, store.Insert(t.Context(), record))
	client, err := chatwoot.New(chatwoot.Config{BaseURL: record.ChatwootURL, Token: record.Token.Reveal(), Account: record.Account, Transport: transport, Gate: chatwoot.NewGate(time.Now)})
	require.NoError(t, err)
	k := &taking{t: t, db: db, store: store}
	ids := idmap.New(db, idmap.Options{Cache: idmap.NewMemory(100, time.Now), Clock: time.Now, NewID: lines.NewID})
	j := journal.New(db, journal.Options{Clock: time.Now, Instance: "test", Log: log})
	x := inbox.New(inbox.Config{Line: record, Client: client, Gate: chatwoot.NewGate(time.Now), Store: store, Bots: &inbox.Bots{}, Clock: time.Now, Log: log})
	k.Intake = &intake.Intake{
		Inbox: x, Contacts: &contacts.Directory{Inbox: x, IDs: ids, DB: db, Journal: j, Clock: time.Now}, IDs: ids, DB: db, Journal: j, Store: store,
		Arrivals: intake.NewArrivals(time.Now, x.Theirs), Clock: time.Now, Log: log, NewID: lines.NewID, CountFailure: func() {},
		LookWithin: patience, Sending: func() int { return 0 }, WakeOutbound: func(context.Context) error { return nil },
		AgentTyping:   func(e chatwoot.Event) { k.note(func() { k.typing = append(k.typing, e) }) },
		WebhookFailed: func(text string) { k.note(func() { k.failed = append(k.failed, text) }) },
		Heard:         func(context.Context) { k.note(func() { k.heard++ }) },
	}
	k.Arrivals.NoteCompared()
	if known {
		k.inTx(func(ctx context.Context, tx *sql.Tx) error {
			_, err := ids.Resolve(ctx, tx, linetest.ID, func(string) string { return source }, maria)
			return err
		})
	}
	return k
}

func (k *taking) note(do func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	do()
}

func (k *taking) inTx(do func(ctx context.Context, tx *sql.Tx) error) {
	k.t.Helper()
	require.NoError(k.t, k.db.InTx(context.Background(), do))
}

// at is the line at a simulated Chatwoot.
func (d *desk) at(t *testing.T, db *database.DB, known bool) *taking {
	t.Helper()
	return d.with(t, db, known, secret)
}

// with is the line at a simulated Chatwoot that signs with a secret, or, if that is
// empty, does not sign.
func (d *desk) with(t *testing.T, db *database.DB, known bool, secret seal.Secret) *taking {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return newTaking(t, db, lines.Line{
		ChatwootURL: d.URL(), Token: seal.Secret(d.AdminToken()), Account: int64(d.Account()), Inbox: d.inbox.ID, InboxIdentifier: d.inbox.Identifier, WebhookSecret: secret,
	}, transport, known)
}

// secret signs webhooks: what one of these tests brings is what Chatwoot said at that
// time, be it that it says something else by now.
const secret = "LPp5cZk1oXW9rJt3uVYbQ2mN"

// post brings a webhook.
func (k *taking) post(body []byte) {
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
	at := strconv.FormatInt(time.Now().Unix(), 10)
	r.Header.Set("X-Chatwoot-Timestamp", at)
	r.Header.Set("X-Chatwoot-Signature", chatwoot.Sign(secret, at, body))
	if status := k.Webhook(w, r, linetest.PathSecret); status != http.StatusOK {
		k.t.Errorf("a webhook was answered %d: %s", status, body)
	}
}

// jobs are the line's jobs, by what they are and in which chat.
func (k *taking) jobs() []string {
	k.t.Helper()
	rows, err := k.db.Query(`SELECT job.kind FROM job ORDER BY job.kind`)
	require.NoError(k.t, err)
	defer rows.Close()
	jobs := []string{}
	for rows.Next() {
		var kind string
		require.NoError(k.t, rows.Scan(&kind))
		jobs = append(jobs, kind)
	}
	require.NoError(k.t, rows.Err())
	return jobs
}

// orders are the ways in which two tell of one thing.
var orders = map[string]func(k *taking, told tellings){
	"the live channel first": func(k *taking, told tellings) { k.byLive(told); k.byWebhook(told) },
	"the webhook first":      func(k *taking, told tellings) { k.byWebhook(told); k.byLive(told) },
	"each again and again": func(k *taking, told tellings) {
		for range 3 {
			k.byLive(told)
			k.byWebhook(told)
		}
	},
	"both at once": func(k *taking, told tellings) {
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { k.byLive(told) })
			all.Go(func() { k.byWebhook(told) })
		}
		all.Wait()
	},
	"the live channel alone": func(k *taking, told tellings) { k.byLive(told) },
	"the webhook alone":      func(k *taking, told tellings) { k.byWebhook(told) },
}

func (k *taking) byLive(told tellings) {
	for _, e := range told.live {
		k.AcceptLive(context.Background(), e)
	}
}

func (k *taking) byWebhook(told tellings) {
	for _, body := range told.webhooks {
		k.post(body)
	}
}

// inEveryOrder runs a test for each order on both databases.
func inEveryOrder(t *testing.T, d *desk, test func(t *testing.T, k *taking, tell func(told tellings))) {
	t.Helper()
	for name, order := range orders {
		t.Run(name, func(t *testing.T) {
			databasetest.Each(t, func(t *testing.T, db *database.DB) {
				k := d.at(t, db, true)
				test(t, k, func(told tellings) { order(k, told) })
				require.False(t, k.Arrivals.Incomplete(), "nothing was lost")
			})
		})
	}
}

func TestAMessageThatBothWaysTellIsOneJob(t *testing.T) {
	t.Parallel()
	d := newDesk(t, chatwoottest.Options{})
	_, text := d.reply("hello")
	files := d.tell(func() {
		_, err := d.Reply(d.conversation, "", chatwoottest.WithFile("b.txt", "text/plain", []byte("b")), chatwoottest.WithFile("a.txt", "text/plain", []byte("a")))
		require.NoError(t, err)
	})
	note := d.tell(func() {
		_, err := d.Note(d.conversation, "among us")
		require.NoError(t, err)
	})
	incoming := d.tell(func() {
		_, err := d.client.CreateMessage(d.ctx, chatwoot.ConversationID(d.conversation), chatwoot.NewMessage{Content: "hi", Type: chatwoot.Incoming, SourceID: "WAID:1"})
		require.NoError(t, err)
	})
	inEveryOrder(t, d, func(t *testing.T, k *taking, tell func(told tellings)) {
		tell(text)
		require.Equal(t, []string{journal.KindCreated}, k.jobs())
		tell(files)
		require.Equal(t, []string{journal.KindCreated, journal.KindCreated}, k.jobs())
		tell(note)
		tell(incoming)
		require.Equal(t, []string{journal.KindCreated, journal.KindCreated}, k.jobs(), "neither goes to WhatsApp")
	})
}

func TestADeletionThatBothWaysTellIsOneJob(t *testing.T) {
	t.Parallel()
	d := newDesk(t, chatwoottest.Options{})
	m, created := d.reply("hello")
	deleted := d.tell(func() { require.NoError(t, d.Delete(m.ID)) })
	inEveryOrder(t, d, func(t *testing.T, k *taking, tell func(told tellings)) {
		tell(created)
		tell(deleted)
		require.Equal(t, []string{journal.KindCreated, journal.KindDeleted}, k.jobs())
		known, err := k.IDs.AgentMessage(t.Context(), linetest.ID, int64(m.ID))
		require.NoError(t, err)
		require.Equal(t, idmap.AgentDeleted, known.State)
	})
}

// fail is what the bridge does about a message that did not go out.
func (k *taking) fail(id int) {
	k.t.Helper()
	k.inTx(func(ctx context.Context, tx *sql.Tx) error {
		if err := k.IDs.SetAgentMessage(ctx, tx, linetest.ID, int64(id), time.Time{}, idmap.AgentFailed); err != nil {
			return err
		}
		return k.IDs.SetShown(ctx, tx, linetest.ID, int64(id), idmap.Failed)
	})
}

// red lets a message be shown as failed, and gives what is told of it.
func (d *desk) red(id int, reason string) tellings {
	d.t.Helper()
	return d.tell(func() {
		require.NoError(d.t, d.client.SetStatus(d.ctx, chatwoot.ConversationID(d.conversation), chatwoot.MessageID(id), "failed", reason))
	})
}

// The button is told twice by each way.
func TestARetryThatBothWaysTellIsOneJob(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"4.2.0", "4.15.1"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, chatwoottest.Options{Version: release})
			m, created := d.reply("hello")
			red := d.red(m.ID, "This number is not on WhatsApp.")
			retried := d.tell(func() { require.NoError(t, d.Retry(m.ID)) })
			require.Len(t, retried.live, 2)
			redAgain := d.red(m.ID, "This number is not on WhatsApp.")
			again := d.tell(func() { require.NoError(t, d.Retry(m.ID)) })
			inEveryOrder(t, d, func(t *testing.T, k *taking, tell func(told tellings)) {
				tell(created)
				k.fail(m.ID)
				tell(red)
				require.Equal(t, []string{journal.KindCreated}, k.jobs())
				tell(retried)
				require.Equal(t, []string{journal.KindCreated, journal.KindRetry}, k.jobs())
				k.fail(m.ID)
				tell(redAgain)
				tell(again)
				require.Equal(t, []string{journal.KindCreated, journal.KindRetry, journal.KindRetry}, k.jobs(), "another failure, another retry")
			})
		})
	}
}

// A webhook may come seconds after the live channel told the same: by then the retry
// may have failed, too, and the late one is not the button pressed again.
func TestARetryThatIsToldLateIsNotAnotherOne(t *testing.T) {
	t.Parallel()
	d := newDesk(t, chatwoottest.Options{})
	m, created := d.reply("hello")
	red := d.red(m.ID, "This number is not on WhatsApp.")
	retried := d.tell(func() { require.NoError(t, d.Retry(m.ID)) })
	k := d.at(t, databasetest.SQLite(t), true)
	k.byLive(created)
	k.byWebhook(created)
	k.fail(m.ID)
	k.byLive(red)
	k.byWebhook(red)
	k.byLive(retried)
	require.Equal(t, []string{journal.KindCreated, journal.KindRetry}, k.jobs())
	k.fail(m.ID) // at once: WhatsApp still does not know the number
	k.byWebhook(retried)
	require.Equal(t, []string{journal.KindCreated, journal.KindRetry}, k.jobs())
}

// An agent began the conversation: the frame does not say with whom, and the API
// does.
func TestAConversationThatAnAgentBeganGetsItsContact(t *testing.T) {
	t.Parallel()
	d := newDesk(t, chatwoottest.Options{})
	contact, err := d.AddContact("name", "Bob", "phone_number", "+5511888880003")
	require.NoError(t, err)
	var m chatwoottest.Message
	first := d.tell(func() {
		m, err = d.StartConversation(int(d.inbox.ID), contact.ID, "hello Bob")
		require.NoError(t, err)
	})
	second := d.tell(func() {
		_, err := d.Reply(m.Conversation, "are you there?")
		require.NoError(t, err)
	})
	inEveryOrder(t, d, func(t *testing.T, k *taking, tell func(told tellings)) {
		tell(first)
		tell(second)
		require.Equal(t, []string{journal.KindCreated, journal.KindCreated}, k.jobs())
		chat, err := k.IDs.ChatByAlias(t.Context(), linetest.ID, "5511888880003@s.whatsapp.net")
		require.NoError(t, err)
		require.Equal(t, []int64{int64(contact.ID), int64(m.Conversation)}, []int64{chat.Contact, chat.Conversation})
		var lanes int
		require.NoError(t, k.db.QueryRow(`SELECT COUNT(*) FROM job WHERE kind = 'created' AND lane = $1`,
			journal.LaneKey{Line: linetest.ID, Chat: chat.ID, Queue: journal.Out}.String()).Scan(&lanes))
		require.Equal(t, 2, lanes)
	})
}

// counting counts what Chatwoot is asked for, and may refuse it.
type counting struct {
	mu     sync.Mutex
	asked  []string
	status int
	http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.asked = append(c.asked, r.Method+" "+r.URL.Path[strings.LastIndex(r.URL.Path, "/accounts/")+len("/accounts/1"):])
	status := c.status
	c.mu.Unlock()
	if status != 0 {
		return linetest.Answer(r, status, nil), nil
	}
	return linetest.Answer(r, http.StatusOK, map[string]any{
		"id": 9, "inbox_id": 1, "status": "open", "meta": map[string]any{"sender": map[string]any{"id": 5, "name": "Bob", "phone_number": "+5511888880003"}},
	}), nil
}

// message is an agent's message in a conversation, as the live channel tells it.
func message(id int, conversation chatwoot.ConversationID, source string) chatwoot.Event {
	return chatwoot.Event{
		Kind: chatwoot.EventMessageCreated, Account: 1, Inbox: 1, Live: true,
		Conversation: chatwoot.EventConversation{ID: conversation, Inbox: 1, SourceID: source},
		Message: chatwoot.Message{
			ID: chatwoot.MessageID(id), Conversation: conversation, Content: "hi", Type: chatwoot.Outgoing, ContentType: "text", Status: "sent",
			CreatedAt: chatwoot.Time{Time: time.Now().Truncate(time.Second)},
		},
	}
}

// lonely is a line at a Chatwoot that only counts.
func lonely(t *testing.T, record lines.Line) (*taking, *counting) {
	t.Helper()
	c := &counting{}
	record.ChatwootURL, record.Token, record.Account, record.Inbox, record.WebhookSecret = "http://chatwoot.example.com", "token", 1, 1, secret
	return newTaking(t, databasetest.SQLite(t), record, c, true), c
}

// Only a conversation that nobody knows costs a question, once, and only for what
// goes to WhatsApp.
func TestAnUnknownConversationIsAskedForOnce(t *testing.T) {
	t.Parallel()
	k, c := lonely(t, lines.Line{})
	k.AcceptLive(t.Context(), message(1, 1, source))
	require.Empty(t, c.asked, "Maria is known by her source id")
	for _, harmless := range []func(e *chatwoot.Event){
		func(e *chatwoot.Event) { e.Message.Type = chatwoot.Incoming },
		func(e *chatwoot.Event) { e.Message.Type = chatwoot.Activity },
		func(e *chatwoot.Event) { e.Message.Private = true },
		func(e *chatwoot.Event) { e.Message.Content = " " },
	} {
		e := message(2, 9, "unknown")
		harmless(&e)
		k.AcceptLive(t.Context(), e)
	}
	require.Empty(t, c.asked)
	for id := range 5 {
		k.AcceptLive(t.Context(), message(10+id, 9, "unknown"))
	}
	require.Equal(t, []string{"GET /conversations/9"}, c.asked)
	require.Len(t, k.jobs(), 6)
	require.False(t, k.Arrivals.Incomplete())
}

// What cannot be stored is found by a comparison, for nobody tells it again.
func TestWhatTheLiveChannelToldAndCouldNotBeStoredIsCompared(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(k *taking, c *counting){
		"Chatwoot is away":         func(_ *taking, c *counting) { c.status = http.StatusBadGateway },
		"the conversation is gone": func(_ *taking, c *counting) { c.status = http.StatusNotFound },
		"the database is away":     func(k *taking, _ *counting) { require.NoError(k.t, k.db.Close()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, c := lonely(t, lines.Line{})
			fault(k, c)
			k.AcceptLive(t.Context(), message(1, 9, "unknown"))
			require.Len(t, k.Arrivals.Requests(), 1)
			require.True(t, k.Arrivals.Incomplete())
			// Once it is well again the same is taken by the other way.
			if name == "Chatwoot is away" {
				c.status = 0
				k.AcceptLive(t.Context(), message(1, 9, "unknown"))
				require.Len(t, k.jobs(), 1)
			}
		})
	}
	t.Run("the process ends", func(t *testing.T) {
		t.Parallel()
		k, _ := lonely(t, lines.Line{})
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		k.AcceptLive(ended, message(1, 9, "unknown"))
		require.Empty(t, k.Arrivals.Requests(), "the next one compares in any case")
	})
}

// One goroutine reads the connection that all lines of an owner share: a Chatwoot
// that limits the rate, for a minute or for ten, must not hold it up. What cannot be
// asked now a comparison finds.
func TestAQuestionAboutOneConversationDoesNotHoldUpTheChannel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k, c := lonely(t, lines.Line{})
		c.status = http.StatusTooManyRequests
		for id := range 3 {
			began := time.Now()
			k.AcceptLive(t.Context(), message(1+id, 9, "unknown"))
			require.Less(t, time.Since(began), 20*time.Second)
			require.True(t, k.Arrivals.Incomplete())
		}
	})
}

// While the live channel's message is being stored, later ones wait for it.
func TestAMessageOfTheLiveChannelIsArrivingWhileItIsStored(t *testing.T) {
	t.Parallel()
	k, c := lonely(t, lines.Line{})
	c.mu.Lock() // Chatwoot does not answer yet
	var accepting sync.WaitGroup
	accepting.Go(func() { k.AcceptLive(context.Background(), message(5, 9, "unknown")) })
	require.Eventually(t, func() bool { return k.Arrivals.ArrivingBefore(6) }, patience, time.Millisecond)
	require.False(t, k.Arrivals.ArrivingBefore(5))
	c.mu.Unlock()
	accepting.Wait()
	require.False(t, k.Arrivals.ArrivingBefore(6))
}

// What was told is known without the database.
func TestWhatBothWaysToldCostsNothingTheSecondTime(t *testing.T) {
	t.Parallel()
	k, _ := lonely(t, lines.Line{})
	e := message(1, 1, source)
	k.AcceptLive(t.Context(), e)
	require.Len(t, k.jobs(), 1)
	raw, err := chatwoot.EncodeCreated(e.Message, e)
	require.NoError(t, err)
	require.NoError(t, k.db.Close())
	k.post(raw)
	require.False(t, k.Arrivals.Incomplete())
	require.Equal(t, 1, k.heard, "the webhook works all the same")
}

func TestAMessageThatIsOlderThanTheLineIsNotSentByTheLiveChannel(t *testing.T) {
	t.Parallel()
	k, _ := lonely(t, lines.Line{Created: time.Now(), Watermark: 7})
	k.AcceptLive(t.Context(), message(7, 1, source))
	require.Empty(t, k.jobs())
	require.Empty(t, k.Arrivals.Requests(), "nothing is lost")
	k.AcceptLive(t.Context(), message(8, 1, source))
	require.Len(t, k.jobs(), 1)
}

// The live channel tells of webhooks that fail; a webhook that tells it got through.
func TestAFailureThatTheLiveChannelTellsIsOfTheWebhook(t *testing.T) {
	t.Parallel()
	const refused = "Hostname 'bridge' has no public ip addresses"
	k, _ := lonely(t, lines.Line{})
	e := message(1, 1, source)
	k.AcceptLive(t.Context(), e)
	e.Kind, e.Message.Status, e.Message.Attributes.ExternalError = chatwoot.EventMessageUpdated, "failed", refused
	k.AcceptLive(t.Context(), e)
	require.Equal(t, []string{refused}, k.failed)
	raw, err := chatwoot.EncodeCreated(e.Message, e)
	require.NoError(t, err)
	k.post([]byte(strings.Replace(string(raw), chatwoot.EventMessageCreated, chatwoot.EventMessageUpdated, 1)))
	require.Equal(t, []string{refused}, k.failed)
	require.Equal(t, []string{journal.KindCreated}, k.jobs(), "the message is on its way")

	// Of a message that arrived the red is taken away: it is red for nothing.
	k.inTx(func(ctx context.Context, tx *sql.Tx) error {
		return k.IDs.SetAgentMessage(ctx, tx, linetest.ID, 1, time.Time{}, idmap.AgentSent)
	})
	k.AcceptLive(t.Context(), e)
	require.Equal(t, []string{journal.KindCreated, journal.KindShow}, k.jobs())
	// So it is of a customer's message.
	e = message(2, 1, source)
	e.Kind, e.Message.Type, e.Message.SourceID, e.Message.Attributes.ExternalError = chatwoot.EventMessageUpdated, chatwoot.Incoming, "WAID:1", refused
	k.AcceptLive(t.Context(), e)
	require.Equal(t, []string{journal.KindCreated, journal.KindShow, journal.KindShow}, k.jobs())
}

// An agent's typing is shown, a customer's is its own echo.
func TestTypingIsTakenFromBothWays(t *testing.T) {
	t.Parallel()
	d := newDesk(t, chatwoottest.Options{})
	typed := d.tell(func() {
		require.NoError(t, d.Type(d.conversation, true))
		require.NoError(t, d.Type(d.conversation, false))
	})
	probe := d.tell(func() {
		require.NoError(t, d.client.ContactTyping(d.ctx, d.inbox.Identifier, source, chatwoot.ConversationID(d.conversation), false))
	})
	require.NotEmpty(t, probe.live, "the probe comes by the live channel")
	require.NotEmpty(t, probe.webhooks)
	k := d.at(t, databasetest.SQLite(t), true)
	k.byLive(typed)
	k.byWebhook(typed)
	k.byLive(probe)
	k.byWebhook(probe)
	var told []string
	for _, e := range k.typing {
		told = append(told, fmt.Sprint(e.Kind, " ", e.Conversation.SourceID, " ", e.Live))
	}
	slices.Sort(told)
	require.Equal(t, []string{
		"conversation_typing_off " + source + " false", "conversation_typing_off " + source + " true",
		"conversation_typing_on " + source + " false", "conversation_typing_on " + source + " true",
	}, told)
	require.Empty(t, k.jobs())
}
