package chatwoottest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// patience bounds every wait: only a failing test uses it up.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// idle connections of the tests' own HTTP client.
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
	)
}

// world is a Chatwoot with one inbox whose webhooks arrive at a receiver.
type world struct {
	*chatwoottest.Server
	t        *testing.T
	receiver *httptest.Server
	inbox    int

	mu   sync.Mutex
	hits []hit
	// answer decides what the receiver answers, 200 when nil.
	answer http.HandlerFunc
}

// hit is one webhook as the receiver saw it.
type hit struct {
	path   string
	header http.Header
	body   []byte
}

func newWorld(t *testing.T, options chatwoottest.Options) *world {
	t.Helper()
	options.Dir = t.TempDir()
	w := &world{Server: chatwoottest.New(options), t: t}
	require.NoError(t, w.Start())
	w.receiver = httptest.NewServer(http.HandlerFunc(w.receive))
	t.Cleanup(w.receiver.Close)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	inbox := w.post(w.AdminToken(), "/api/v1/accounts/1/inboxes",
		`{"name":"Shop","channel":{"type":"api","webhook_url":"`+w.receiver.URL+`/hook"}}`)
	require.Equal(t, http.StatusOK, inbox.status, inbox.text)
	w.inbox = inbox.int("id")
	return w
}

func (w *world) receive(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.mu.Lock()
	w.hits = append(w.hits, hit{r.URL.Path, r.Header.Clone(), body})
	answer := w.answer
	w.mu.Unlock()
	if answer != nil {
		answer(rw, r)
	}
}

func (w *world) answerWith(answer http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = answer
}

// idle waits until every webhook has been delivered and returns their events.
func (w *world) idle() []string {
	w.t.Helper()
	require.NoError(w.t, w.WaitIdle(w.t.Context()))
	w.mu.Lock()
	defer w.mu.Unlock()
	var events []string
	for _, h := range w.hits {
		var body struct{ Event string }
		require.NoError(w.t, json.Unmarshal(h.body, &body))
		events = append(events, body.Event)
	}
	return events
}

// answer is what the API answered.
type answer struct {
	t      *testing.T
	status int
	text   string
	header http.Header
}

// at reads a value out of a JSON answer by its path: "payload.0.id".
func (a answer) at(path string) any {
	a.t.Helper()
	var value any
	require.NoError(a.t, json.Unmarshal([]byte(a.text), &value), a.text)
	for key := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[key]
		case []any:
			var i int
			_, err := fmt.Sscan(key, &i)
			require.NoError(a.t, err)
			require.Less(a.t, i, len(v), a.text)
			value = v[i]
		default:
			require.FailNow(a.t, "no "+path, a.text)
		}
	}
	return value
}

func (a answer) int(path string) int {
	a.t.Helper()
	f, ok := a.at(path).(float64)
	require.True(a.t, ok, a.text)
	return int(f)
}

func (w *world) do(req *http.Request, token string) answer {
	w.t.Helper()
	if token != "" {
		req.Header.Set("Api-Access-Token", token)
	}
	resp, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	require.NoError(w.t, err)
	raw, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	require.NoError(w.t, resp.Body.Close())
	return answer{w.t, resp.StatusCode, string(raw), resp.Header}
}

func (w *world) send(method, token, path, body string) answer {
	w.t.Helper()
	url := path
	if strings.HasPrefix(path, "/") {
		url = w.URL() + path
	}
	req, err := http.NewRequest(method, url, bytes.NewReader([]byte(body)))
	require.NoError(w.t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return w.do(req, token)
}

func (w *world) get(token, path string) answer { return w.send(http.MethodGet, token, path, "") }

func (w *world) post(token, path, body string) answer {
	return w.send(http.MethodPost, token, path, body)
}

func (w *world) patch(token, path, body string) answer {
	return w.send(http.MethodPatch, token, path, body)
}

func (w *world) conversation(id int, rest string) string {
	return fmt.Sprintf("/api/v1/accounts/1/conversations/%d%s", id, rest)
}

func (w *world) messagePath(m chatwoottest.Message) string {
	return w.conversation(m.Conversation, fmt.Sprintf("/messages/%d", m.ID))
}

// newConversation makes a contact that has written nothing yet.
func (w *world) newConversation(name string) int {
	w.t.Helper()
	source := strings.ToLower(name)
	contact := w.post(w.AdminToken(), "/api/v1/accounts/1/contacts", fmt.Sprintf(`{"inbox_id":%d,"source_id":%q,"name":%q}`, w.inbox, source, name))
	require.Equal(w.t, http.StatusOK, contact.status, contact.text)
	conversation := w.post(w.AdminToken(), "/api/v1/accounts/1/conversations",
		fmt.Sprintf(`{"inbox_id":%d,"contact_id":%d,"source_id":%q}`, w.inbox, contact.int("payload.contact.id"), source))
	require.Equal(w.t, http.StatusOK, conversation.status, conversation.text)
	return conversation.int("id")
}

// incoming posts a customer's message and returns its id.
func (w *world) incoming(conversation int, text string) int {
	w.t.Helper()
	body, err := json.Marshal(map[string]string{"content": text, "message_type": "incoming"})
	require.NoError(w.t, err)
	got := w.post(w.AdminToken(), w.conversation(conversation, "/messages"), string(body))
	require.Equal(w.t, http.StatusOK, got.status, got.text)
	return got.int("id")
}

func mustJSON(t testing.TB, value any) string {
	raw, err := json.Marshal(value)
	require.NoError(t, err)
	return string(raw)
}
