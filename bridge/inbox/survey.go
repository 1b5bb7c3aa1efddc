package inbox

import (
	"context"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// SurveyText is what the customer reads of a survey that came without its link.
// The error is chatwoot.ErrNoSurveyLink where the link cannot be made.
func (x *Inbox) SurveyText(ctx context.Context, priority chatwoot.Priority, e chatwoot.Event) (string, error) {
	client := x.At(priority)
	frontend := x.survey.Load()
	if frontend == nil {
		found, err := client.FrontendURL(ctx)
		if err != nil {
			return "", err
		}
		frontend = &found
		x.survey.Store(frontend)
	}
	link, err := client.SurveyLink(ctx, *frontend, e.Conversation.ID)
	if err != nil {
		return "", err
	}
	return chatwoot.SurveyText(e.Message.Content, link), nil
}
