package chatwoot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/wootbridge/wootbridge/internal/fetch"
)

// ErrNoSurveyLink says that the link of a survey cannot be made: nobody says under
// which address Chatwoot shows its pages.
var ErrNoSurveyLink = errors.New("the sign-in page does not say Chatwoot's own address (FRONTEND_URL)")

// contentSurvey is the content type of a message that asks for a rating.
const contentSurvey = "input_csat"

const surveyPath = "/survey/responses/"

// NeedsSurveyLink reports whether a message asks for a rating and lacks the link
// under which it is given. Chatwoot stores such a text without; only a webhook
// has it.
func NeedsSurveyLink(m Message) bool {
	return m.ContentType == contentSurvey && !strings.Contains(m.Content, surveyPath)
}

// surveyQuestions are Chatwoot's own questions as they are stored, and what a
// webhook makes of each (config/locales of 4.16, csat_input_message_body and
// survey.response).
var surveyQuestions = map[string]string{
	"Please rate the conversation":      "Please rate this conversation, ",
	"Por favor, classifique a conversa": "Por favor, classifique esta conversa, ",
	"Por favor, valora la conversación": "Por favor califica esta conversación, ",
}

// SurveyText is what a webhook says for a survey's stored text: a question of
// Chatwoot's own is replaced, one that an admin has written is kept.
func SurveyText(stored, link string) string {
	if question, ok := surveyQuestions[strings.TrimSpace(stored)]; ok {
		return question + link
	}
	return strings.TrimRight(stored, " \r\n") + " " + link
}

// SurveyLink is where the customer of a conversation rates it, below the address
// that FrontendURL gave.
func (c *Client) SurveyLink(ctx context.Context, frontend string, id ConversationID) (string, error) {
	var conversation struct {
		UUID string `json:"uuid"`
	}
	err := c.do(ctx, call{what: "read a conversation", method: http.MethodGet, path: conversationPath(id), into: &conversation})
	if err == nil && conversation.UUID == "" {
		err = ErrNoSurveyLink
	}
	return frontend + surveyPath + conversation.UUID, err
}

// maxPage bounds what is read of a page.
const maxPage = 1 << 20

var hostURL = regexp.MustCompile(`hostURL:\s*['"]([^'"\s]+)['"]`)

// FrontendURL is the address under which Chatwoot shows its pages, which only its
// sign-in page tells. The error is ErrNoSurveyLink where that does not tell it.
func (c *Client) FrontendURL(ctx context.Context) (string, error) {
	const what = "read Chatwoot's own address"
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	resp, err := c.files.Get(ctx, fetch.Request{URL: c.home("/app/login"), Home: c.home("/"), Via: c.via, Header: c.homeHeader(), UserAgent: userAgent})
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, fetchError(err))
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(io.LimitReader(resp.Body, maxPage))
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, transportError(err, http.MethodGet))
	}
	if resp.StatusCode >= http.StatusInternalServerError || resp.StatusCode == http.StatusTooManyRequests {
		return "", fmt.Errorf("%s: %w", what, &UnavailableError{Err: fmt.Errorf("status %d", resp.StatusCode)})
	}
	found := hostURL.FindSubmatch(page)
	if resp.StatusCode != http.StatusOK || found == nil {
		return "", fmt.Errorf("%s: %w", what, ErrNoSurveyLink)
	}
	return string(found[1]), nil
}
