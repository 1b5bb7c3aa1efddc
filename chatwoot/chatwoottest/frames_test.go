package chatwoottest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// The frame of a message comes before the request that made it is answered; what
// background jobs tell does not wait for the answer either.
func TestFramesComeBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	l := w.listen(w.admin())
	w.AddRule(chatwoottest.Rule{Method: http.MethodPost, Path: "/messages", Times: 1, Fault: chatwoottest.Fault{ReplyDelay: time.Hour}})
	ctx, giveUp := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL()+w.conversation(conv, "/messages"), strings.NewReader(`{"content":"early"}`))
		if err != nil {
			return
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Api-Access-Token", w.AdminToken())
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
		}
	}()
	require.Equal(t, "early", l.next().Message.Data.Content)
	require.Equal(t, "first.reply.created", l.next().Message.Event)
	changed := l.next()
	require.Equal(t, "conversation.updated", changed.Message.Event)
	require.Nil(t, changed.Message.Data.Performer)
	giveUp()
	<-done
}

// Frames carry the row as it is stored; webhooks normalise it.
func TestAFrameHasTheStoredText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	w.idle()
	l := w.listen(w.admin())
	w.hits = nil
	sent, err := w.Reply(conv, "one\\\ntwo\n\n")
	require.NoError(t, err)
	created := l.until("message.created").Message.Data
	require.Equal(t, "one\\\ntwo\n\n", created.Content)
	require.Equal(t, sent.Created.Unix(), created.CreatedAt)
	require.Equal(t, []int{sent.ID, conv, w.inbox, 1}, []int{created.ID, created.ConversationID, created.InboxID, created.AccountID})
	w.idle()
	require.Contains(t, string(w.hits[0].body), `"content":"one\ntwo"`)
}

// All that is written comes, whoever writes it.
func TestEverybodysMessagesCome(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	l := w.listen(w.admin())
	_, err := w.Note(conv, "a note")
	require.NoError(t, err)
	note := l.next().Message.Data
	require.True(t, note.Private)
	require.Equal(t, w.agent(), note.Performer.ID)
	_, err = w.Reply(conv, "a bot", chatwoottest.ByBot(3))
	require.NoError(t, err)
	bot := l.next().Message.Data
	require.Equal(t, "agent_bot", bot.Sender.Type)
	require.Nil(t, bot.Performer)
	_, err = w.Reply(conv, "a rule", chatwoottest.ByNobody())
	require.NoError(t, err)
	rule := l.next().Message.Data
	require.Nil(t, rule.Sender)
	require.Nil(t, rule.Performer)
	echo := w.post(w.AdminToken(), w.conversation(conv, "/messages"), `{"content":"typed on the phone","source_id":"WAID:1","content_attributes":{"external_echo":true}}`)
	require.Equal(t, http.StatusOK, echo.status)
	require.JSONEq(t, `{"external_echo":true}`, string(l.next().Message.Data.ContentAttributes))
}

func TestAGreetingAndAnActivityCome(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	require.Equal(t, http.StatusOK, w.patch(w.AdminToken(), fmt.Sprintf("/api/v1/accounts/1/inboxes/%d", w.inbox), `{"greeting_enabled":true,"greeting_message":"Welcome"}`).status)
	conv := w.newConversation("Maria")
	l := w.listen(w.admin())
	w.incoming(conv, "hi")
	hi, greeting, contact := l.next(), l.next(), l.next()
	require.Equal(t, "hi", hi.Message.Data.Content)
	require.Equal(t, "Welcome", greeting.Message.Data.Content)
	require.Equal(t, 3, greeting.Message.Data.MessageType)
	require.Equal(t, "contact.updated", contact.Message.Event)
	require.NoError(t, w.Resolve(conv))
	require.Equal(t, "conversation.status_changed", l.next().Message.Event)
	activity := l.next()
	require.Equal(t, 2, activity.Message.Data.MessageType)
	require.Equal(t, "conversation.updated", l.next().Message.Event)
	require.NoError(t, w.Assign(conv, w.agent()))
	require.Equal(t, []string{"assignee.changed", "message.created", "conversation.updated"}, kinds(l.events()))
}

// Retry is one change from 4.16.2 on; what the status was, each frame tells.
func TestFramesTellWhatWasBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	sent, err := w.Reply(conv, "hello")
	require.NoError(t, err)
	w.idle()
	l := w.listen(w.admin())
	changes := func() string {
		t.Helper()
		var all map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(l.until("message.updated").Message.Data.PreviousChanges, &all))
		require.Contains(t, all, "updated_at")
		delete(all, "updated_at")
		return mustJSON(t, all)
	}
	require.Equal(t, http.StatusOK, w.patch(w.AdminToken(), w.messagePath(sent), `{"status":"failed","external_error":"no"}`).status)
	require.JSONEq(t, `{"status":["sent","failed"],"content_attributes":[{},{"external_error":"no"}]}`, changes())
	require.NoError(t, w.Retry(sent.ID))
	require.JSONEq(t, `{"status":["failed","sent"],"content_attributes":[{"external_error":"no"},{}]}`, changes())
	require.Equal(t, http.StatusOK, w.patch(w.AdminToken(), w.messagePath(sent), `{"status":"failed","external_error":"no"}`).status)
	require.JSONEq(t, `{"status":["sent","failed"],"content_attributes":[{},{"external_error":"no"}]}`, changes())
	require.Equal(t, http.StatusOK, w.patch(w.AdminToken(), w.messagePath(sent), `{"status":"delivered"}`).status)
	require.JSONEq(t, `{"status":["failed","delivered"],"content_attributes":[{"external_error":"no"},{"external_error":null}]}`, changes())
	require.NoError(t, w.Delete(sent.ID))
	require.JSONEq(t, `{"content":["hello","This message was deleted"],"content_attributes":[{"external_error":null},{"deleted":true}],
		"processed_message_content":["hello","This message was deleted"]}`, changes())
	require.Empty(t, kinds(l.events()))
}

// The customer's typing and reading come by the public API; a user does not hear
// itself type.
func TestTypingAndReading(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	sent, err := w.Reply(conv, "hello")
	require.NoError(t, err)
	w.idle()
	w.hits = nil
	w.join(w.agent())
	admin, agent := w.listen(w.admin()), w.listen(w.agent())
	typing := func(token, status string) {
		t.Helper()
		require.Equal(t, http.StatusOK, w.post(token, w.conversation(conv, "/toggle_typing_status"), `{"typing_status":"`+status+`"}`).status)
	}
	typing(w.AdminToken(), "on")
	require.Equal(t, "conversation.typing_on", agent.next().Message.Event)
	typing(w.AgentToken(), "off")
	off := admin.next()
	require.Equal(t, "conversation.typing_off", off.Message.Event)
	require.Equal(t, "user", off.Message.Data.User.Type)
	public := "/public/api/v1/inboxes/" + w.Inboxes()[0].Identifier + "/contacts/maria/conversations/" + fmt.Sprint(conv)
	require.Equal(t, http.StatusOK, w.post("", public+"/toggle_typing", `{"typing_status":"off"}`).status)
	probe := admin.next()
	require.Equal(t, "conversation.typing_off", probe.Message.Event)
	require.Equal(t, "contact", probe.Message.Data.User.Type)
	require.Nil(t, probe.Message.Data.Performer)
	require.ElementsMatch(t, []string{"conversation_typing_on", "conversation_typing_off", "conversation_typing_off"}, w.idle())
	require.Equal(t, http.StatusOK, w.post("", public+"/update_last_seen", "").status)
	read := admin.events()
	require.Equal(t, []string{"conversation.read", "message.updated"}, kinds(read))
	require.Equal(t, []any{sent.ID, "read"}, []any{read[1].Message.Data.ID, read[1].Message.Data.Status})
}

// What no inbox webhook tells: contacts come and go, and settings change.
func TestContactsAndInboxesComeToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	w.newConversation("Maria")
	maria := w.Contacts()[0]
	l := w.listen(w.admin())
	require.NoError(t, w.Block(maria.ID, true))
	require.NoError(t, w.Block(maria.ID, true)) // changes nothing
	require.Equal(t, "contact.updated", l.next().Message.Event)
	base, err := w.AddContact("name", "Base")
	require.NoError(t, err)
	require.Equal(t, base.ID, l.next().Message.Data.ID)
	require.NoError(t, w.MergeContacts(base.ID, maria.ID))
	require.Equal(t, []string{"contact.merged", "conversation.contact_changed", "contact.deleted", "contact.updated"}, kinds(l.events()))
	require.NoError(t, w.SetWebhookURL(w.inbox, "http://127.0.0.1:1"))
	require.NoError(t, w.DeleteContact(base.ID))
	require.NoError(t, w.DeleteInbox(w.inbox))
	require.Equal(t, []string{"account.cache_invalidated", "contact.deleted", "account.cache_invalidated"}, kinds(l.events()))
	require.ErrorIs(t, w.SetWebhookURL(w.inbox, ""), chatwoottest.ErrNotFound)
}

// What a job is to tell of something that is gone by then, nobody hears.
func TestALateFrameOfADeletedConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	l := w.listen(w.admin())
	deleted := make(chan struct{})
	remove := w.OnFrame(func(chatwoottest.Frame) chatwoottest.FrameFault {
		<-deleted // nothing is sent before
		return chatwoottest.FrameFault{}
	})
	_, err := w.AddContact("name", "Somebody")
	require.NoError(t, err)
	require.NoError(t, w.Resolve(conv))
	require.NoError(t, w.DeleteConversation(conv))
	close(deleted)
	remove()
	require.Equal(t, "contact.created", l.next().Message.Event)
	require.Empty(t, l.events())
}

// Late frames keep their order, and no answer waits for them.
func TestFramesMayBeLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{FrameLateness: 20 * time.Millisecond})
	conv := w.newConversation("Maria")
	l := w.listen(w.admin())
	for _, text := range []string{"1", "2", "3"} {
		w.incoming(conv, text)
	}
	for _, want := range []string{"1", "2", "3"} {
		require.Equal(t, want, l.until("message.created").Message.Data.Content)
	}
	require.Equal(t, "contact.updated", l.next().Message.Event)
	w.SetFrameLateness(time.Hour)
	w.incoming(conv, "unheard")
	l.quiet()
}
