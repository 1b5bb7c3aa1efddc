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
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// away stops the bridge while something happens, without its webhooks.
func (w *world) away(happens func()) {
	w.t.Helper()
	require.NoError(w.t, w.desk.WaitIdle(w.t.Context()))
	w.handler.Store(nil)
	w.bridge.Stop()
	happens()
	require.NoError(w.t, w.desk.WaitIdle(w.t.Context()))
	w.start()
}

func TestD25_WhatAgentsWroteWhileTheBridgeWasAwayIsSentInOrder(t *testing.T) {
	eachListening(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		var missed []chatwoottest.Message
		var texts []string
		say := func(text string) {
			texts = append(texts, text)
			missed = append(missed, w.desk.say(text))
		}
		w.away(func() {
			for i := range 2*chatwoot.LastMessages + 1 { // more than Chatwoot lists at once
				say(fmt.Sprint("missed ", i))
			}
			w.desk.AddWebhookRule(chatwoottest.WebhookRule{Event: "message_created", Times: 1, Fault: chatwoottest.WebhookFault{Drop: true}})
			say("its webhook vanishes, so it is not even red")
		})
		say("end")
		_, err := w.alice.WaitText(patience, "end")
		require.NoError(t, err)
		require.Equal(t, texts, w.alice.Texts())
		for _, m := range missed {
			w.desk.wait("ticks in place of the red", withStatus(m.ID, "delivered"))
		}
	})
}

// A pass takes many requests. With one in twenty failing it never came to its
// end, and what was written meanwhile left after what was written later; the
// kill test with 20 chats and 1,000 messages found it.
func TestD25_APassOutlivesAnswersThatFail(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		var texts []string
		say := func(text string) {
			texts = append(texts, text)
			w.desk.say(text)
		}
		w.away(func() {
			for i := range 2*chatwoot.LastMessages + 1 {
				say(fmt.Sprint("missed ", i))
			}
			w.desk.AddRule(chatwoottest.Rule{Method: http.MethodGet, Path: "/messages", Every: 2, Fault: chatwoottest.InternalServerError()})
		})
		say("end")
		_, err := w.alice.WaitText(patience, "end")
		require.NoError(t, err)
		require.Equal(t, texts, w.alice.Texts())
	})
}

func TestADeletionWhileTheBridgeWasAwayIsTakenBack(t *testing.T) {
	eachListening(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		m := w.desk.say("oops")
		sent, err := w.alice.WaitText(patience, "oops")
		require.NoError(t, err)
		w.desk.wait("the tick", withStatus(m.ID, "delivered"))
		w.away(func() {
			require.NoError(t, w.desk.Delete(m.ID))
			require.NoError(t, w.desk.Delete(w.desk.say("deleted before it left").ID))
		})
		_, err = w.alice.WaitMessage(patience, func(r whatsapptest.Received) bool {
			return r.Message.GetProtocolMessage().GetKey().GetID() == sent.ID
		})
		require.NoError(t, err)
		w.desk.say("end")
		_, err = w.alice.WaitText(patience, "end")
		require.NoError(t, err)
		require.Equal(t, []string{"oops", "", "end"}, w.alice.Texts(), "the revocation is a message without text")
	})
}

func TestWhatIsTooOldIsRedWithTheReason(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		var old chatwoottest.Message
		w.away(func() {
			old = w.desk.say("from the day before yesterday")
			require.NoError(t, w.desk.Backdate(old.ID, 48*time.Hour))
			_, err := w.db.Exec(`UPDATE line SET reconciled = reconciled - $1, created = created - $1`, (72 * time.Hour).Milliseconds())
			require.NoError(t, err)
		})
		red := w.desk.wait("the reason", func(m chatwoottest.Message) bool {
			return m.ID == old.ID && m.Status == "failed" && !isTransport(m.Reason)
		})
		require.Contains(t, red.Reason, "retry")
		w.desk.say("end")
		_, err := w.alice.WaitText(patience, "end")
		require.NoError(t, err)
		require.Equal(t, []string{"end"}, w.alice.Texts())
	})
}

// isTransport reports whether a reason is Chatwoot's own about a webhook.
func isTransport(reason string) bool {
	return reason == "" || reason == "503 Service Unavailable"
}

func TestT05_ABubbleThatIsRedForNothingShowsTheTruthAgain(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		question := w.desk.wait("the conversation", withText("hi"))
		m := w.desk.say("hello")
		w.desk.wait("the tick", withStatus(m.ID, "delivered"))
		w.away(func() {
			// A status that was set just before: its webhook finds nobody.
			client, err := chatwoot.New(chatwoot.Config{BaseURL: w.desk.URL(), Token: w.desk.AdminToken(), Account: int64(w.desk.Account())})
			require.NoError(t, err)
			for _, id := range []int{m.ID, question.ID} {
				require.NoError(t, client.SetStatus(t.Context(), chatwoot.ConversationID(m.Conversation), chatwoot.MessageID(id), "failed", "503 Service Unavailable"))
			}
		})
		w.desk.wait("the true tick", withStatus(m.ID, "delivered"))
		w.desk.wait("the customer's own message", withStatus(question.ID, "sent"))
	})
}

// replaceLine makes a line for the inbox of one that is deleted; meanwhile
// something happens.
func (w *world) replaceLine(meanwhile func()) {
	w.t.Helper()
	inbox := w.desk.Conversations()[0].Inbox
	require.NoError(w.t, w.bridge.DeleteLine(context.Background(), w.line, true))
	meanwhile()
	line, err := w.bridge.CreateLine(context.Background(), bridge.NewLine{
		Name: "Shop", ChatwootURL: w.desk.URL(), ChatwootToken: w.desk.AdminToken(), Account: int64(w.desk.Account()),
		Inbox: chatwoot.InboxID(inbox), Settings: []byte(`{"order_wait_ms":0,"send_rate":0}`),
	})
	require.NoError(w.t, err)
	w.line = line.ID
	pair(w.t, w)
}

func TestAPassNeverLooksBeforeTheLineWasLinked(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		w.away(func() { w.desk.say("to whoever is connected") })
		_, err := w.alice.WaitText(patience, "to whoever is connected")
		require.NoError(t, err)
		var old chatwoottest.Message
		w.replaceLine(func() { old = w.desk.say("before the new line") })
		w.desk.say("after it")
		_, err = w.alice.WaitText(patience, "after it")
		require.NoError(t, err)
		require.Equal(t, []string{"to whoever is connected", "after it"}, w.alice.Texts())
		w.desk.wait("the old one, still red", withStatus(old.ID, "failed"))
	}, byWebhook)
}

// Chatwoot tells the inbox's line of the day: a webhook that is late is told to a
// line that did not exist when the agent wrote. The message is none of its phone's,
// and red, so that the agent knows.
func TestALateWebhookFromBeforeTheLineIsNotSent(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		var old chatwoottest.Message
		arrives := make(chan struct{})
		remove := w.desk.OnWebhook(func(hook chatwoottest.Webhook) chatwoottest.WebhookFault {
			if hook.Event == "message_created" {
				<-arrives
			}
			return chatwoottest.WebhookFault{}
		})
		w.replaceLine(func() { old = w.desk.say("before the new line") })
		remove()
		close(arrives)
		w.desk.wait("the old one, red", withStatus(old.ID, "failed"))
		w.desk.say("after it") // it looks for earlier ones, as webhooks are late and one failed
		_, err := w.alice.WaitText(patience, "after it")
		require.NoError(t, err)
		w.settled()
		require.Equal(t, []string{"after it"}, w.alice.Texts())
	}, byWebhook)
}

// A deletion of which nobody told takes the files with it; then the text must
// not go out by itself.
func TestAMessageDeletedBeforeItLeftIsNotSentWithoutItsFile(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		require.NoError(t, w.desk.WaitIdle(t.Context()))
		w.desk.MissFiles(1000)
		m := w.desk.say("look at this", chatwoottest.WithFile("a.pdf", "application/pdf", []byte("%PDF-1.4")))
		w.told("created", m.ID)
		w.desk.AddWebhookRule(chatwoottest.WebhookRule{Event: "message_updated", Fault: chatwoottest.WebhookFault{Drop: true}})
		require.NoError(t, w.desk.Delete(m.ID))
		_, err := w.db.Exec(`UPDATE job SET created = created - $1 WHERE kind = 'created'`, time.Minute.Milliseconds())
		require.NoError(t, err)
		w.desk.say("end")
		_, err = w.alice.WaitText(patience, "end")
		require.NoError(t, err)
		require.Equal(t, []string{"end"}, w.alice.Texts())
	}, byWebhook)
}

// A database from a backup does not know what was sent since, nor does it know
// what another bridge has posted: a pass reports, and leaves everything alone
// until an admin confirms.
func TestAPassOnlyReportsWhenTheDatabaseIsNotTheOneItWas(t *testing.T) {
	t.Parallel()
	for name, becomes := range map[string]func(w *world, ids []string){
		"all of it from a backup": func(w *world, _ []string) { w.exec(`DELETE FROM message_link`); w.exec(`DELETE FROM job`) },
		"two messages were lost": func(w *world, ids []string) {
			for _, id := range ids[2:] {
				w.exec(`DELETE FROM message_link WHERE wa_id = $1`, id)
			}
			w.exec(`DELETE FROM job`)
		},
		"another bridge has used the inbox": func(w *world, _ []string) {
			conversation := w.desk.Conversations()[0].ID
			w.ask(http.MethodPost, fmt.Sprintf("/conversations/%d/messages", conversation), `{"content":"from elsewhere","message_type":"incoming","source_id":"WAID:3EB0ELSEWHERE"}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachMode(t, func(t *testing.T, w *world) {
				w.configure = func(cfg *bridge.Config) { cfg.Schedule.Spacing = time.Millisecond }
				ids := w.fourTexts()
				w.awayForLong(func() { becomes(w, ids) })
				require.Eventually(t, func() bool { return strings.Contains(w.lastError(), "confirm") }, patience, 10*time.Millisecond)
				w.connected()
				require.Empty(t, w.alice.Texts())

				require.NoError(t, w.bridge.Confirm(context.Background(), w.line))
				_, err := w.alice.WaitText(patience, "missed")
				require.NoError(t, err)
				require.Eventually(t, func() bool { return w.lastError() == "" }, patience, 10*time.Millisecond)
			})
		})
	}
}

// What was posted without an answer is not in the ledger yet, or never will be;
// it is no stranger.
func TestAMessageThatTheJournalKnowsIsNoStranger(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"waiting", "dead"} {
		t.Run(state, func(t *testing.T) {
			eachMode(t, func(t *testing.T, w *world) {
				ids := w.fourTexts()
				w.awayForLong(func() {
					w.exec(`DELETE FROM message_link WHERE wa_id = $1`, ids[3])
					w.exec(`UPDATE job SET state = $1, unsure = 1 WHERE dedupe LIKE $2`, state, "%|"+ids[3]+"|%")
					w.exec(`UPDATE lane SET due = $1 WHERE dir = 'in'`, time.Now().Add(never).UnixMilli())
				})
				_, err := w.alice.WaitText(patience, "missed")
				require.NoError(t, err)
				require.Empty(t, w.lastError())
			})
		})
	}
}

// fourTexts are four of Alice's messages, all in Chatwoot.
func (w *world) fourTexts() (ids []string) {
	w.t.Helper()
	for _, text := range []string{"one", "two", "three", "four"} {
		ids = append(ids, w.alice.SendText(w.phone, text))
		w.desk.wait("the customer's", withText(text))
	}
	w.settled()
	return ids
}

// awayForLong stops the bridge for an hour, while an agent writes and something
// happens to its database.
func (w *world) awayForLong(happens func()) {
	w.away(func() {
		w.desk.say("missed")
		happens()
		for _, m := range w.desk.Messages(w.desk.Conversations()[0].ID) {
			require.NoError(w.t, w.desk.Backdate(m.ID, time.Hour))
		}
		w.exec(`UPDATE line SET watermark = 0, reconciled = $1, created = $1`, time.Now().Add(-2*time.Hour).UnixMilli())
	})
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	_, err := w.db.Exec(query, args...)
	require.NoError(w.t, err)
}

func (w *world) lastError() string {
	status, err := w.bridge.LineStatus(w.t.Context(), w.line)
	require.NoError(w.t, err)
	return status.LastError
}
