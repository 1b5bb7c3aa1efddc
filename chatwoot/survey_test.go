package chatwoot_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

const surveyLink = "https://chat.example.com/survey/responses/5b0f"

func TestTheTextOfASurvey(t *testing.T) {
	t.Parallel()
	for stored, want := range map[string]string{
		// Chatwoot's own questions are worded otherwise in a webhook.
		"Please rate the conversation":      "Please rate this conversation, " + surveyLink,
		"Por favor, classifique a conversa": "Por favor, classifique esta conversa, " + surveyLink,
		"Por favor, valora la conversación": "Por favor califica esta conversación, " + surveyLink,
		"Please rate the conversation ":     "Please rate this conversation, " + surveyLink,
		"Please rate the conversation\n":    "Please rate this conversation, " + surveyLink,
		// An admin's stay, with the link behind them.
		"How was it?":                        "How was it? " + surveyLink,
		"How was it?  ":                      "How was it? " + surveyLink,
		"How was it?\r\n\n":                  "How was it? " + surveyLink,
		"Two\n\nlines":                       "Two\n\nlines " + surveyLink,
		"Please rate the conversation, Ana!": "Please rate the conversation, Ana! " + surveyLink,
		"  indented":                         "  indented " + surveyLink,
		// Another language's question is not known; the link is what matters.
		"Bitte bewerten Sie die Unterhaltung": "Bitte bewerten Sie die Unterhaltung " + surveyLink,
	} {
		require.Equal(t, want, chatwoot.SurveyText(stored, surveyLink), "%q", stored)
	}
}

func TestWhatLacksTheLinkOfASurvey(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		m    chatwoot.Message
		want bool
	}{
		"as stored":           {chatwoot.Message{ContentType: "input_csat", Content: "Please rate the conversation"}, true},
		"without a text":      {chatwoot.Message{ContentType: "input_csat"}, true},
		"as webhooks word it": {chatwoot.Message{ContentType: "input_csat", Content: "Please rate this conversation, " + surveyLink}, false},
		"a text":              {chatwoot.Message{ContentType: "text", Content: "Please rate the conversation"}, false},
		"another question":    {chatwoot.Message{ContentType: "input_select", Content: "Pick"}, false},
	} {
		require.Equal(t, tc.want, chatwoot.NeedsSurveyLink(tc.m), name)
	}
}

// The live channel's survey becomes what the webhook of the same survey says.
func TestASurveyIsTheSameByBothWays(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]string{
		"Chatwoot's own": `{}`, "an admin's": `{"message":"How was it?"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			desk := newDesk(t, chatwoottest.Options{FrontendURL: "https://chat.example.com"})
			desk.patchInbox(`{"csat_survey_enabled":true,"csat_config":` + config + `}`)
			conversation := desk.conversation()
			cable := desk.listen()
			require.NoError(t, desk.Resolve(conversation))
			live := cable.until(chatwoot.EventMessageCreated)
			for !chatwoot.NeedsSurveyLink(live.Message) { // a line of activity comes first
				live = cable.until(chatwoot.EventMessageCreated)
			}
			delivery, err := desk.WaitWebhook(patience, func(d chatwoottest.Delivery) bool {
				return d.Event == "message_created" && d.Message == int(live.Message.ID)
			})
			require.NoError(t, err)
			webhook, err := chatwoot.ParseEvent(delivery.Body)
			require.NoError(t, err)
			require.False(t, chatwoot.NeedsSurveyLink(webhook.Message))

			frontend, err := desk.client.FrontendURL(ctx)
			require.NoError(t, err)
			require.Equal(t, "https://chat.example.com", frontend)
			link, err := desk.client.SurveyLink(ctx, frontend, live.Conversation.ID)
			require.NoError(t, err)
			require.Equal(t, webhook.Message.Content, chatwoot.SurveyText(live.Message.Content, link))
		})
	}
}

func (d *desk) patchInbox(body string) {
	d.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPatch, fmt.Sprintf("%s/api/v1/accounts/1/inboxes/%d", d.URL(), d.inbox.ID), strings.NewReader(body))
	require.NoError(d.t, err)
	req.Header.Set("Api-Access-Token", d.AdminToken())
	req.Header.Set("Content-Type", "application/json")
	resp, err := (&http.Client{Transport: transport(d.t)}).Do(req)
	require.NoError(d.t, err)
	require.NoError(d.t, resp.Body.Close())
	require.Equal(d.t, http.StatusOK, resp.StatusCode)
}

// page answers for the sign-in page, which is asked for without the token.
func page(t *testing.T, status int, body string) *chatwoot.Client {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/app/login" || r.Header.Get("Api-Access-Token") != "" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func TestWhereChatwootShowsItsPages(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"as Chatwoot writes it": "<script>window.chatwootConfig = {\n  hostURL: 'https://chat.example.com',\n  helpCenterURL: ''",
		"double quotes":         `window.chatwootConfig = {hostURL:"https://chat.example.com"}`,
		"no space":              `hostURL:'https://chat.example.com'`,
	} {
		got, err := page(t, http.StatusOK, body).FrontendURL(ctx)
		require.NoError(t, err, name)
		require.Equal(t, "https://chat.example.com", got, name)
	}
}

// A page that does not say it will not say it later; one that cannot be shown at
// the moment may.
func TestAPageThatDoesNotSayChatwootsAddress(t *testing.T) {
	t.Parallel()
	const whole = `hostURL: 'https://chat.example.com'`
	for name, tc := range map[string]struct {
		status int
		body   string
		later  bool
	}{
		"without hostURL":       {http.StatusOK, "<html></html>", false},
		"FRONTEND_URL is empty": {http.StatusOK, "hostURL: ''", false},
		"a single page":         {http.StatusOK, strings.Repeat("x", 2<<20) + whole, false},
		"empty":                 {http.StatusOK, "", false},
		"404":                   {http.StatusNotFound, whole, false},
		"403":                   {http.StatusForbidden, whole, false},
		"500":                   {http.StatusInternalServerError, whole, true},
		"502":                   {http.StatusBadGateway, "", true},
		"429":                   {http.StatusTooManyRequests, "Retry later\n", true},
	} {
		_, err := page(t, tc.status, tc.body).FrontendURL(ctx)
		require.Error(t, err, name)
		var unavailable *chatwoot.UnavailableError
		require.Equal(t, tc.later, errors.As(err, &unavailable), name)
		require.Equal(t, !tc.later, errors.Is(err, chatwoot.ErrNoSurveyLink), name)
		require.NotContains(t, err.Error(), "secret-token")
	}
	desk := newDesk(t, chatwoottest.Options{})
	for _, bare := range []chatwoottest.LoginPage{chatwoottest.LoginPageWithoutURL, chatwoottest.LoginPageMissing} {
		require.NoError(t, desk.SetLoginPage(bare))
		_, err := desk.client.FrontendURL(ctx)
		require.ErrorIs(t, err, chatwoot.ErrNoSurveyLink, bare)
	}
}

func TestAChatwootThatIsAwayHasNoPage(t *testing.T) {
	t.Parallel()
	c, err := chatwoot.New(chatwoot.Config{BaseURL: "http://127.0.0.1:1", Token: "secret-token", Account: 1, Transport: transport(t)})
	require.NoError(t, err)
	_, err = c.FrontendURL(ctx)
	require.Error(t, err)
	require.NotErrorIs(t, err, chatwoot.ErrNoSurveyLink)
	require.True(t, chatwoot.HadNoEffect(err))
}

func TestTheLinkOfASurveyNeedsTheConversation(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		body   any
		link   string
		is     func(error) bool
	}{
		"with its uuid":    {http.StatusOK, map[string]any{"id": 7, "uuid": "5b0f"}, surveyLink, nil},
		"without its uuid": {http.StatusOK, map[string]any{"id": 7}, "", func(err error) bool { return errors.Is(err, chatwoot.ErrNoSurveyLink) }},
		"deleted":          {http.StatusNotFound, map[string]any{"error": "Resource could not be found"}, "", chatwoot.IsNotFound},
		"500":              {http.StatusInternalServerError, nil, "", func(err error) bool { return !errors.Is(err, chatwoot.ErrNoSurveyLink) && !chatwoot.IsNotFound(err) }},
	} {
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/api/v1/accounts/7/conversations/7" {
				w.WriteHeader(http.StatusTeapot)
				return
			}
			w.Header().Set("X-Request-Id", "3f0e")
			w.WriteHeader(tc.status)
			_ = json.NewEncoder(w).Encode(tc.body)
		})
		link, err := c.SurveyLink(ctx, "https://chat.example.com", 7)
		if tc.is == nil {
			require.NoError(t, err, name)
			require.Equal(t, tc.link, link)
			continue
		}
		require.Error(t, err, name)
		require.True(t, tc.is(err), "%s: %v", name, err)
	}
}
