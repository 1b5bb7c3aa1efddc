package bridge_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// desk is as much of a Chatwoot as the flows of these tests touch: one inbox,
// contacts, conversations, messages with files, statuses, signed webhooks.
type desk struct {
	*httptest.Server
	t  testing.TB
	mu sync.Mutex
	// broken makes posting messages fail after they were stored.
	ambiguous     int
	webhook       string
	contacts      []map[string]any
	conversations []map[string]any
	messages      []*deskMessage
	changed       chan struct{}
	hooks         sync.WaitGroup
	answers       []int
}

type deskMessage struct {
	ID       int64
	Content  string
	Type     string
	SourceID string
	Status   string
	Reason   string
	ReplyTo  int64
	Private  bool
	File     []byte
	FileName string
	FileType string
}

const deskSecret = "inbox-secret"

func newDesk(t testing.TB) *desk {
	d := &desk{t: t, changed: make(chan struct{})}
	mux := http.NewServeMux()
	const account = "/api/v1/accounts/1"
	mux.HandleFunc("POST "+account+"/inboxes", d.inbox)
	mux.HandleFunc("GET "+account+"/inboxes/{id}", d.inbox)
	mux.HandleFunc("POST "+account+"/contact_inboxes/filter", d.findBySource)
	mux.HandleFunc("POST "+account+"/contacts/filter", func(w http.ResponseWriter, _ *http.Request) { answer(w, map[string]any{"payload": []any{}}) })
	mux.HandleFunc("POST "+account+"/contacts", d.createContact)
	mux.HandleFunc("GET "+account+"/conversations", func(w http.ResponseWriter, _ *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		answer(w, map[string]any{"data": map[string]any{"payload": d.conversations}})
	})
	mux.HandleFunc("POST "+account+"/conversations", d.createConversation)
	mux.HandleFunc("POST "+account+"/conversations/{id}/messages", d.createMessage)
	mux.HandleFunc("GET "+account+"/conversations/{id}/messages", d.listMessages)
	mux.HandleFunc("PATCH "+account+"/conversations/{id}/messages/{message}", d.patchMessage)
	mux.HandleFunc("GET /rails/active_storage/{id}/{name}", d.file)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) })
	d.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		d.hooks.Wait()
		d.Close()
	})
	return d
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

func (d *desk) update(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *desk) inbox(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		var body struct {
			Channel struct {
				URL string `json:"webhook_url"`
			} `json:"channel"`
		}
		_ = json.NewDecoder(r.Body).Decode(&body)
		d.update(func() { d.webhook = body.Channel.URL })
	}
	answer(w, map[string]any{"id": 12, "channel_type": "Channel::Api", "inbox_identifier": "ident", "secret": deskSecret, "lock_to_single_conversation": true})
}

func (d *desk) findBySource(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body)
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.contacts {
		if c["source_id"] == body["source_id"] {
			answer(w, c)
			return
		}
	}
	w.WriteHeader(http.StatusNotFound)
}

func (d *desk) createContact(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body)
	d.update(func() {
		body["id"] = 70 + len(d.contacts)
		d.contacts = append(d.contacts, body)
	})
	answer(w, map[string]any{"payload": map[string]any{"contact": body}})
}

func (d *desk) createConversation(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body)
	d.update(func() {
		body["id"], body["status"] = 340+len(d.conversations), "open"
		d.conversations = append(d.conversations, body)
	})
	answer(w, body)
}

func (d *desk) createMessage(w http.ResponseWriter, r *http.Request) {
	m := &deskMessage{Status: "sent"}
	var attributes struct {
		InReplyTo int64 `json:"in_reply_to"`
	}
	if err := r.ParseMultipartForm(64 << 20); err == nil {
		m.Content, m.Type, m.SourceID = r.FormValue("content"), r.FormValue("message_type"), r.FormValue("source_id")
		_ = json.Unmarshal([]byte(r.FormValue("content_attributes")), &attributes)
		part := r.MultipartForm.File["attachments[]"][0]
		file, _ := part.Open()
		m.File, _ = io.ReadAll(file)
		m.FileName, m.FileType = part.Filename, part.Header.Get("Content-Type")
		_ = r.MultipartForm.RemoveAll()
	} else {
		var body struct {
			Content    string          `json:"content"`
			Type       string          `json:"message_type"`
			SourceID   string          `json:"source_id"`
			Private    bool            `json:"private"`
			Attributes json.RawMessage `json:"content_attributes"`
		}
		_ = json.NewDecoder(r.Body).Decode(&body)
		m.Content, m.Type, m.SourceID, m.Private = body.Content, body.Type, body.SourceID, body.Private
		_ = json.Unmarshal(body.Attributes, &attributes)
	}
	m.ReplyTo = attributes.InReplyTo
	broken := false
	d.update(func() {
		m.ID = int64(9000 + len(d.messages))
		d.messages = append(d.messages, m)
		if d.ambiguous > 0 {
			d.ambiguous--
			broken = true
		}
	})
	d.post("message_created", m) // Chatwoot posts echoes of the client's own writes too
	if broken {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
		return
	}
	answer(w, d.render(m))
}

func (d *desk) render(m *deskMessage) map[string]any {
	attributes := map[string]any{}
	if m.ReplyTo != 0 {
		attributes["in_reply_to"] = m.ReplyTo
		for _, original := range d.messages {
			if original.ID == m.ReplyTo && original.SourceID != "" {
				attributes["in_reply_to_external_id"] = original.SourceID
			}
		}
	}
	if m.Status == "deleted" {
		attributes["deleted"] = true
	}
	rendered := map[string]any{
		"id": m.ID, "content": m.Content, "message_type": m.Type, "private": m.Private, "source_id": nil, "status": m.Status,
		"content_attributes": attributes, "created_at": time.Now().Unix(),
	}
	if m.SourceID != "" {
		rendered["source_id"] = m.SourceID
	}
	if m.File != nil && m.SourceID == "" {
		rendered["attachments"] = []any{map[string]any{
			"id": m.ID, "file_type": "file", "content_type": m.FileType, "file_size": len(m.File),
			"data_url": fmt.Sprintf("http://0.0.0.0:3000/rails/active_storage/%d/%s", m.ID, m.FileName),
		}}
	}
	return rendered
}

func (d *desk) listMessages(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	d.mu.Lock()
	defer d.mu.Unlock()
	list := []any{}
	for _, m := range d.messages {
		if m.ID >= after && (before == 0 || m.ID < before) {
			list = append(list, d.render(m))
		}
	}
	answer(w, map[string]any{"payload": list})
}

func (d *desk) patchMessage(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.ParseInt(r.PathValue("message"), 10, 64)
	var body struct {
		Status string `json:"status"`
		Reason string `json:"external_error"`
	}
	_ = json.NewDecoder(r.Body).Decode(&body)
	var found *deskMessage
	d.update(func() {
		for _, m := range d.messages {
			if m.ID == id {
				m.Status, m.Reason = body.Status, body.Reason
				found = m
			}
		}
	})
	if found == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	d.post("message_updated", found)
	answer(w, map[string]any{"id": id})
}

func (d *desk) file(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, m := range d.messages {
		if m.ID == id {
			_, _ = w.Write(m.File)
			return
		}
	}
	w.WriteHeader(http.StatusNotFound)
}

// body is a webhook's body for a message.
func (d *desk) body(event string, m *deskMessage) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	payload := d.render(m)
	delete(payload, "status")
	conversation := map[string]any{"id": 340, "inbox_id": 12, "meta": map[string]any{"sender": map[string]any{"id": 70}}}
	if len(d.conversations) > 0 {
		conversation["contact_inbox"] = map[string]any{"source_id": d.conversations[0]["source_id"]}
	}
	payload["event"], payload["conversation"] = event, conversation
	payload["account"], payload["inbox"] = map[string]any{"id": 1}, map[string]any{"id": 12}
	raw, _ := json.Marshal(payload)
	return raw
}

func (d *desk) post(event string, m *deskMessage) {
	raw := d.body(event, m)
	d.hooks.Go(func() { d.deliver(raw) })
}

// deliver posts a body, signed, and gives the status of the answer.
func (d *desk) deliver(raw []byte) int {
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	req, _ := http.NewRequest(http.MethodPost, d.webhook, bytes.NewReader(raw))
	req.Header.Set("X-Chatwoot-Timestamp", timestamp)
	req.Header.Set("X-Chatwoot-Signature", chatwoot.Sign(deskSecret, timestamp, raw))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	d.update(func() { d.answers = append(d.answers, resp.StatusCode) })
	return resp.StatusCode
}

// say makes an agent write.
func (d *desk) say(m *deskMessage) *deskMessage {
	d.update(func() {
		m.ID, m.Type, m.Status = int64(9000+len(d.messages)), "outgoing", "sent"
		d.messages = append(d.messages, m)
	})
	d.post("message_created", m)
	return m
}

// wait blocks until a message fits, and gives a copy of it.
func (d *desk) wait(what string, fits func(deskMessage) bool) deskMessage {
	d.t.Helper()
	timeout := time.After(patience)
	for {
		d.mu.Lock()
		changed := d.changed
		for _, m := range d.messages {
			if fits(*m) {
				found := *m
				d.mu.Unlock()
				return found
			}
		}
		d.mu.Unlock()
		select {
		case <-changed:
		case <-timeout:
			d.t.Fatalf("waited in vain for %s; the desk has %s", what, d.dump())
		}
	}
}

func (d *desk) dump() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	raw, _ := json.Marshal(d.messages)
	return string(raw)
}

// incoming lists the customer's texts as the desk has them.
func (d *desk) incoming() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var texts []string
	for _, m := range d.messages {
		if m.Type == "incoming" {
			texts = append(texts, m.Content)
		}
	}
	return texts
}
