package chatwoottest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"
	"time"
)

// Control drives a server in another process through its ControlHandler.
type Control struct {
	// BaseURL is where the handler is served, without a slash at the end.
	BaseURL string
	// Client is http.DefaultClient when nil.
	Client *http.Client
}

// Upload is a file to be sent by an agent.
type Upload struct {
	Name, ContentType string
	Content           io.Reader
}

// State returns everything but messages and webhooks.
func (c Control) State(ctx context.Context) (State, error) { return ask[State](ctx, c, "/state") }

// View returns every conversation as an agent sees it.
func (c Control) View(ctx context.Context) (string, error) {
	resp, err := c.request(ctx, http.MethodGet, "/view", nil, "")
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }() // only read
	view, err := io.ReadAll(resp.Body)
	return string(view), err
}

// Messages lists the messages of every conversation.
func (c Control) Messages(ctx context.Context) ([]Message, error) {
	return ask[[]Message](ctx, c, "/messages")
}

// Webhooks is the log of deliveries.
func (c Control) Webhooks(ctx context.Context) ([]Delivery, error) {
	return ask[[]Delivery](ctx, c, "/webhooks")
}

// pollEvery is how often a wait asks again.
const pollEvery = 20 * time.Millisecond

// WaitMessage asks until a message fits or the context ends.
func (c Control) WaitMessage(ctx context.Context, fits func(Message) bool) (Message, error) {
	for {
		list, err := c.Messages(ctx)
		if err != nil {
			return Message{}, err
		}
		for _, m := range list {
			if fits(m) {
				return m, nil
			}
		}
		if !pause(ctx, pollEvery) {
			return Message{}, fmt.Errorf("wait for a message: %w", ctx.Err())
		}
	}
}

// WaitIdle waits until no webhook is queued, delayed or on its way.
func (c Control) WaitIdle(ctx context.Context, timeout time.Duration) error {
	return c.call(ctx, http.MethodGet, "/idle?timeout="+strconv.FormatFloat(timeout.Seconds(), 'f', -1, 64), nil, nil)
}

// Write writes a message or note in a conversation.
func (c Control) Write(ctx context.Context, conversation int, request WriteRequest, files ...Upload) (Message, error) {
	return c.write(ctx, fmt.Sprintf("/conversations/%d/messages", conversation), request, files)
}

// Start starts a conversation with the request's contact.
func (c Control) Start(ctx context.Context, request WriteRequest, files ...Upload) (Message, error) {
	return c.write(ctx, "/conversations", request, files)
}

// Delete deletes a message.
func (c Control) Delete(ctx context.Context, message int) error {
	return c.call(ctx, http.MethodDelete, fmt.Sprintf("/messages/%d", message), nil, nil)
}

// Retry presses the button on a message that failed.
func (c Control) Retry(ctx context.Context, message int) error {
	return c.call(ctx, http.MethodPost, fmt.Sprintf("/messages/%d/retry", message), nil, nil)
}

// Type starts or stops the agent's typing.
func (c Control) Type(ctx context.Context, conversation int, on bool) error {
	return c.call(ctx, http.MethodPost, fmt.Sprintf("/conversations/%d/typing", conversation), controlFlag{on}, nil)
}

// SetStatus makes a conversation open, resolved, pending or snoozed.
func (c Control) SetStatus(ctx context.Context, conversation int, status string) error {
	return c.call(ctx, http.MethodPost, fmt.Sprintf("/conversations/%d/status", conversation), controlStatus{status}, nil)
}

// Assign gives a conversation to a user, 0 to nobody.
func (c Control) Assign(ctx context.Context, conversation, user int) error {
	return c.call(ctx, http.MethodPost, fmt.Sprintf("/conversations/%d/assign", conversation), controlTarget{user}, nil)
}

// DeleteConversation removes a conversation: no webhook tells.
func (c Control) DeleteConversation(ctx context.Context, id int) error {
	return c.call(ctx, http.MethodDelete, fmt.Sprintf("/conversations/%d", id), nil, nil)
}

// AddContact enters a contact by hand; the fields are those of the API.
func (c Control) AddContact(ctx context.Context, fields map[string]any) (Contact, error) {
	var contact Contact
	err := c.call(ctx, http.MethodPost, "/contacts", fields, &contact)
	return contact, err
}

// Block blocks a contact or lets it in again.
func (c Control) Block(ctx context.Context, contact int, blocked bool) error {
	return c.call(ctx, http.MethodPost, fmt.Sprintf("/contacts/%d/block", contact), controlFlag{blocked}, nil)
}

// MergeContacts moves everything of the second contact to the first.
func (c Control) MergeContacts(ctx context.Context, base, gone int) error {
	return c.call(ctx, http.MethodPost, fmt.Sprintf("/contacts/%d/merge", base), controlTarget{gone}, nil)
}

// DeleteContact removes a contact with its conversations.
func (c Control) DeleteContact(ctx context.Context, id int) error {
	return c.call(ctx, http.MethodDelete, fmt.Sprintf("/contacts/%d", id), nil, nil)
}

// OrphanContact deletes a contact by half; see Server.OrphanContact.
func (c Control) OrphanContact(ctx context.Context, id int) error {
	return c.call(ctx, http.MethodPost, fmt.Sprintf("/contacts/%d/orphan", id), nil, nil)
}

// DeleteInbox removes an inbox with its conversations.
func (c Control) DeleteInbox(ctx context.Context, id int) error {
	return c.call(ctx, http.MethodDelete, fmt.Sprintf("/inboxes/%d", id), nil, nil)
}

// ResetToken gives a user a new access token.
func (c Control) ResetToken(ctx context.Context, user int) (string, error) {
	var token string
	err := c.call(ctx, http.MethodPost, fmt.Sprintf("/users/%d/reset_token", user), nil, &token)
	return token, err
}

// AddRule lets requests go wrong.
func (c Control) AddRule(ctx context.Context, rule Rule) error {
	return c.call(ctx, http.MethodPost, "/faults/requests", rule, nil)
}

// AddWebhookRule lets deliveries go wrong.
func (c Control) AddWebhookRule(ctx context.Context, rule WebhookRule) error {
	return c.call(ctx, http.MethodPost, "/faults/webhooks", rule, nil)
}

// MissFiles lets the first n fetches of every new file answer 404.
func (c Control) MissFiles(ctx context.Context, n int) error {
	return c.call(ctx, http.MethodPost, "/faults/files", controlCount{n}, nil)
}

// ClearFaults lets everything go right again.
func (c Control) ClearFaults(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, "/faults", nil, nil)
}

// SetMessagesPerSecond changes the capacity; 0 lifts the limit.
func (c Control) SetMessagesPerSecond(ctx context.Context, rate float64) error {
	return c.call(ctx, http.MethodPost, "/capacity", controlRate{rate}, nil)
}

// write streams a message with its files.
func (c Control) write(ctx context.Context, path string, request WriteRequest, files []Upload) (Message, error) {
	var m Message
	if len(files) == 0 {
		err := c.call(ctx, http.MethodPost, path, request, &m)
		return m, err
	}
	reader, writer := io.Pipe()
	form := multipart.NewWriter(writer)
	done := make(chan struct{})
	go func() {
		defer close(done)
		writer.CloseWithError(writeForm(form, request, files))
	}()
	err := c.do(ctx, http.MethodPost, path, reader, form.FormDataContentType(), &m)
	reader.Close() // a writer that nobody reads any more ends
	<-done
	return m, err
}

func writeForm(form *multipart.Writer, request WriteRequest, files []Upload) error {
	raw, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("encode control request: %w", err)
	}
	if err := form.WriteField("request", string(raw)); err != nil {
		return fmt.Errorf("write the message: %w", err)
	}
	for _, f := range files {
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", multipart.FileContentDisposition("file", f.Name))
		h.Set("Content-Type", f.ContentType)
		part, err := form.CreatePart(h)
		if err != nil {
			return fmt.Errorf("write %s: %w", f.Name, err)
		}
		if _, err := io.Copy(part, f.Content); err != nil {
			return fmt.Errorf("write %s: %w", f.Name, err)
		}
	}
	return form.Close()
}

func ask[T any](ctx context.Context, c Control, path string) (T, error) {
	var answer T
	err := c.call(ctx, http.MethodGet, path, nil, &answer)
	return answer, err
}

func (c Control) call(ctx context.Context, method, path string, body, answer any) error {
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode control request: %w", err)
		}
		content = bytes.NewReader(raw)
	}
	return c.do(ctx, method, path, content, "application/json", answer)
}

func (c Control) do(ctx context.Context, method, path string, body io.Reader, contentType string, answer any) error {
	resp, err := c.request(ctx, method, path, body, contentType)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // only read
	if answer == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		return fmt.Errorf("decode answer of %s %s: %w", method, path, err)
	}
	return nil
}

func (c Control) request(ctx context.Context, method, path string, body io.Reader, contentType string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.BaseURL+path, body)
	if err != nil {
		return nil, fmt.Errorf("make control request: %w", err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	client := c.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("control simulator: %w", err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }() // only read
	var refusal struct{ Error string }
	if err := json.NewDecoder(resp.Body).Decode(&refusal); err != nil {
		refusal.Error = http.StatusText(resp.StatusCode)
	}
	return nil, fmt.Errorf("control simulator: %s %s: %s (status %d)", method, req.URL.Path, refusal.Error, resp.StatusCode)
}
