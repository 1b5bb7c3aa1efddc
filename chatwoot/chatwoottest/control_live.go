package chatwoottest

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

// The part of the control interface that is about the live channel, users, and
// webhooks that are refused.

// LiveState is what the control interface tells of the live channel.
type LiveState struct {
	Faults      LiveFaults       `json:"faults"`
	Lateness    time.Duration    `json:"lateness,omitempty"`
	Connections []LiveConnection `json:"connections"`
}

// LiveState returns what is wrong with the live channel and who is connected.
func (s *Server) LiveState() LiveState {
	s.mu.Lock()
	lateness := s.live.lateness
	s.mu.Unlock()
	return LiveState{Faults: s.Live(), Lateness: lateness, Connections: s.LiveConnections()}
}

// maxRawFrame bounds what control requests may send as one frame.
const maxRawFrame = 64 << 20

func (s *Server) controlLive(route func(string, func(*http.Request) (any, error))) {
	route("GET /live", func(*http.Request) (any, error) { return s.LiveState(), nil })
	route("POST /live/faults", withBody(s.SetLive))
	route("POST /live/lateness", withBody(func(body controlLateness) { s.SetFrameLateness(body.Lateness) }))
	route("POST /live/frames", s.controlSendFrame)
	route("POST /live/foreign", withBody(func(body controlForeign) { s.PublishForeign(body.Inbox, body.N) }))
	route("DELETE /live/connections", func(*http.Request) (any, error) { s.CutLive(); return nil, nil })
	route("POST /faults/frames", withBody(func(rule FrameRule) { s.AddFrameRule(rule) }))

	route("POST /users/{id}/password", with(func(id int, body controlPassword) error { return s.SetPassword(id, body.Password) }))
	route("POST /users/{id}/pubsub_token", func(r *http.Request) (any, error) {
		id, err := pathID(r)
		if err != nil {
			return nil, err
		}
		return s.ChangePubsubToken(id)
	})
	route("POST /users/{id}/role", with(func(id int, body controlRole) error { return s.SetRole(id, body.Role) }))
	route("DELETE /users/{id}", onID(s.RemoveFromAccount))
	route("POST /accounts/{id}/suspend", with(func(id int, body controlFlag) error { return s.SuspendAccount(id, body.On) }))

	route("POST /webhooks/private", withBody(func(body controlFlag) { s.SetPrivateWebhooks(body.On) }))
	route("POST /inboxes/{id}/webhook_url", with(func(id int, body controlURL) error { return s.SetWebhookURL(id, body.URL) }))
	route("POST /login_page", func(r *http.Request) (any, error) {
		var body controlPage
		if err := decodeControl(r.Body, &body); err != nil {
			return nil, err
		}
		return nil, s.SetLoginPage(body.Page)
	})
}

// The bodies of these requests.
type (
	controlLateness struct{ Lateness time.Duration }
	controlForeign  struct{ Inbox, N int }
	controlPassword struct{ Password string }
	controlRole     struct{ Role string }
	controlURL      struct{ URL string }
	controlPage     struct{ Page LoginPage }
)

// controlSendFrame takes the body for a frame as it is.
func (s *Server) controlSendFrame(r *http.Request) (any, error) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxRawFrame))
	if err != nil {
		return nil, fmt.Errorf("read the frame: %w", err)
	}
	s.SendFrame(raw)
	return nil, nil
}
