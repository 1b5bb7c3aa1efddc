package bridge_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/reconcile"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// Every tenth webhook of 100 replies vanishes without a trace. Once a comparison has
// found the first of them, each message looks for those before it, and none is
// overtaken any more; nothing is lost, and nothing comes twice.
func TestT14_OnceAMessageIsMissingNoneIsOvertaken(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		const replies, every = 100, 10
		talking(w)
		w.configure = func(cfg *bridge.Config) {
			cfg.Schedule = reconcile.Schedule{Every: 100 * time.Millisecond, Again: 100 * time.Millisecond, Spacing: time.Millisecond, PerSecond: cfg.Schedule.PerSecond}
		}
		w.passed(func() { w.away(func() {}) })
		w.passed(func() {}) // the second one after the start
		created := 0
		remove := w.desk.OnWebhook(func(hook chatwoottest.Webhook) chatwoottest.WebhookFault {
			return chatwoottest.WebhookFault{Drop: hook.Event == "message_created" && hook.Message%every == 0}
		})
		var texts []string
		known := 0 // how many were written when the first one was known to be missing
		for i := range replies {
			text := fmt.Sprintf("reply %03d", i)
			lost := w.desk.say(text).ID%every == 0
			texts = append(texts, text)
			if lost {
				created++
			}
			if lost && known > 0 {
				continue // the next one must not leave before it
			}
			_, err := w.alice.WaitText(patience, text) // the first lost one waits for a comparison
			require.NoError(t, err)
			if lost {
				known = i + 1
			}
		}
		require.GreaterOrEqual(t, created, replies/every-1)
		w.desk.say("end")
		remove()
		require.NoError(t, w.alice.WaitCount(patience, replies+1))
		w.settled()
		got := w.alice.Texts()
		require.Equal(t, append(slices.Clone(texts[known:]), "end"), got[known:], "in order, from when the first one was known")
		slices.Sort(got[:known])
		require.Equal(t, texts[:known], got[:known])
	})
}

// A list of conversations that is larger than an answer may be, and a conversation
// whose messages Chatwoot cannot list, keep no other conversation waiting.
func TestT14_WhatCannotBeListedKeepsNobodyElseWaiting(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		k := newTalk(w, "Bob")
		alice, bob := k.conversations[0], k.conversations[1]
		w.configure = func(cfg *bridge.Config) {
			cfg.Schedule = reconcile.Schedule{Every: 100 * time.Millisecond, Again: 100 * time.Millisecond, Spacing: time.Millisecond, PerSecond: cfg.Schedule.PerSecond}
		}
		tooLarge := chatwoottest.Fault{Status: http.StatusOK, ContentType: "application/json", Body: strings.Repeat(" ", 33<<20)}
		var remove func()
		w.away(func() {
			for _, c := range k.conversations {
				_, err := c.Say("missed")
				require.NoError(t, err)
			}
			remove = w.desk.OnRequest(func(r *http.Request) chatwoottest.Fault {
				switch {
				case r.URL.Query().Has("updated_within"):
					return tooLarge
				case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, fmt.Sprintf("/conversations/%d/messages", alice.ID)):
					return chatwoottest.InternalServerError()
				}
				return chatwoottest.Fault{}
			})
		})
		_, err := bob.WaitText(patience, "missed")
		require.NoError(t, err)
		require.Empty(t, alice.Texts())
		remove()
		w.pass(time.Minute)
		_, err = alice.WaitText(patience, "missed")
		require.NoError(t, err)
	})
}
