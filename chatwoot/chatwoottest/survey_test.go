package chatwoottest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// The row of a survey has no link; its webhook has, and may word it otherwise.
func TestASurveyHasItsLinkInWebhooksOnly(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ config, row, webhook string }{
		"usual": {`{}`, "Please rate the conversation", "Please rate this conversation, "},
		"own":   {`{"display_type":"emoji","message":"How was it?"}`, "How was it?", "How was it? "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, chatwoottest.Options{FrontendURL: "https://chat.example.com"})
			settings := fmt.Sprintf(`{"csat_survey_enabled":true,"csat_config":%s}`, test.config)
			require.Equal(t, http.StatusOK, w.patch(w.AdminToken(), fmt.Sprintf("/api/v1/accounts/1/inboxes/%d", w.inbox), settings).status)
			conv := w.newConversation("Maria")
			w.idle()
			w.hits = nil
			l := w.listen(w.admin())
			require.NoError(t, w.Resolve(conv))
			survey, err := w.WaitMessage(patience, func(m chatwoottest.Message) bool { return m.ContentType == "input_csat" })
			require.NoError(t, err)
			require.Equal(t, test.row, survey.Text)
			require.Equal(t, test.row, w.get(w.AdminToken(), w.conversation(conv, "/messages")).at("payload.1.content"))
			var frame event
			for frame.Message.Data.ID != survey.ID {
				frame = l.until("message.created")
			}
			require.Equal(t, test.row, frame.Message.Data.Content)
			require.Equal(t, 3, frame.Message.Data.MessageType)
			require.Nil(t, frame.Message.Data.Performer)
			w.idle()
			uuid := w.get(w.AdminToken(), w.conversation(conv, "")).at("uuid")
			want := fmt.Sprintf("%shttps://chat.example.com/survey/responses/%s", test.webhook, uuid)
			var told string
			for _, h := range w.hits {
				var body struct{ Event, Content string }
				require.NoError(t, json.Unmarshal(h.body, &body))
				if body.Event == "message_created" {
					told = body.Content
				}
			}
			require.Equal(t, want, told)
		})
	}
}

func TestTheLoginPageTellsTheAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	page := w.get("", "/app/login")
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, page.header.Get("Content-Type"), "text/html")
	require.Regexp(t, `(?s)window\.chatwootConfig = \{\s+hostURL: '`+w.URL()+`',.*\}`, page.text)
	require.NoError(t, w.SetLoginPage(chatwoottest.LoginPageWithoutURL))
	page = w.get("", "/app/login")
	require.Contains(t, page.text, "window.chatwootConfig = {")
	require.NotContains(t, page.text, "hostURL")
	require.NoError(t, w.SetLoginPage(chatwoottest.LoginPageMissing))
	require.Equal(t, http.StatusNotFound, w.get("", "/app/login").status)
	require.NoError(t, w.SetLoginPage(chatwoottest.LoginPageWhole))
	require.ErrorContains(t, w.SetLoginPage("other"), "no login page")
	abroad := newWorld(t, chatwoottest.Options{FrontendURL: "https://chat.example.com"})
	require.Contains(t, abroad.get("", "/app/login").text, "hostURL: 'https://chat.example.com'")
}
