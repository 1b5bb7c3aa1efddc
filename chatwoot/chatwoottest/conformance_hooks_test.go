package chatwoottest

import (
	"context"
	"fmt"
	"io"
	"maps"
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
	path := r.hookPath
	if w.Inbox == r.first.inbox+2 {
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

// hookStep names a webhook with numbers that are the same in every recording.
func (r *replay) hookStep(key hookKey, n int) string {
	message := key.message
	if message != 0 {
		message -= r.first.message - 1
	}
	return fmt.Sprintf("webhook %s %d/%d #%d", key.event, key.conversation-r.first.display+1, message, n)
}

// hookNumber is one webhook of the recording.
type hookNumber struct {
	hookKey
	n int
}

// nearest finds the recorded webhook that is most like this one among those
// that have not come yet, -1 for none: workers do not keep their order.
func (r *replay) nearest(key hookKey, got any) int {
	best, fewest := -1, 0
	for n, h := range r.hooks[key] {
		if r.arrived[hookNumber{key, n}] {
			continue
		}
		want, err := parseJSON([]byte(r.localise(h.Raw)))
		require.NoError(r.t, err)
		trial := comparison{learned: maps.Clone(r.learned)}
		trial.compare("", want, got)
		if best < 0 || len(trial.faults) < fewest {
			best, fewest = n, len(trial.faults)
		}
	}
	return best
}

// receive compares one webhook and answers as the recording's receiver did.
func (r *replay) receive(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	require.NoError(r.t, err)
	key := keyOf(r.t, req.URL.Path, body)
	if key.conversation == r.flooded {
		return
	}
	gotBody, err := parseJSON(body)
	require.NoError(r.t, err)
	r.mu.Lock()
	n := r.nearest(key, gotBody)
	r.step = r.hookStep(key, n)
	if n < 0 {
		r.step = r.hookStep(key, len(r.hooks[key]))
		r.report("", "nothing like it was recorded: %s", clip(string(body)))
		r.mu.Unlock()
		return
	}
	r.arrived[hookNumber{key, n}] = true
	want := r.hooks[key][n]
	wantBody, err := parseJSON([]byte(r.localise(want.Raw)))
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
	for _, h := range readRecording[hook](t, "4.16.2", "webhooks.jsonl") {
		same := Sign(h.Secret, h.Headers["X-Chatwoot-Timestamp"], []byte(h.Raw)) == h.Headers["X-Chatwoot-Signature"]
		if h.Signature == nil {
			continue
		}
		require.Equal(t, *h.Signature, same, h.Step)
		valid++
	}
	require.Positive(t, valid)
}
