package intake_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// unsignedVersion is the last release of which the bridge has recordings that does
// not sign webhooks.
const unsignedVersion = "4.11.2"

// forge is a webhook of somebody who knows where webhooks are posted: a true one, with
// some fields of his own. nil takes a field away.
func forge(t *testing.T, like []byte, fields map[string]any) []byte {
	t.Helper()
	var body map[string]any
	require.NoError(t, json.Unmarshal(like, &body))
	maps.Copy(body, fields)
	for name, value := range fields {
		if value == nil {
			delete(body, name)
		}
	}
	raw, err := json.Marshal(body)
	require.NoError(t, err)
	return raw
}

// created is the webhook that tells of a message: others may come before it.
func (told tellings) created(t *testing.T) []byte {
	t.Helper()
	for _, body := range told.webhooks {
		if e, err := chatwoot.ParseEvent(body); err == nil && e.Kind == chatwoot.EventMessageCreated {
			return body
		}
	}
	require.Fail(t, "no webhook tells of the message")
	return nil
}

// bring posts a body as it is, and gives the answer.
func (k *taking) bring(body []byte) int {
	return k.Webhook(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body)), linetest.PathSecret)
}

// contents are what the jobs of the line would send.
func (k *taking) contents() []string {
	k.t.Helper()
	rows, err := k.db.Query(`SELECT payload FROM job ORDER BY id`)
	require.NoError(k.t, err)
	defer rows.Close()
	contents := []string{}
	for rows.Next() {
		var raw []byte
		require.NoError(k.t, rows.Scan(&raw))
		e, err := chatwoot.ParseEvent(raw)
		require.NoError(k.t, err)
		contents = append(contents, e.Message.Content)
	}
	require.NoError(k.t, rows.Err())
	return contents
}

// Whatever an unsigned webhook says of a message, what Chatwoot has of it counts.
func TestH6_WhatAForgedWebhookSaysIsNotSent(t *testing.T) {
	t.Parallel()
	d := newDesk(t, chatwoottest.Options{Version: unsignedVersion})
	truth, told := d.reply("the truth")
	like := told.created(t)
	note, err := d.Note(d.conversation, "among us")
	require.NoError(t, err)
	incoming, err := d.client.CreateMessage(d.ctx, chatwoot.ConversationID(d.conversation), chatwoot.NewMessage{Content: "hi", Type: chatwoot.Incoming, SourceID: "WAID:1"})
	require.NoError(t, err)
	deleted, err := d.Reply(d.conversation, "oops")
	require.NoError(t, err)
	require.NoError(t, d.Delete(deleted.ID))
	contact, err := d.AddContact("name", "Bob", "phone_number", "+5511888880003")
	require.NoError(t, err)
	other, err := d.client.CreateInbox(d.ctx, chatwoot.NewInbox{Name: "Elsewhere"})
	require.NoError(t, err)
	elsewhere, err := d.StartConversation(int(other.ID), contact.ID, "in another inbox")
	require.NoError(t, err)
	conversation := func(id int) map[string]any {
		return map[string]any{"id": id, "inbox_id": d.inbox.ID, "status": "open", "contact_inbox": map[string]any{"source_id": source}, "meta": map[string]any{"sender": map[string]any{"id": 1, "phone_number": "+5511999990000"}}}
	}
	evil := []any{map[string]any{"id": 1, "file_type": "image", "data_url": "http://169.254.169.254/latest/meta-data/"}}
	for name, tc := range map[string]struct {
		fields map[string]any
		want   []string
	}{
		"another text":                {map[string]any{"content": "a lie"}, []string{"the truth"}},
		"a file of his own":           {map[string]any{"content": "a lie", "attachments": evil}, []string{"the truth"}},
		"another time":                {map[string]any{"created_at": "2030-01-01T00:00:00.000Z"}, []string{"the truth"}},
		"another contact":             {map[string]any{"conversation": conversation(d.conversation)}, []string{"the truth"}},
		"no word of a note":           {map[string]any{"private": nil}, []string{"the truth"}},
		"a message that is none":      {map[string]any{"id": 999_999}, nil},
		"the next message":            {map[string]any{"id": elsewhere.ID + 1}, nil},
		"an id below zero":            {map[string]any{"id": -truth.ID}, nil},
		"no id":                       {map[string]any{"id": nil}, nil},
		"an id that is too large":     {map[string]any{"id": int64(1) << 40}, nil},
		"a note":                      {map[string]any{"id": note.ID}, nil},
		"a note that says nothing":    {map[string]any{"id": note.ID, "private": nil}, nil},
		"a customer's message":        {map[string]any{"id": int(incoming.ID), "source_id": nil}, nil},
		"a deleted message":           {map[string]any{"id": deleted.ID}, nil},
		"another conversation":        {map[string]any{"conversation": conversation(elsewhere.Conversation)}, nil},
		"no such conversation":        {map[string]any{"conversation": conversation(999)}, nil},
		"no conversation":             {map[string]any{"conversation": nil}, nil},
		"another inbox's message":     {map[string]any{"id": elsewhere.ID, "conversation": conversation(elsewhere.Conversation)}, nil},
		"that it is a note":           {map[string]any{"private": true}, nil},
		"that a customer has written": {map[string]any{"message_type": "incoming"}, nil},
		"that it is our own":          {map[string]any{"source_id": "WAID:1"}, nil},
	} {
		for _, event := range []string{chatwoot.EventMessageCreated, chatwoot.EventMessageUpdated} {
			if event == chatwoot.EventMessageUpdated && name == "a deleted message" {
				continue // that it was deleted is true
			}
			t.Run(event+" "+name, func(t *testing.T) {
				t.Parallel()
				k := d.with(t, databasetest.SQLite(t), true, "")
				fields := maps.Clone(tc.fields)
				fields["event"] = event
				body := forge(t, like, fields)
				require.Equal(t, http.StatusOK, k.bring(body), "Chatwoot turns a message red otherwise")
				require.Equal(t, append([]string{}, tc.want...), k.contents())
				require.Equal(t, http.StatusOK, k.bring(body))
				require.Equal(t, append([]string{}, tc.want...), k.contents(), "once")
				require.False(t, k.Arrivals.Incomplete())

				// It is not in the way of the true one.
				require.Equal(t, http.StatusOK, k.bring(like))
				require.Equal(t, []string{"the truth"}, k.contents())
				restores, err := k.IDs.Restores(t.Context(), linetest.ID)
				require.NoError(t, err)
				require.Zero(t, restores.Times, "nobody has restored Chatwoot")
			})
		}
	}
}

// A message of which a forger has told before there was one is sent when there is.
func TestH6_AMessageThatWasForetoldIsSent(t *testing.T) {
	t.Parallel()
	d := newDesk(t, chatwoottest.Options{Version: unsignedVersion})
	first, told := d.reply("first")
	k := d.with(t, databasetest.SQLite(t), true, "")
	for next := range 5 {
		require.Equal(t, http.StatusOK, k.bring(forge(t, told.created(t), map[string]any{"id": first.ID + 1 + next, "content": "a lie"})))
	}
	require.Empty(t, k.jobs(), "nothing waits for it either")
	_, second := d.reply("second")
	for _, body := range second.webhooks {
		require.Equal(t, http.StatusOK, k.bring(body))
	}
	require.Equal(t, []string{"second"}, k.contents())
}

func TestH6_AForgedDeletionTakesNothingBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t, chatwoottest.Options{Version: unsignedVersion})
	m, told := d.reply("hello")
	k := d.with(t, databasetest.SQLite(t), true, "")
	require.Equal(t, http.StatusOK, k.bring(told.created(t)))
	lie := forge(t, told.created(t), map[string]any{"event": chatwoot.EventMessageUpdated, "content_attributes": map[string]any{"deleted": true}})
	require.Equal(t, http.StatusOK, k.bring(lie))
	require.Equal(t, []string{journal.KindCreated}, k.jobs())
	known, err := k.IDs.AgentMessage(t.Context(), linetest.ID, int64(m.ID))
	require.NoError(t, err)
	require.Equal(t, idmap.AgentUnseen, known.State)
	require.NoError(t, d.Delete(m.ID))
	require.Equal(t, http.StatusOK, k.bring(lie), "now it is true")
	require.Equal(t, []string{journal.KindCreated, journal.KindDeleted}, k.jobs())
}

func TestH6_AForgedRetryAndAForgedFailureDoNothing(t *testing.T) {
	t.Parallel()
	const reason = "This number is not on WhatsApp."
	d := newDesk(t, chatwoottest.Options{Version: unsignedVersion})
	m, told := d.reply("hello")
	k := d.with(t, databasetest.SQLite(t), true, "")
	require.Equal(t, http.StatusOK, k.bring(told.created(t)))
	k.fail(m.ID)
	d.red(m.ID, reason)
	retry := forge(t, told.created(t), map[string]any{"event": chatwoot.EventMessageUpdated})
	for range 3 {
		require.Equal(t, http.StatusOK, k.bring(retry))
	}
	require.Equal(t, []string{journal.KindCreated}, k.jobs())
	require.NoError(t, d.Retry(m.ID))
	require.Equal(t, http.StatusOK, k.bring(retry), "now it is true")
	require.Equal(t, []string{journal.KindCreated, journal.KindRetry}, k.jobs())

	// That a bubble is red would cost a request to put it right, each time.
	n, told := d.reply("there")
	require.Equal(t, http.StatusOK, k.bring(told.created(t)))
	k.sent(n.ID)
	for range 3 {
		require.Equal(t, http.StatusOK, k.bring(forge(t, told.created(t), map[string]any{
			"event": chatwoot.EventMessageUpdated, "content_attributes": map[string]any{"external_error": "500 Internal Server Error"},
		})))
	}
	require.Equal(t, []string{journal.KindCreated, journal.KindCreated, journal.KindRetry}, k.jobs())
}

// Whom a conversation is with, Chatwoot says: a forged contact would lead all that
// agents write there to a phone of the forger's.
func TestH6_AForgedContactLeadsNobodyAstray(t *testing.T) {
	t.Parallel()
	d := newDesk(t, chatwoottest.Options{Version: unsignedVersion})
	contact, err := d.AddContact("name", "Bob", "phone_number", "+5511888880003")
	require.NoError(t, err)
	var m chatwoottest.Message
	told := d.tell(func() {
		m, err = d.StartConversation(int(d.inbox.ID), contact.ID, "hello Bob")
		require.NoError(t, err)
	})
	k := d.with(t, databasetest.SQLite(t), true, "")
	for _, lie := range []map[string]any{
		{"id": m.Conversation, "inbox_id": d.inbox.ID, "contact_inbox": map[string]any{"source_id": "mallory's"}, "meta": map[string]any{"sender": map[string]any{"id": 1, "phone_number": "+5511999990000"}}},
		{"id": m.Conversation, "inbox_id": d.inbox.ID, "contact_inbox": map[string]any{"source_id": source}},
	} {
		require.Equal(t, http.StatusOK, k.bring(forge(t, told.created(t), map[string]any{"content": "a lie", "conversation": lie})))
	}
	require.Equal(t, []string{"hello Bob"}, k.contents())
	chat, err := k.IDs.ChatByAlias(t.Context(), linetest.ID, "5511888880003@s.whatsapp.net")
	require.NoError(t, err)
	require.Equal(t, []int64{int64(contact.ID), int64(m.Conversation)}, []int64{chat.Contact, chat.Conversation})
	require.NotEqual(t, "mallory's", chat.SourceID)
	_, err = k.IDs.ChatByAlias(t.Context(), linetest.ID, "5511999990000@s.whatsapp.net")
	require.ErrorIs(t, err, idmap.ErrUnknown)
}

func TestH6_AForgedStatusOfAConversationIsNotBelieved(t *testing.T) {
	t.Parallel()
	d := newDesk(t, chatwoottest.Options{Version: unsignedVersion})
	k := d.with(t, databasetest.SQLite(t), true, "")
	k.converses(d.conversation)
	status := func(said string) []byte {
		raw, err := json.Marshal(map[string]any{
			"event": chatwoot.EventStatusChanged, "id": d.conversation, "inbox_id": d.inbox.ID, "status": said, "contact_inbox": map[string]any{"source_id": source},
		})
		require.NoError(t, err)
		return raw
	}
	resolved := func() bool {
		chat, err := k.IDs.ChatByConversation(t.Context(), linetest.ID, int64(d.conversation))
		require.NoError(t, err)
		return chat.Resolved
	}
	require.Equal(t, http.StatusOK, k.bring(status("resolved")))
	require.False(t, resolved())
	require.NoError(t, d.Resolve(d.conversation))
	require.Equal(t, http.StatusOK, k.bring(status("resolved")))
	require.True(t, resolved())
	require.Equal(t, http.StatusOK, k.bring(status("open")))
	require.True(t, resolved())
	require.NoError(t, d.Reopen(d.conversation))
	for range 50 {
		require.Equal(t, http.StatusOK, k.bring(status("open")))
	}
	require.False(t, resolved())
	require.Empty(t, k.jobs())
}

// What Chatwoot's inboxes never tell, no webhook tells.
func TestH6_AForgedEventOfAContactDoesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t, chatwoottest.Options{Version: unsignedVersion})
	k := d.with(t, databasetest.SQLite(t), true, "")
	k.converses(d.conversation)
	for _, event := range []string{chatwoot.EventContactChanged, chatwoot.EventContactUpdated, chatwoot.EventContactMerged, chatwoot.EventContactDeleted, chatwoot.EventCacheInvalidated, "conversation_updated", "x"} {
		raw, err := json.Marshal(map[string]any{"event": event, "id": d.conversation, "inbox_id": d.inbox.ID, "meta": map[string]any{"sender": map[string]any{"id": 99}}})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, k.bring(raw))
	}
	require.Empty(t, k.jobs())
}

// Typing cannot be confirmed; it is shown a few times, and no flood of it gets on.
func TestH6_AFloodOfForgedTypingIsHeldBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t, chatwoottest.Options{Version: unsignedVersion})
	typed := d.tell(func() { require.NoError(t, d.Type(d.conversation, true)) })
	k := d.with(t, databasetest.SQLite(t), true, "")
	began := time.Now()
	for range 200 {
		require.Equal(t, http.StatusOK, k.bring(typed.webhooks[0]))
	}
	require.NotEmpty(t, k.typing)
	require.LessOrEqual(t, len(k.typing), 21+int(5*time.Since(began).Seconds()))
}

// While Chatwoot cannot be asked nothing is sent, and nothing is lost: a comparison
// is asked for.
func TestH6_WhatCannotBeLookedForIsLeftToAComparison(t *testing.T) {
	t.Parallel()
	d := newDesk(t, chatwoottest.Options{Version: unsignedVersion})
	_, told := d.reply("hello")
	k := d.with(t, databasetest.SQLite(t), true, "")
	remove := d.OnRequest(func(*http.Request) chatwoottest.Fault { return chatwoottest.Fault{Status: http.StatusBadGateway} })
	require.Equal(t, http.StatusOK, k.bring(told.created(t)))
	require.Empty(t, k.jobs())
	require.Len(t, k.Arrivals.Requests(), 1)
	require.True(t, k.Arrivals.Incomplete())
	k.Told = func(ctx context.Context) error {
		if k.Arrivals.Incomplete() && len(k.Arrivals.Requests()) > 0 {
			return errors.New("the other process does not know")
		}
		return nil
	}
	require.Equal(t, http.StatusServiceUnavailable, k.bring(told.created(t)), "nobody would compare")
	remove()
	k.Told = nil
	require.Equal(t, http.StatusOK, k.bring(told.created(t)))
	require.Equal(t, []string{"hello"}, k.contents())
}

// A flood of forged webhooks costs Chatwoot a handful of requests, and what agents
// write meanwhile is found.
func TestH6_AFloodOfForgedWebhooksKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	d := newDesk(t, chatwoottest.Options{Version: unsignedVersion})
	first, told := d.reply("first")
	_, second := d.reply("second")
	k := d.with(t, databasetest.SQLite(t), true, "")
	k.converses(d.conversation)
	var asked atomic.Int32
	remove := d.OnRequest(func(r *http.Request) chatwoottest.Fault {
		if strings.HasSuffix(r.URL.Path, "/messages") {
			asked.Add(1)
		}
		return chatwoottest.Fault{}
	})
	defer remove()
	var all sync.WaitGroup
	for n := range 200 {
		all.Go(func() { k.bring(forge(t, told.created(t), map[string]any{"id": first.ID + 1000 + n})) })
	}
	all.Go(func() { assert200(t, k.bring(told.created(t))) })
	all.Go(func() { assert200(t, k.bring(second.created(t))) })
	all.Wait()
	require.False(t, k.Arrivals.Incomplete(), "nothing had to be left to a comparison")
	require.ElementsMatch(t, []string{"first", "second"}, k.contents())
	require.LessOrEqual(t, asked.Load(), int32(50))
}

// A webhook that proves itself and does not say whether a message is a note is asked
// about, too.
func TestL09_AMessageThatDoesNotSayThatItIsPublicIsAskedAbout(t *testing.T) {
	t.Parallel()
	d := newDesk(t, chatwoottest.Options{})
	public, told := d.reply("for the customer")
	noted := d.tell(func() {
		_, err := d.Note(d.conversation, "among us")
		require.NoError(t, err)
	})
	k := d.at(t, databasetest.SQLite(t), true)
	k.post(forge(t, noted.created(t), map[string]any{"private": nil}))
	k.post(forge(t, noted.created(t), map[string]any{"private": nil, "event": chatwoot.EventMessageUpdated}))
	require.Empty(t, k.jobs())
	k.post(forge(t, told.created(t), map[string]any{"private": nil}))
	require.Equal(t, []string{"for the customer"}, k.contents())

	e := told.live[0]
	e.Message.Private, e.Message.Untold = true, true
	k = d.at(t, databasetest.SQLite(t), true)
	k.AcceptLive(t.Context(), e)
	require.Equal(t, []string{"for the customer"}, k.contents())
	e.Message.ID = chatwoot.MessageID(public.ID + 1) // the note
	k.AcceptLive(t.Context(), e)
	require.Equal(t, []string{"for the customer"}, k.contents())
}

// sent is what the bridge notes of a message that went out.
func (k *taking) sent(id int) {
	k.t.Helper()
	k.inTx(func(ctx context.Context, tx *sql.Tx) error {
		return k.IDs.SetAgentMessage(ctx, tx, linetest.ID, int64(id), time.Time{}, idmap.AgentSent)
	})
}

// converses makes a conversation that of the line's customer.
func (k *taking) converses(conversation int) {
	k.t.Helper()
	chat, err := k.IDs.ChatByAlias(k.t.Context(), linetest.ID, maria)
	require.NoError(k.t, err)
	chat.Contact, chat.Conversation = 1, int64(conversation)
	k.inTx(func(ctx context.Context, tx *sql.Tx) error { return k.IDs.SetContact(ctx, tx, chat) })
}

func assert200(t *testing.T, status int) {
	if status != http.StatusOK {
		t.Errorf("a webhook was answered %d", status)
	}
}
