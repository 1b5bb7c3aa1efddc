package bridge_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// A customer who opens a long chat reads hundreds of messages at once; a phone
// that is not honest sends anything. The line goes on.
func TestC3_AReceiptForManyMessagesIsTakenIn(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		reply := w.desk.say("hello")
		there, err := w.alice.WaitText(patience, "hello")
		require.NoError(t, err)
		w.desk.wait("the tick", withStatus(reply.ID, "delivered"))
		many := []string{there.ID}
		for n := range 299 {
			many = append(many, fmt.Sprintf("3EB0%016X", n))
		}
		w.alice.SendReceipt(w.phone, types.ReceiptTypeRead, many...)
		w.desk.wait("the read tick", withStatus(reply.ID, "read"))
		for _, id := range databasetest.HostileIDs() {
			w.alice.SendReceipt(w.phone, types.ReceiptTypeRead, id, "3EB0A"+id)
		}
		w.alice.SendText(w.phone, "after it")
		w.desk.wait("what came after them", withText("after it"))
		require.NoError(t, w.phone.Companion().WaitSettled(patience), "all were acknowledged")
		require.Empty(t, w.given(t, journal.Dead))
	})
}

// A message is shown whatever its sender calls it, once.
func TestC3_AMessageWithAHostileIDIsShown(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		want := []string{}
		hostile := databasetest.HostileIDs()
		delete(hostile, "half a character") // each byte that is no character counts as the same one
		delete(hostile, "a surrogate")
		for what, id := range hostile {
			w.alice.SendText(w.phone, what, whatsapptest.WithID(id))
			w.desk.wait(what, withText(what))
			want = append(want, what)
		}
		require.Equal(t, want, w.desk.incoming())
		require.NoError(t, w.phone.Companion().WaitSettled(patience))
	})
}

// What the database refuses for ever is kept aside, and what comes behind it
// goes on.
func TestC3_WhatNeverFitsIsParkedAndAcknowledged(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		talking(w)
		if w.db.Dialect == database.Postgres {
			w.exec(`ALTER TABLE job ADD CONSTRAINT picky CHECK (kind <> 'receipt')`)
		} else {
			w.exec(`CREATE TRIGGER picky BEFORE INSERT ON job WHEN NEW.kind = 'receipt' BEGIN SELECT RAISE(ABORT, 'no receipts'); END`)
		}
		for range 2 { // a copy is the same job
			w.alice.SendReceipt(w.phone, types.ReceiptTypeRead, "3EB0C767D26A1B2C3D4E")
		}
		w.alice.SendText(w.phone, "after it")
		w.desk.wait("what came after it", withText("after it"))
		require.NoError(t, w.phone.Companion().WaitSettled(patience), "it was acknowledged")
		w.idle("upkeep")
		dead := w.given(t, journal.Dead)
		require.Len(t, dead, 1)
		require.Equal(t, "parked", dead[0].Kind)
		require.Contains(t, dead[0].LastError, "the database cannot hold")
		var payload []byte
		require.NoError(t, w.db.QueryRow(`SELECT payload FROM job WHERE id = $1`, dead[0].ID).Scan(&payload))
		require.Contains(t, string(payload), "3EB0C767D26A1B2C3D4E")
	})
}

func (w *world) given(t *testing.T, state journal.State) []journal.JobInfo {
	t.Helper()
	jobs, err := w.bridge.Jobs(t.Context(), journal.JobFilter{State: state})
	require.NoError(t, err)
	return jobs
}

// A customer has read the ids of what agents wrote, and may write under one. That is
// a message like any other; so is what a member of a group writes under the id of
// somebody else's.
func TestM6_AMessageUnderTheIDOfAnothersIsShown(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		w.desk.say("an answer")
		answer, err := w.alice.WaitText(patience, "an answer")
		require.NoError(t, err)
		w.alice.SendText(w.phone, "the same id", whatsapptest.WithID(answer.ID))
		w.desk.wait("the same id", withText("the same id"))

		bob := w.wa.NewPeer("5511888880077", "Bob")
		group := w.wa.NewGroup("Family", true, w.phone, w.alice, bob)
		id := w.alice.SendText(group, "from Alice")
		w.desk.wait("a member's", ending("from Alice"))
		bob.SendText(group, "from Bob", whatsapptest.WithID(id))
		w.desk.wait("another member's", ending("from Bob"))
		bob.SendText(w.phone, "and alone", whatsapptest.WithID(id))
		w.desk.wait("in another chat", withText("and alone"))
		require.NoError(t, w.phone.Companion().WaitSettled(patience))
	})
}

// In a direct chat nobody takes back what the other side wrote, nor names a message
// of another chat.
func TestM6_WhatACustomerSaysOfAnothersMessageChangesNothing(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		w.desk.say("an answer")
		answer, err := w.alice.WaitText(patience, "an answer")
		require.NoError(t, err)
		bob := w.wa.NewPeer("5511888880077", "Bob")
		w.alice.Revoke(w.phone, answer.ID)
		bob.Revoke(w.phone, answer.ID)
		bob.Reply(w.phone, answer, "about that")
		about := w.desk.wait("a quote", ending("about that"))
		require.Zero(t, about.ReplyTo)
		w.alice.SendText(w.phone, "over")
		w.desk.wait("the last one", withText("over"))
		for _, c := range w.desk.Conversations() {
			for _, m := range w.desk.Messages(c.ID) {
				require.Zero(t, m.ReplyTo, m.Text)
			}
		}
	})
}

func ending(text string) func(chatwoottest.Message) bool {
	return func(m chatwoottest.Message) bool { return strings.HasSuffix(m.Text, text) }
}

// What a message quotes, takes back or is called by is as foreign as its own id. It
// neither holds its chat up nor, in a group, everybody's, and what can be shown of it
// is.
func TestM4_HostileNamesInsideAMessageHoldNobodyUp(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		talking(w)
		group := w.wa.NewGroup("Family", true, w.phone, w.alice)
		n := 0
		for what, id := range databasetest.HostileIDs() {
			said := &waE2E.Message{Conversation: proto.String("before " + id)}
			w.alice.Revoke(w.phone, id)
			for _, to := range []whatsapptest.Chat{w.phone, group} {
				n++
				text := fmt.Sprintf("number %d.", n)
				w.alice.Send(to, &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: &text, ContextInfo: &waE2E.ContextInfo{
					StanzaID: &id, Participant: &id, QuotedMessage: said, RemoteJID: &id, MentionedJID: []string{id, "", "@", id + "@lid"},
				}}}, whatsapptest.WithPushName(id))
				w.desk.wait(what, ending(text))
			}
		}
		w.idle("in")
		require.NoError(t, w.phone.Companion().WaitSettled(patience))
		require.Empty(t, w.given(t, journal.Dead))
		attempts := 0
		require.NoError(t, w.db.QueryRow(`SELECT COALESCE(MAX(attempt), 0) FROM job`).Scan(&attempts))
		require.LessOrEqual(t, attempts, 1)
	})
}
