package chatwoottest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// State is what the control interface tells of a server.
type State struct {
	URL           string         `json:"url"`
	Account       int            `json:"account"`
	AdminToken    string         `json:"admin_token"`
	AgentToken    string         `json:"agent_token"`
	Users         []User         `json:"users"`
	Inboxes       []Inbox        `json:"inboxes"`
	Contacts      []Contact      `json:"contacts"`
	Conversations []Conversation `json:"conversations"`
	Requests      map[string]int `json:"requests"` // by route
	Live          LiveState      `json:"live"`
	// PrivateWebhooks tells whether webhooks to private hosts are sent.
	PrivateWebhooks bool      `json:"private_webhooks"`
	Suspended       []int     `json:"suspended,omitempty"` // accounts
	LoginPage       LoginPage `json:"login_page,omitempty"`
}

// State returns everything but messages and webhooks.
func (s *Server) State() State {
	s.mu.Lock()
	page, suspended := s.loginPage, []int(nil)
	for _, a := range s.db.accounts {
		if a.suspended {
			suspended = append(suspended, a.id)
		}
	}
	s.mu.Unlock()
	return State{Live: s.LiveState(), PrivateWebhooks: s.PrivateWebhooks(), Suspended: suspended, LoginPage: page,
		URL: s.URL(), Account: s.Account(), AdminToken: s.AdminToken(), AgentToken: s.AgentToken(), Users: s.Users(),
		Inboxes: s.Inboxes(), Contacts: s.Contacts(), Conversations: s.Conversations(), Requests: s.Requests()}
}

// ControlHandler drives the server over HTTP, for tests of a bridge in another
// process. Bodies are JSON; a message with files is multipart, its JSON in the
// first part. Control is a client for it.
func (s *Server) ControlHandler() http.Handler {
	mux := http.NewServeMux()
	route := func(pattern string, handler func(*http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.answerControl(w, r, handler) })
	}
	route("GET /state", func(*http.Request) (any, error) { return s.State(), nil })
	route("GET /messages", func(*http.Request) (any, error) { return s.allMessages(), nil })
	route("DELETE /messages/{id}", onID(s.Delete))
	route("POST /messages/{id}/retry", onID(s.Retry))

	route("POST /conversations", s.controlStart)
	route("DELETE /conversations/{id}", onID(s.DeleteConversation))
	route("POST /conversations/{id}/messages", s.controlWrite)
	route("POST /conversations/{id}/typing", with(func(id int, body controlFlag) error { return s.Type(id, body.On) }))
	route("POST /conversations/{id}/status", with(func(id int, body controlStatus) error { return s.SetStatus(id, body.Status) }))
	route("POST /conversations/{id}/assign", with(func(id int, body controlTarget) error { return s.Assign(id, body.ID) }))

	route("POST /contacts", s.controlAddContact)
	route("DELETE /contacts/{id}", onID(s.DeleteContact))
	route("POST /contacts/{id}/orphan", onID(s.OrphanContact))
	route("POST /contacts/{id}/block", with(func(id int, body controlFlag) error { return s.Block(id, body.On) }))
	route("POST /contacts/{id}/merge", with(func(id int, body controlTarget) error { return s.MergeContacts(id, body.ID) }))
	route("DELETE /inboxes/{id}", onID(s.DeleteInbox))
	route("POST /users/{id}/reset_token", s.controlResetToken)

	route("POST /deletions", s.controlBeginDeletion)
	route("DELETE /deletions", s.controlEndDeletions)
	route("POST /backup", s.controlBackup)
	route("POST /restore", s.controlRestore)
	route("GET /webhooks", func(*http.Request) (any, error) { return s.Webhooks(), nil })
	route("GET /idle", s.controlIdle)
	route("POST /faults/requests", withBody(func(rule Rule) { s.AddRule(rule) }))
	route("POST /faults/webhooks", withBody(func(rule WebhookRule) { s.AddWebhookRule(rule) }))
	route("POST /faults/files", withBody(func(body controlCount) { s.MissFiles(body.N) }))
	route("DELETE /faults", func(*http.Request) (any, error) { s.ClearFaults(); return nil, nil })
	mux.HandleFunc("GET /view", func(w http.ResponseWriter, _ *http.Request) { // for people
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, s.View())
	})
	s.controlLive(route)
	route("POST /capacity", withBody(func(body controlRate) { s.SetMessagesPerSecond(body.MessagesPerSecond) }))
	return mux
}

// The bodies of the control requests that have only one thing to say.
type (
	controlFlag   struct{ On bool }
	controlStatus struct{ Status string }
	controlTarget struct{ ID int }
	controlCount  struct{ N int }
	controlRate   struct {
		MessagesPerSecond float64 `json:"messages_per_second"`
	}
)

func (s *Server) answerControl(w http.ResponseWriter, r *http.Request, handler func(*http.Request) (any, error)) {
	answer, err := handler(r)
	status := http.StatusOK
	if err != nil {
		status = http.StatusBadRequest
		if errors.Is(err, ErrNotFound) {
			status = http.StatusNotFound
		}
		answer = map[string]string{"error": err.Error()}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		s.log.Debug("answer control request", "error", err)
	}
}

// onID runs an action on the thing in the path.
func onID(do func(id int) error) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		id, err := pathID(r)
		if err != nil {
			return nil, err
		}
		return nil, do(id)
	}
}

// with runs an action on the thing in the path with what the body says.
func with[T any](do func(id int, body T) error) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		id, err := pathID(r)
		if err != nil {
			return nil, err
		}
		var body T
		if err := decodeControl(r.Body, &body); err != nil {
			return nil, err
		}
		return nil, do(id, body)
	}
}

func withBody[T any](do func(body T)) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		var body T
		if err := decodeControl(r.Body, &body); err != nil {
			return nil, err
		}
		do(body)
		return nil, nil
	}
}

func pathID(r *http.Request) (int, error) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		return 0, fmt.Errorf("%q is not a number: %w", r.PathValue("id"), ErrNotFound)
	}
	return id, nil
}

func decodeControl(body io.Reader, into any) error {
	if err := json.NewDecoder(body).Decode(into); err != nil {
		return fmt.Errorf("decode request: %w", err)
	}
	return nil
}

func (s *Server) allMessages() []Message {
	list := []Message{}
	for _, c := range s.Conversations() {
		list = append(list, s.Messages(c.ID)...)
	}
	return list
}

func (s *Server) controlAddContact(r *http.Request) (any, error) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxFields))
	if err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	value, err := parseJSON(raw)
	if err != nil {
		return nil, fmt.Errorf("decode request: %w", err)
	}
	return s.addContact(hash(value))
}

func (s *Server) controlResetToken(r *http.Request) (any, error) {
	id, err := pathID(r)
	if err != nil {
		return nil, err
	}
	return s.ResetToken(id)
}

// controlIdle answers once no webhook is under way, or with an error after
// the seconds in the query.
func (s *Server) controlIdle(r *http.Request) (any, error) {
	seconds, err := strconv.ParseFloat(r.URL.Query().Get("timeout"), 64)
	if err != nil {
		return nil, fmt.Errorf("timeout must be seconds: %w", err)
	}
	ctx, cancel := context.WithTimeout(r.Context(), time.Duration(seconds*float64(time.Second)))
	defer cancel()
	if err := s.WaitIdle(ctx); err != nil {
		return nil, fmt.Errorf("wait for the webhooks: %w", err)
	}
	return nil, nil
}
