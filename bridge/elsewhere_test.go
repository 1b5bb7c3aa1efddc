package bridge_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// leftOf counts the line's rows in every table but its own.
func (w *world) leftOf(line bridge.LineID) (left map[string]int) {
	w.t.Helper()
	left = map[string]int{}
	rows, err := w.db.Query(`SELECT table_name FROM information_schema.columns WHERE column_name = 'line' AND table_schema = current_schema()`)
	require.NoError(w.t, err)
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var name string
		require.NoError(w.t, rows.Scan(&name))
		tables = append(tables, name)
	}
	require.NoError(w.t, rows.Err())
	require.Greater(w.t, len(tables), 5)
	for _, table := range tables {
		var n int
		require.NoError(w.t, w.db.QueryRow(`SELECT COUNT(*) FROM `+table+` WHERE line = $1`, string(line)).Scan(&n))
		if n > 0 {
			left[table] = n
		}
	}
	return left
}

// A line is deleted by a process that does not hold its connection, while the owner is
// at work in both directions: that ends, the device and every row go, no process goes
// on with it, and the inbox stays as it is.
func TestT07_ALineIsDeletedElsewhereWhileItsOwnerWorks(t *testing.T) {
	places(t, func(t *testing.T, w *world, others []*bridge.Bridge) {
		ctx := context.Background()
		inbox := w.desk.Inboxes()[0]
		remove := w.desk.OnRequest(func(r *http.Request) chatwoottest.Fault {
			if isPosting(r) {
				return chatwoottest.Fault{ReplyDelay: 200 * time.Millisecond}
			}
			return chatwoottest.Fault{}
		})
		for i := range 20 {
			w.alice.SendText(w.phone, fmt.Sprint("question ", i))
			w.desk.say(fmt.Sprint("answer ", i))
		}
		w.desk.wait("work under way", withText("question 1"))
		var refused *fault.Error
		require.ErrorAs(t, others[0].DeleteLine(ctx, w.line, false), &refused, "messages wait")
		require.Equal(t, fault.CodeConflict, refused.Code)
		require.NoError(t, others[0].DeleteLine(ctx, w.line, true))
		remove()

		all := append(others, w.bridge)
		for _, b := range all {
			require.Eventually(t, func() bool {
				_, err := b.State(w.line)
				return err != nil
			}, patience, 5*time.Millisecond, "a process still has it")
			require.Eventually(t, func() bool {
				statuses, err := b.Lines(ctx)
				return err == nil && len(statuses) == 0
			}, patience, 5*time.Millisecond, "a process still lists it")
		}
		require.Empty(t, w.phone.Companions(), "the device is gone from the phone")
		require.Empty(t, w.leftOf(w.line))

		after := w.desk.Inboxes()
		require.Equal(t, []chatwoottest.Inbox{inbox}, after, "the inbox stays")
		shown, sent := len(w.desk.incoming()), len(w.alice.Texts())
		w.alice.SendText(w.phone, "is anybody there?")
		for i, b := range all {
			w.through(b)
			m := w.desk.answer(fmt.Sprint("nobody sends this ", i))
			w.desk.wait("the red bubble", withStatus(m.ID, "failed"))
		}
		require.NoError(t, w.desk.WaitIdle(ctx))
		require.Len(t, w.desk.incoming(), shown)
		require.Len(t, w.alice.Texts(), sent)
		require.Empty(t, w.leftOf(w.line))
	}, byWebhook)
}

// A conversation is resolved, and another process is told: with her next message the
// owner does what the inbox is set to, whatever it has in its memory, and also when it is
// still at work on the one before.
func TestT07_WhatIsResolvedElsewhereIsKnownToTheOwner(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ locked, apart, busy bool }{
		"one conversation for ever":                  {locked: true},
		"one for ever, without Redis, while at work": {locked: true, apart: true, busy: true},
		"a new one each time, without Redis":         {apart: true},
		"a new one each time, while at work":         {busy: true},
		"a new one, without Redis and while at work": {apart: true, busy: true},
	} {
		t.Run(name, func(t *testing.T) {
			places(t, func(t *testing.T, w *world, others []*bridge.Bridge) {
				w.ask(http.MethodPatch, fmt.Sprintf("/inboxes/%d", w.desk.Inboxes()[0].ID), fmt.Sprintf(`{"lock_to_single_conversation":%t}`, tc.locked))
				w.desk.OnRequest(func(r *http.Request) chatwoottest.Fault {
					if tc.busy && isPosting(r) && strings.Contains(string(requestBody(r)), "before") {
						return chatwoottest.Fault{ReplyDelay: 500 * time.Millisecond}
					}
					return chatwoottest.Fault{}
				})
				first := w.desk.Conversations()[0].ID
				w.through(others[0])
				shown := func(text string) chatwoottest.Message {
					w.alice.SendText(w.phone, text)
					return w.desk.wait(text, withText(text))
				}
				last := first
				for round := range 2 {
					last = shown(fmt.Sprint("before ", round)).Conversation // the owner has read the chat
					require.NoError(t, w.desk.Resolve(last))
					require.NoError(t, w.desk.WaitIdle(t.Context()))
					in := shown(fmt.Sprint("after it was resolved ", round)).Conversation
					if tc.locked {
						require.Equal(t, first, in)
					} else {
						require.NotEqual(t, last, in)
					}
					last = in
				}
				require.NoError(t, w.desk.Resolve(last))
				require.NoError(t, w.desk.Reopen(last))
				require.NoError(t, w.desk.WaitIdle(t.Context()))
				require.Equal(t, last, shown("it is open again").Conversation)
			}, byWebhook, func(s *setting) { s.apart = tc.apart })
		})
	}
}

// An agent types and stops, and different processes are told: the customer sees it once.
func TestT07_TypingThatIsToldAnywhereIsShown(t *testing.T) {
	places(t, func(t *testing.T, w *world, others []*bridge.Bridge) {
		conversation := w.desk.Conversations()[0].ID
		types := func(to *bridge.Bridge, on bool) {
			w.through(to)
			require.NoError(t, w.desk.Type(conversation, on))
			require.NoError(t, w.desk.WaitIdle(t.Context()))
		}
		shown := func(n int) {
			require.Eventually(t, func() bool { return len(w.alice.TypingEvents()) == n }, patience, 5*time.Millisecond, "%v", w.alice.TypingEvents())
		}
		types(others[0], true)
		shown(1)
		types(others[1], false)
		shown(2)
		w.pass(time.Minute)
		types(others[1], true)
		shown(3)
		types(w.bridge, false)
		shown(4)

		// Where the owner is away nobody is shown anything, and nothing fails.
		w.bridge.Stop()
		types(others[0], true)
		deliveries := w.desk.Webhooks()
		require.Equal(t, http.StatusOK, deliveries[len(deliveries)-1].Status)
	}, byWebhook)
}

// A code to type is asked for at one process, and seen at every other one.
func TestT07_ACodeToTypeIsSeenFromEveryProcess(t *testing.T) {
	places(t, func(t *testing.T, w *world, others []*bridge.Bridge) {
		ctx := context.Background()
		require.NoError(t, others[0].Logout(ctx, w.line))
		w.shows(others[1], "the end of the link", func(s whatsapp.State) bool { return s.JID == "" })
		require.NoError(t, others[1].Pair(ctx, w.line, "+"+w.phone.Number()))
		shown := w.shows(others[0], "a code to type", func(s whatsapp.State) bool { return s.PairingCode != "" })
		require.NoError(t, w.phone.EnterPairCode(shown.PairingCode))
		for _, b := range append(others, w.bridge) {
			require.Empty(t, w.shows(b, "the link", connected).PairingCode)
		}
		w.alice.SendText(w.phone, "linked again")
		w.desk.wait("the text", withText("linked again"))
	}, byWebhook)
}
