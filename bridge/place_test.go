package bridge_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// places is a flow with three processes on one Postgres and Redis (or without, see
// setting.apart): the world's own,
// which holds the line's connection, and two others.
func places(t *testing.T, flow func(t *testing.T, w *world, others []*bridge.Bridge), changes ...func(*setting)) {
	t.Helper()
	t.Parallel()
	redis, prefix, how := databasetest.RedisURL(t), databasetest.Unique()+"/", settingOf(t, changes)
	cache := func() idmap.Cache {
		if how.apart {
			return idmap.NewMemory(1000, time.Now)
		}
		cache, err := idmap.NewRedis(redis, prefix)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, cache.Close()) })
		return cache
	}
	w := newWorld(t, databasetest.Postgres(t), cache(), how)
	talking(w)
	var others []*bridge.Bridge
	for i := range 2 {
		db, err := database.Open(context.Background(), database.Config{URL: w.db.URL()})
		require.NoError(t, err)
		other := w.process(db, func(c *bridge.Config) {
			c.Instance, c.Cache, c.OwnerTTL = fmt.Sprint("other ", i), cache(), 20*time.Second
		})
		t.Cleanup(func() {
			other.Stop()
			require.NoError(t, db.Close())
		})
		others = append(others, other)
	}
	flow(t, w, others)
}

// through lets Chatwoot post its webhooks to a process.
func (w *world) through(b *bridge.Bridge) {
	handler := b.Webhooks()
	w.handler.Store(&handler)
}

// throughOwner lets Chatwoot post to the process that holds the connection.
func (w *world) throughOwner() { w.through(w.bridge) }

// A webhook that is lost by a process without the connection is looked for by the
// next message, whoever is told of that one.
func TestT07_WhatAnotherProcessHasLostIsNotOvertaken(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]func(w *world, others []*bridge.Bridge){
		"the next comes to the same process": func(*world, []*bridge.Bridge) {},
		"to the owner":                       func(w *world, _ []*bridge.Bridge) { w.throughOwner() },
		"to a third one":                     func(w *world, others []*bridge.Bridge) { w.through(others[1]) },
	} {
		t.Run(name, func(t *testing.T) {
			places(t, func(t *testing.T, w *world, others []*bridge.Bridge) {
				w.desk.say("before")
				_, err := w.alice.WaitText(patience, "before")
				require.NoError(t, err)
				require.NoError(t, w.desk.WaitIdle(t.Context()))
				w.through(others[0])
				_, err = w.db.Exec(`ALTER TABLE job RENAME TO job_away`)
				require.NoError(t, err)
				lost := w.desk.say("lost")
				w.desk.wait("the red bubble", withStatus(lost.ID, "failed"))
				require.NoError(t, w.desk.WaitIdle(t.Context()))
				_, err = w.db.Exec(`ALTER TABLE job_away RENAME TO job`)
				require.NoError(t, err)
				next(w, others)
				w.desk.say("next")
				_, err = w.alice.WaitText(patience, "next")
				require.NoError(t, err)
				require.Equal(t, []string{"before", "lost", "next"}, w.alice.Texts())
			}, byWebhook)
		})
	}
}

// shows waits until a process shows a state of the line.
func (w *world) shows(b *bridge.Bridge, what string, fits func(whatsapp.State) bool) (state whatsapp.State) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		var err error
		state, err = b.State(w.line)
		return err == nil && fits(state)
	}, patience, 5*time.Millisecond, what)
	return state
}

func connected(s whatsapp.State) bool { return s.Code == whatsapp.StateConnected }

// The state, the code to scan and every command are had from every process.
func TestT07_ALineIsSeenAndCommandedFromEveryProcess(t *testing.T) {
	places(t, func(t *testing.T, w *world, others []*bridge.Bridge) {
		ctx := context.Background()
		for _, other := range others {
			state := w.shows(other, "the connection", connected)
			require.Equal(t, "Connected to WhatsApp.", state.Sentence)
			require.Equal(t, w.phone.Companion().JID().String(), state.JID)
		}
		changed, stop, err := others[1].Watch(w.line)
		require.NoError(t, err)
		defer stop()

		logins := w.phone.Companion().Logins()
		require.NoError(t, others[0].Reconnect(ctx, w.line))
		require.NoError(t, w.phone.Companion().WaitLogins(patience, logins+1))
		w.connected()
		w.shows(others[0], "the connection again", connected)

		require.NoError(t, others[0].Logout(ctx, w.line))
		for _, b := range append(others, w.bridge) {
			w.shows(b, "the end of the link", func(s whatsapp.State) bool { return s.Code == whatsapp.StateLoggedOut && s.JID == "" })
		}
		<-changed

		require.NoError(t, others[1].Pair(ctx, w.line, ""))
		shown := w.shows(others[0], "a code to scan", func(s whatsapp.State) bool { return s.QR != "" })
		require.NoError(t, w.phone.ScanQR(shown.QR))
		for _, b := range append(others, w.bridge) {
			state := w.shows(b, "the link", connected)
			require.Empty(t, state.QR)
		}
		var refused *fault.Error
		require.ErrorAs(t, others[0].Pair(ctx, w.line, ""), &refused)
		require.Equal(t, fault.CodeConflict, refused.Code)

		require.NoError(t, others[0].Pause(ctx, w.line))
		for _, b := range append(others, w.bridge) {
			w.shows(b, "the pause", func(s whatsapp.State) bool { return s.Code == bridge.StatePaused })
		}
		require.Eventually(t, func() bool { return !w.phone.Companion().Online() }, patience, 5*time.Millisecond)
		require.NoError(t, others[1].Resume(ctx, w.line))
		for _, b := range append(others, w.bridge) {
			w.shows(b, "the connection after the pause", connected)
		}
		statuses, err := others[1].Lines(ctx)
		require.NoError(t, err)
		require.Len(t, statuses, 1)
		require.NotEmpty(t, statuses[0].Version)

		require.NoError(t, others[0].DeleteLine(ctx, w.line, true))
		require.Empty(t, w.phone.Companions(), "the device is gone from the phone")
	}, byBoth)
}

// What Chatwoot posts to another process has the effect that it has at the owner.
func TestT07_WhatAnotherProcessIsToldCounts(t *testing.T) {
	places(t, func(t *testing.T, w *world, others []*bridge.Bridge) {
		w.through(others[0])
		conversation := w.desk.Conversations()[0].ID
		w.ask(http.MethodPost, fmt.Sprintf("/conversations/%d/toggle_typing_status", conversation), `{"typing_status":"on"}`)
		require.Eventually(t, func() bool { return len(w.alice.TypingEvents()) > 0 }, patience, 5*time.Millisecond, "an agent's typing")

		w.desk.say("an answer")
		_, err := w.alice.WaitText(patience, "an answer")
		require.NoError(t, err)
		w.desk.wait("its tick", func(m chatwoottest.Message) bool { return withText("an answer")(m) && m.Status == "delivered" })
	}, byWebhook)
}

// A process that is asked while the owner is gone says so, and nothing happens later.
func TestT07_ACommandThatNobodyTakesIsRefused(t *testing.T) {
	places(t, func(t *testing.T, w *world, others []*bridge.Bridge) {
		_, err := w.db.Exec(`UPDATE line SET owner = 'gone/1', owned_until = $1`, time.Now().Add(time.Hour).UnixMilli())
		require.NoError(t, err)
		require.Eventually(t, func() bool { return !w.phone.Companion().Online() }, patience, 5*time.Millisecond, "the old owner gives up")
		var refused *fault.Error
		require.ErrorAs(t, others[0].Logout(context.Background(), w.line), &refused)
		require.Equal(t, fault.CodeUnavailable, refused.Code)
		require.Contains(t, refused.Message, "try again in some seconds")
		require.Len(t, w.phone.Companions(), 1)
	}, byWebhook)
}
