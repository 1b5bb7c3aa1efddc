package bridge_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/journal"
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
