package bridge_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp"
)

func ofAnother(c *bridge.Config) { c.Instance, c.OwnerTTL = "another", 2*time.Second }

// stateOf waits until a process shows a line in a state.
func stateOf(t *testing.T, b *bridge.Bridge, line bridge.LineID, code whatsapp.Code) {
	t.Helper()
	require.Eventually(t, func() bool {
		state, err := b.State(line)
		return err == nil && state.Code == code
	}, patience, 5*time.Millisecond, "state %s", code)
}

func TestALineMovesToAnotherProcessOnlyWhenItsOwnerStops(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		another := w.process(w.db, ofAnother)
		defer another.Stop()
		require.Error(t, another.Pair(context.Background(), w.line, ""), "it does not hold the connection")

		handler := another.Webhooks()
		w.handler.Store(&handler)
		w.desk.say("taken by one, sent by the other")
		_, err := w.alice.WaitText(patience, "taken by one, sent by the other")
		require.NoError(t, err)
		logins := w.phone.Companion().Logins()

		w.bridge.Stop()
		stateOf(t, another, w.line, whatsapp.StateConnected)
		w.alice.SendText(w.phone, "still there?")
		w.desk.wait("a message through the other", withText("still there?"))
		require.Equal(t, logins+1, w.phone.Companion().Logins(), "the two never fought over the device")
	})
}

// An owner whose database is away disconnects before its lease ends.
func TestAnOwnerThatCannotRenewDisconnects(t *testing.T) {
	t.Parallel()
	w := newWorld(t, databasetest.Postgres(t), idmap.NewMemory(1000, time.Now), setting{listen: lines.ListenWebhook})
	w.bridge.Stop()
	db, err := database.Open(context.Background(), database.Config{URL: w.db.URL()})
	require.NoError(t, err)
	cutOff := w.process(db, ofAnother)
	defer cutOff.Stop()
	stateOf(t, cutOff, w.line, whatsapp.StateConnected)
	require.NoError(t, db.Close())
	require.Eventually(t, func() bool { return !w.phone.Companion().Online() }, patience, 5*time.Millisecond)
	w.start()
	w.connected()
}

func TestALineThatCrashesTheProcessIsPaused(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		crashed := func(c *bridge.Config) { c.Crashed = true }
		died := func(connects int) {
			w.bridge.Stop()
			_, err := w.db.Exec(`UPDATE line SET owner = 'test/before', owned_until = $1, connects = $2`, time.Now().Add(time.Hour).UnixMilli(), connects)
			require.NoError(t, err)
		}
		died(1)
		w.bridge = w.process(w.db, crashed)
		w.connected()

		died(2)
		w.bridge = w.process(w.db, func(*bridge.Config) {})
		w.connected() // it was killed, not crashed: the line is not to blame

		died(2)
		w.bridge = w.process(w.db, crashed)
		w.until("the pause", func(s whatsapp.State) bool { return s.Code == bridge.StatePaused })
		state, err := w.bridge.State(w.line)
		require.NoError(t, err)
		require.Contains(t, state.Sentence, "crashed")

		require.NoError(t, w.bridge.Resume(context.Background(), w.line))
		w.connected()
	})
}

func TestR33_APausedLineStoresAndSendsWhenResumed(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		changed, stop, err := w.bridge.Watch(w.line)
		require.NoError(t, err)
		defer stop()
		require.NoError(t, w.bridge.Pause(ctx, w.line))
		<-changed
		require.Eventually(t, func() bool { return !w.phone.Companion().Online() }, patience, 5*time.Millisecond)
		m := w.desk.say("later")
		w.told("created", m.ID)
		w.alice.SendText(w.phone, "also later")
		status, err := w.bridge.LineStatus(ctx, w.line)
		require.NoError(t, err)
		require.Equal(t, bridge.StatePaused, status.State.Code)
		require.Equal(t, 1, status.Queue.Outbound)
		var failure *bridge.Error
		require.ErrorAs(t, w.bridge.DeleteLine(ctx, w.line, false), &failure)
		require.Equal(t, fault.CodeConflict, failure.Code)
		require.ErrorAs(t, w.bridge.Pair(ctx, w.line, ""), &failure)

		require.NoError(t, w.bridge.Resume(ctx, w.line))
		_, err = w.alice.WaitText(patience, "later")
		require.NoError(t, err)
		w.desk.wait("the customer's", withText("also later"))
	}, byBoth)
}

// A paused line is not on the live channel: what was said meanwhile is found when it
// is resumed.
func TestAPausedLineFindsWhatTheLiveChannelSaid(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		require.NoError(t, w.bridge.Pause(t.Context(), w.line))
		require.Eventually(t, func() bool { return len(w.desk.LiveConnections()) == 0 }, patience, 5*time.Millisecond)
		w.desk.say("first")
		w.desk.say("second")
		require.NoError(t, w.bridge.Resume(t.Context(), w.line))
		_, err := w.alice.WaitText(patience, "second")
		require.NoError(t, err)
		require.Equal(t, []string{"first", "second"}, w.alice.Texts())
	}, byLive)
}

// A token that is refused for one request alone stops no line; see TestK1_ for one
// that is refused for all.
func TestD04_OneRefusalOfTheTokenStopsNoLine(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		w.desk.AddRule(chatwoottest.Rule{Method: http.MethodPost, Path: "/messages", Times: 1, Fault: chatwoottest.Fault{
			Status: http.StatusUnauthorized, ContentType: "application/json", Body: `{"error":"You are not authorized to do this action"}`,
		}})
		w.alice.SendText(w.phone, "kept")
		w.failed("message")
		w.neverPaused()
		w.desk.wait("the kept message", withText("kept"))
		require.Equal(t, []string{"hi", "kept"}, w.desk.incoming())
	})
}

func TestSettingsChangeWhileTheLineRuns(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		name := "Front desk"
		require.NoError(t, w.bridge.UpdateLine(ctx, w.line, bridge.LineUpdate{Name: &name, Settings: json.RawMessage(`{"formatting":false}`)}))
		w.alice.SendText(w.phone, "*plain*")
		w.desk.wait("unformatted text", withText(`\*plain\*`))
		status, err := w.bridge.LineStatus(ctx, w.line)
		require.NoError(t, err)
		require.Equal(t, name, status.Line.Name)
		require.False(t, status.Line.Settings.FormatsInbound())
		require.Equal(t, "4.16.2", status.Version)

		logins := w.phone.Companion().Logins()
		require.NoError(t, w.bridge.UpdateLine(ctx, w.line, bridge.LineUpdate{Settings: json.RawMessage(`{"send_rate":7}`)}))
		require.NoError(t, w.phone.Companion().WaitLogins(patience, logins+1))
		w.connected()
		for _, bad := range []string{`{"send_rate":-1}`, `{"colour":"red"}`, `{"language":"xx"}`, `[]`} {
			var failure *bridge.Error
			require.ErrorAs(t, w.bridge.UpdateLine(ctx, w.line, bridge.LineUpdate{Settings: json.RawMessage(bad)}), &failure, bad)
			require.Equal(t, fault.CodeInvalid, failure.Code)
		}
	})
}

func TestR36_ADeletedLineLeavesNothingBehind(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		w.desk.say("hello")
		_, err := w.alice.WaitText(patience, "hello")
		require.NoError(t, err)
		// Receipts may still wait; then it is a conflict.
		require.Eventually(t, func() bool { return w.bridge.DeleteLine(ctx, w.line, false) == nil }, patience, 5*time.Millisecond)
		var failure *bridge.Error
		_, err = w.bridge.LineStatus(ctx, w.line)
		require.ErrorAs(t, err, &failure)
		require.Equal(t, fault.CodeNotFound, failure.Code)
		for _, table := range []string{"lane", "job", "chat", "chat_alias", "conversation_link", "message_link", "agent_message", "remark", "comparison"} {
			var rows int
			require.NoError(t, w.db.QueryRow(`SELECT COUNT(*) FROM `+table+` WHERE line = $1`, string(w.line)).Scan(&rows))
			require.Zero(t, rows, table)
		}
		var devices, secrets int
		require.NoError(t, w.db.QueryRow(`SELECT COUNT(*) FROM whatsmeow_device`).Scan(&devices))
		require.Zero(t, devices)
		require.NoError(t, w.db.QueryRow(`SELECT COUNT(*) FROM line WHERE token IS NOT NULL OR jid <> ''`).Scan(&secrets))
		require.Zero(t, secrets)

		line, err := w.bridge.CreateLine(ctx, bridge.NewLine{
			Name: "Shop", ChatwootURL: w.desk.URL(), ChatwootToken: w.desk.AdminToken(), Account: int64(w.desk.Account()),
		})
		require.NoError(t, err)
		require.NotEqual(t, w.line, line.ID)
		stateOf(t, w.bridge, line.ID, whatsapp.StateNew)
	})
}

// Two chats that are to be joined stay so while the database fails for a moment.
func TestAJoinOutlivesADatabaseThatFails(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		_, err := w.db.Exec(`ALTER TABLE chat RENAME TO chat_away`)
		require.NoError(t, err)
		now := time.Now().UnixMilli()
		_, err = w.db.Exec(`INSERT INTO lane (key, line, chat, dir, seq, due, head) VALUES ($1, $2, 'join-b', 'upkeep', 1, $3, $3)`, string(w.line)+"/join-b/upkeep", string(w.line), now)
		require.NoError(t, err)
		_, err = w.db.Exec(`INSERT INTO job (lane, line, pos, dedupe, kind, payload, at, created) VALUES ($1, $2, 1, 'join', 'join', $3, $4, $4)`,
			string(w.line)+"/join-b/upkeep", string(w.line), []byte(`{"Elder":"a","Younger":"b"}`), now)
		require.NoError(t, err)
		job := func() (state string, attempt int) {
			require.NoError(t, w.db.QueryRow(`SELECT state, attempt FROM job WHERE dedupe = 'join'`).Scan(&state, &attempt))
			return state, attempt
		}
		require.Eventually(t, func() bool { state, attempt := job(); return attempt > 0 || state != "waiting" }, patience, 5*time.Millisecond)
		state, _ := job()
		require.Equal(t, "waiting", state)
		_, err = w.db.Exec(`ALTER TABLE chat_away RENAME TO chat`)
		require.NoError(t, err)
		require.Eventually(t, func() bool { state, _ := job(); return state == "done" }, patience, 5*time.Millisecond)
	})
}

// What an admin changes in Chatwoot is noticed while the line runs: the inbox's
// settings are followed, and a token that was taken away stops the line although
// nobody writes.
func TestChangesInChatwootAreNoticedWithoutTraffic(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		first := w.desk.wait("the conversation", withText("hi"))
		client, err := chatwoot.New(chatwoot.Config{BaseURL: w.desk.URL(), Token: w.desk.AdminToken(), Account: int64(w.desk.Account())})
		require.NoError(t, err)
		inbox, err := client.Inbox(t.Context(), chatwoot.InboxID(first.Inbox))
		require.NoError(t, err)
		require.True(t, inbox.LockToSingle)
		req, err := http.NewRequest(http.MethodPatch, fmt.Sprintf("%s/api/v1/accounts/%d/inboxes/%d", w.desk.URL(), w.desk.Account(), first.Inbox), strings.NewReader(`{"lock_to_single_conversation":false}`))
		require.NoError(t, err)
		req.Header.Set("Api-Access-Token", w.desk.AdminToken())
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode)
		w.passed(func() { w.passAsked(first) })
		require.NoError(t, w.desk.Resolve(first.Conversation))
		require.NoError(t, w.desk.WaitIdle(t.Context()))
		w.alice.SendText(w.phone, "again")
		require.NotEqual(t, first.Conversation, w.desk.wait("another conversation", withText("again")).Conversation)

		_, err = w.desk.ResetToken(w.desk.Users()[0].ID)
		require.NoError(t, err)
		w.passAsked(first)
		w.until("the pause", func(s whatsapp.State) bool { return s.Code == bridge.StatePaused })
	}, byWebhook)
}
