package chatwoottest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// hookKey names the webhooks of one kind about one thing.
type hookKey struct {
	path, event           string
	conversation, message int
}

func keyOf(t testing.TB, path string, raw []byte) hookKey {
	value, err := parseJSON(raw)
	require.NoError(t, err)
	body := hash(value)
	key := hookKey{path: path, event: str(body.get("event")), conversation: number(body.get("id"))}
	if conv, ok := body.lookup("conversation"); ok {
		key.message, key.conversation = key.conversation, number(hash(conv).get("id"))
	}
	return key
}

// hold keeps a webhook from being built until what its recorded snapshot of
// the conversation shows has happened: the real one is built when a worker
// gets to it.
func (r *replay) hold(w Webhook) WebhookFault {
	path := "/hook/04bc24"
	if w.Inbox == 13 {
		path += "b"
	}
	key := hookKey{path, w.Event, w.Conversation, w.Message}
	r.mu.Lock()
	n := r.released[key]
	r.released[key]++
	until := 0
	if n < len(r.hooks[key]) {
		value, _ := parseJSON([]byte(r.hooks[key][n].Raw))
		conv := hash(value)
		if inner, ok := conv.lookup("conversation"); ok {
			conv = hash(inner)
		}
		if list, _ := conv.get("messages").([]any); len(list) > 0 {
			until = r.made[number(hash(list[0]).get("id"))]
		}
	}
	r.waiting = append(r.waiting, until)
	r.mu.Unlock()
	for {
		r.mu.Lock()
		ready, moved := r.progress > until, r.moved
		r.mu.Unlock()
		if ready {
			return WebhookFault{}
		}
		r.s.mu.Lock()
		r.s.touched()
		r.s.mu.Unlock()
		select {
		case <-moved:
		case <-r.stop:
			return WebhookFault{Drop: true}
		}
	}
}

// held counts the webhooks that have to wait for a later exchange.
func (r *replay) held() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = slices.DeleteFunc(r.waiting, func(until int) bool { return until < r.progress })
	return len(r.waiting)
}

// advance says that one more exchange is answered, and waits until every
// webhook that may go has gone.
func (r *replay) advance(i int) {
	r.mu.Lock()
	r.progress = i + 1
	close(r.moved)
	r.moved = make(chan struct{})
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	err := r.s.wait(ctx, func() bool { return len(r.s.queue.outstanding) == 0 || r.held() > 0 })
	require.NoError(r.t, err, "webhooks after exchange %d are stuck", i)
}

// receive compares one webhook and answers as the recording's receiver did.
func (r *replay) receive(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	require.NoError(r.t, err)
	key := keyOf(r.t, req.URL.Path, body)
	if key.conversation == 83 { // the flood
		return
	}
	r.mu.Lock()
	n := r.arrived[key]
	r.arrived[key]++
	r.step = fmt.Sprintf("webhook %s %d/%d #%d", key.event, key.conversation, key.message, n)
	if n >= len(r.hooks[key]) {
		r.report("", "nothing like it was recorded: %s", clip(string(body)))
		r.mu.Unlock()
		return
	}
	want := r.hooks[key][n]
	wantBody, err := parseJSON([]byte(r.localise(want.Raw)))
	require.NoError(r.t, err)
	gotBody, err := parseJSON(body)
	require.NoError(r.t, err)
	r.compare("", wantBody, gotBody)
	for name := range want.Headers {
		if !strings.HasPrefix(name, "Accept-") && name != "Host" && req.Header.Get(name) == "" {
			r.report(name, "header is missing")
		}
	}
	r.mu.Unlock()
	switch status := want.answered(r.t); status {
	case 0:
		select {
		case <-req.Context().Done():
		case <-r.stop:
		}
	case http.StatusFound:
		w.Header().Set("Location", r.receiver.URL+"/hook/redirected")
		w.WriteHeader(status)
	default:
		w.WriteHeader(status)
	}
}

// What the fake signs, the real one signed so.
func TestRecordedSignatures(t *testing.T) {
	t.Parallel()
	valid := 0
	for _, h := range readRecording[hook](t, "webhooks.jsonl") {
		same := Sign(h.Secret, h.Headers["X-Chatwoot-Timestamp"], []byte(h.Raw)) == h.Headers["X-Chatwoot-Signature"]
		if h.Signature == nil {
			continue
		}
		require.Equal(t, *h.Signature, same, h.Step)
		valid++
	}
	require.Positive(t, valid)
}
