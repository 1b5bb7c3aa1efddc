package chatwoottest

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"
)

// Live returns what is wrong with the live channel and who is connected.
func (c Control) Live(ctx context.Context) (LiveState, error) {
	return ask[LiveState](ctx, c, "/live")
}

// WaitLive asks until a live connection fits or the context ends.
func (c Control) WaitLive(ctx context.Context, fits func(LiveConnection) bool) (LiveConnection, error) {
	for {
		state, err := c.Live(ctx)
		if err != nil {
			return LiveConnection{}, err
		}
		for _, one := range state.Connections {
			if fits(one) {
				return one, nil
			}
		}
		if !pause(ctx, pollEvery) {
			return LiveConnection{}, fmt.Errorf("wait for a live connection: %w", ctx.Err())
		}
	}
}

// SetLive changes what is wrong with the live channel.
func (c Control) SetLive(ctx context.Context, f LiveFaults) error {
	return c.call(ctx, http.MethodPost, "/live/faults", f, nil)
}

// SetFrameLateness changes how much later the live channel tells of anything.
func (c Control) SetFrameLateness(ctx context.Context, d time.Duration) error {
	return c.call(ctx, http.MethodPost, "/live/lateness", controlLateness{d}, nil)
}

// AddFrameRule lets frames go wrong.
func (c Control) AddFrameRule(ctx context.Context, rule FrameRule) error {
	return c.call(ctx, http.MethodPost, "/faults/frames", rule, nil)
}

// CutLive ends every live connection without a goodbye.
func (c Control) CutLive(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, "/live/connections", nil, nil)
}

// SendFrame writes a text to every live connection as it is.
func (c Control) SendFrame(ctx context.Context, raw []byte) error {
	return c.do(ctx, http.MethodPost, "/live/frames", bytes.NewReader(raw), "application/octet-stream", nil)
}

// PublishForeign sends n frames of new messages of another inbox.
func (c Control) PublishForeign(ctx context.Context, inbox, n int) error {
	return c.call(ctx, http.MethodPost, "/live/foreign", controlForeign{inbox, n}, nil)
}

// SetPassword gives a user another password and thereby another pubsub_token.
func (c Control) SetPassword(ctx context.Context, user int, password string) error {
	return c.call(ctx, http.MethodPost, fmt.Sprintf("/users/%d/password", user), controlPassword{password}, nil)
}

// ChangePubsubToken gives a user another pubsub_token.
func (c Control) ChangePubsubToken(ctx context.Context, user int) (string, error) {
	var token string
	err := c.call(ctx, http.MethodPost, fmt.Sprintf("/users/%d/pubsub_token", user), nil, &token)
	return token, err
}

// SetRole makes a user an administrator or an agent.
func (c Control) SetRole(ctx context.Context, user int, role string) error {
	return c.call(ctx, http.MethodPost, fmt.Sprintf("/users/%d/role", user), controlRole{role}, nil)
}

// RemoveFromAccount takes a user out of its account.
func (c Control) RemoveFromAccount(ctx context.Context, user int) error {
	return c.call(ctx, http.MethodDelete, fmt.Sprintf("/users/%d", user), nil, nil)
}

// SuspendAccount suspends an account or lets it in again.
func (c Control) SuspendAccount(ctx context.Context, account int, suspended bool) error {
	return c.call(ctx, http.MethodPost, fmt.Sprintf("/accounts/%d/suspend", account), controlFlag{suspended}, nil)
}

// SetPrivateWebhooks allows webhooks to hosts without a public address or not.
func (c Control) SetPrivateWebhooks(ctx context.Context, allowed bool) error {
	return c.call(ctx, http.MethodPost, "/webhooks/private", controlFlag{allowed}, nil)
}

// SetWebhookURL writes the address of an inbox's webhook, as a person does.
func (c Control) SetWebhookURL(ctx context.Context, inbox int, url string) error {
	return c.call(ctx, http.MethodPost, fmt.Sprintf("/inboxes/%d/webhook_url", inbox), controlURL{url}, nil)
}

// SetLoginPage changes what GET /app/login answers.
func (c Control) SetLoginPage(ctx context.Context, page LoginPage) error {
	return c.call(ctx, http.MethodPost, "/login_page", controlPage{page}, nil)
}
