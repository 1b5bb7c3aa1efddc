package linetest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Message is a message as a Chatwoot stores and lists it.
type Message struct {
	ID       int    `json:"id"`
	SourceID string `json:"source_id,omitempty"`
	Content  string `json:"content,omitempty"`
	// Type is 0 for a customer's message, 1 for an agent's.
	Type    int    `json:"message_type"`
	Private bool   `json:"private"`
	Status  string `json:"status,omitempty"`
	Created int64  `json:"created_at"`
}

// Chatwoot is a Chatwoot without a network: it stores what is posted and lists what
// it has stored, in whichever conversation.
type Chatwoot struct {
	// Decide, if set, is asked before anything else what to answer; nil means
	// that the request is carried out. It is called with the lock held.
	Decide func(d *Chatwoot, r *http.Request) (*http.Response, error)

	mu       sync.Mutex
	Messages []Message
	Lookups  int
	Statuses []Status
}

// Status is what a bubble was told to show.
type Status struct {
	Path   string
	Status string `json:"status"`
	Reason string `json:"external_error"`
}

// RoundTrip implements http.RoundTripper.
func (d *Chatwoot) RoundTrip(r *http.Request) (*http.Response, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.Decide != nil {
		if resp, err := d.Decide(d, r); resp != nil || err != nil {
			return resp, err
		}
	}
	return d.CarryOut(r)
}

// CarryOut does what a request asks for; Decide may call it.
func (d *Chatwoot) CarryOut(r *http.Request) (*http.Response, error) {
	switch r.Method {
	case http.MethodGet:
		d.Lookups++
		return Answer(r, http.StatusOK, map[string]any{"payload": d.Messages}), nil
	case http.MethodPatch:
		s := Status{Path: r.URL.Path}
		if err := json.NewDecoder(r.Body).Decode(&s); err != nil {
			return nil, err
		}
		d.Statuses = append(d.Statuses, s)
		return Answer(r, http.StatusOK, map[string]any{"id": 1}), nil
	}
	m := Message{ID: len(d.Messages) + 1, Created: time.Now().Unix()}
	if err := json.NewDecoder(r.Body).Decode(&struct {
		*Message
		Type string `json:"message_type"`
	}{Message: &m}); err != nil {
		return nil, err
	}
	d.Messages = append(d.Messages, m)
	return Answer(r, http.StatusOK, m), nil
}

// Sources are the source ids of what was stored.
func (d *Chatwoot) Sources() (ids []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, m := range d.Messages {
		ids = append(ids, m.SourceID)
	}
	return ids
}

// Looked is how often something was asked for.
func (d *Chatwoot) Looked() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Lookups
}

// Shown are the statuses that bubbles were given, in order.
func (d *Chatwoot) Shown() []Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.Statuses)
}

// Answer is a response with a JSON body, marked as Chatwoot's own. A refusal
// without a body has one that says so.
func Answer(r *http.Request, status int, body any) *http.Response {
	if body == nil && status >= 400 {
		body = map[string]any{"error": http.StatusText(status)}
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		encoded = fmt.Append(nil, err)
	}
	return &http.Response{StatusCode: status, Header: http.Header{"X-Request-Id": {"1"}}, Body: io.NopCloser(strings.NewReader(string(encoded))), Request: r}
}
