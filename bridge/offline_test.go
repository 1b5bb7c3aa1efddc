package bridge_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// unplug takes the line off WhatsApp; the result puts it back.
func (w *world) unplug() (plug func()) {
	w.t.Helper()
	remove := w.wa.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		if e.Kind == whatsapptest.Login {
			return whatsapptest.Action{Error: http.StatusServiceUnavailable}
		}
		return whatsapptest.Action{}
	})
	w.phone.Companion().Drop()
	w.until("the connection to be lost", func(s whatsapp.State) bool { return s.Code != whatsapp.StateConnected })
	return func() {
		remove()
		w.connected()
	}
}

// age makes the waiting jobs of a kind older, and from then on their lanes
// always due.
func (w *world) age(kind string, by time.Duration) {
	w.t.Helper()
	_, err := w.db.Exec(`UPDATE job SET created = created - $1 WHERE kind = $2 AND state = 'waiting'`, by.Milliseconds(), kind)
	require.NoError(w.t, err)
	w.hasten("out")
}

// hasten makes the lanes of a direction due from now on until the test ends.
func (w *world) hasten(direction string) {
	w.t.Helper()
	var hastening sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	hastening.Go(func() {
		for tick := time.Tick(50 * time.Millisecond); ctx.Err() == nil; <-tick {
			_, _ = w.db.ExecContext(ctx, `UPDATE lane SET due = $1 WHERE dir = $2 AND due > $1`, time.Now().UnixMilli(), direction)
		}
	})
	w.t.Cleanup(func() {
		stop()
		hastening.Wait()
	})
}

func TestD08_AWaitingMessageIsRedUntilItGoesOutByItself(t *testing.T) {
	eachListening(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		plug := w.unplug()
		first, second := w.desk.say("first"), w.desk.say("second")
		w.waitJobs("created", 2)
		w.age("created", 61*time.Second)
		until := time.Now().Add(24*time.Hour - 61*time.Second).UTC()
		for _, m := range []chatwoottest.Message{first, second} {
			shown := w.desk.wait("a red bubble", withStatus(m.ID, "failed"))
			require.Contains(t, []string{
				fmt.Sprintf("Not sent yet: WhatsApp is disconnected; it goes out by itself until %s.", until.Format("15:04")),
				fmt.Sprintf("Not sent yet: WhatsApp is disconnected; it goes out by itself until %s.", until.Add(-time.Minute).Format("15:04")),
			}, shown.Reason)
		}
		// Retry cannot send it now: it turns red again, and nothing is doubled.
		require.NoError(t, w.desk.Retry(first.ID))
		w.desk.wait("the red bubble again", withStatus(first.ID, "failed"))

		plug()
		_, err := w.alice.WaitText(patience, "second")
		require.NoError(t, err)
		w.desk.wait("the first to be sent", withStatus(first.ID, "delivered"))
		w.desk.wait("the second to be sent", withStatus(second.ID, "delivered"))
		require.Equal(t, []string{"first", "second"}, w.alice.Texts())
	})
}

func TestD08_WhatIsTooOldFailsWithoutAConnection(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		plug := w.unplug()
		m := w.desk.say("too late")
		w.waitJobs("created", 1)
		w.age("created", 25*time.Hour)
		w.desk.wait("the red bubble", func(shown chatwoottest.Message) bool {
			return shown.ID == m.ID && shown.Status == "failed" && strings.Contains(shown.Reason, "too long")
		})
		require.NoError(t, w.desk.Retry(m.ID)) // this is a new request, which waits for the connection
		plug()
		_, err := w.alice.WaitText(patience, "too late")
		require.NoError(t, err)
		require.Equal(t, []string{"too late"}, w.alice.Texts())
	})
}

func TestADeletionBeforeTheSendKeepsItFromBeingSent(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		plug := w.unplug()
		m := w.desk.say("never mind")
		w.waitJobs("created", 1)
		require.NoError(t, w.desk.Delete(m.ID))
		w.told("deleted", m.ID)
		w.desk.say("instead")
		plug()
		_, err := w.alice.WaitText(patience, "instead")
		require.NoError(t, err)
		require.Equal(t, []string{"instead"}, w.alice.Texts())
		require.Len(t, w.alice.Messages(), 1, "nothing was taken back either")
	})
}

// waitJobs waits until n jobs of a kind are journaled.
func (w *world) waitJobs(kind string, n int) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		var got int
		require.NoError(w.t, w.db.QueryRow(`SELECT COUNT(*) FROM job WHERE kind = $1`, kind).Scan(&got))
		return got >= n
	}, patience, 10*time.Millisecond)
}
