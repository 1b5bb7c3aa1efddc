package bridge_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

func TestD10_WhatNobodyTypedIsSentToo(t *testing.T) {
	eachListening(t, func(t *testing.T, w *world) {
		inbox := strconv.Itoa(w.desk.Inboxes()[0].ID)
		w.ask(http.MethodPatch, "/inboxes/"+inbox, `{"greeting_enabled":true,"greeting_message":"Welcome"}`)
		w.alice.SendText(w.phone, "hi")
		_, err := w.alice.WaitText(patience, "Welcome")
		require.NoError(t, err)
		w.desk.say("from a rule", chatwoottest.ByNobody())
		w.desk.say("from a bot", chatwoottest.ByBot(7))
		w.desk.say("Please rate us", chatwoottest.WithContentType("input_csat"))
		require.NoError(t, w.alice.WaitCount(patience, 4))
		survey := slices.IndexFunc(w.alice.Texts(), func(text string) bool {
			return strings.HasPrefix(text, "Please rate us "+w.desk.URL()+"/survey/responses/")
		})
		require.GreaterOrEqual(t, survey, 0, "%q", w.alice.Texts())
		require.ElementsMatch(t, []string{"Welcome", "from a rule", "from a bot", w.alice.Texts()[survey]}, w.alice.Texts())
	})
}

func TestD32_AContactWithoutANumberFailsUntilItHasOne(t *testing.T) {
	eachListening(t, func(t *testing.T, w *world) {
		contact, err := w.desk.AddContact("name", "Alice from the site", "email", "alice@example.com")
		require.NoError(t, err)
		m, err := w.desk.StartConversation(w.desk.Inboxes()[0].ID, contact.ID, "your order is here")
		require.NoError(t, err)
		require.Contains(t, w.desk.wait("the red bubble", withStatus(m.ID, "failed")).Reason, "No WhatsApp number")
		w.ask(http.MethodPut, "/contacts/"+strconv.Itoa(contact.ID), `{"phone_number":"+5511888880002"}`)
		require.NoError(t, w.desk.Retry(m.ID))
		_, err = w.alice.WaitText(patience, "your order is here")
		require.NoError(t, err)

		w.alice.SendText(w.phone, "thanks")
		answer := w.desk.wait("the answer", withText("thanks"))
		require.Equal(t, m.Conversation, answer.Conversation)
		require.Len(t, w.desk.Contacts(), 1)
	})
}

func TestR42_EventsThatNobodyNeedsAreAnswered(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		inbox := w.desk.Inboxes()[0]
		timestamp := fmt.Sprint(time.Now().Unix())
		for _, body := range []string{
			`{"event":"webwidget_triggered","inbox":"12","conversation":[]}`, `{"event":"contact_updated","account":7}`,
			`{"event":"conversation_updated","id":1,"messages":[]}`, `{"event":"inbox_updated","user":"x"}`,
			`{"event":"message_created","id":9,"message_type":"incoming","sender":null}`,
			`{"event":"message_updated","id":9,"message_type":"outgoing","private":true,"content_attributes":[]}`,
			`{"event":"conversation_typing_off","user":null,"conversation":null}`,
		} {
			req, err := http.NewRequest(http.MethodPost, inbox.WebhookURL, bytes.NewReader([]byte(body)))
			require.NoError(t, err)
			req.Header.Set("X-Chatwoot-Timestamp", timestamp)
			req.Header.Set("X-Chatwoot-Signature", chatwoot.Sign(inbox.Secret, timestamp, []byte(body)))
			resp, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, http.StatusOK, resp.StatusCode, body)
		}
	}, byWebhook)
}
