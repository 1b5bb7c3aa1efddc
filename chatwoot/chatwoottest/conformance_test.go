package chatwoottest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// leftOut is what the fake leaves out or does otherwise on purpose.
var leftOut = []apart{
	{"^inbox: list$", `^\.payload$`, "the recording kept two rows of the list"},
	{"^inbox: members$", `^\.payload\[`, "members come in no order"},
	{"", `(custom|content)_attributes \(order\)$`, "the order of a client's own keys means nothing"},
	{"", `\.(width|height)$`, "pictures are measured by a background job, when it gets to it"},
	{"^webhook", `\.availability_status$`, "offline or null, as the worker that builds it happens to know"},
	{"^attachment: fetch redirect$", `^content-disposition$`, "the plain name is transliterated; the exact one follows it"},
	{"^webhook (conversation_status_changed 1/0 #1|conversation_updated 1/0 #(3|10|11)|message_created (1/(8|12|23|41)|4/44)|conversation_created 4/0)",
		`\.(waiting_since|first_reply_created_at|unread_count|messages\[0\]\.(status|content_attributes.external_error))$`,
		"built in the middle of the changes of one request, which the fake makes at once"},
	{"^webhook conversation_updated 1/0 #12$", "^$", "the recorded list ends before it"},
}

// leftOutOf is the same for one version.
var leftOutOf = map[string][]apart{
	"4.11.2": slices.Concat(setUp, []apart{
		{"^webhook message_created 1/51 #0$", "^$", "the recorded list ends before it"},
		{"^webhook conversation_updated 1/0 #5$", `\.messages\[0\]\.`, "built after the message of the next request"},
		{"^webhook conversation_updated 1/0 #9$", `\.messages\[0\]\.(status|content_attributes.external_error)$`, "built before its message failed"},
	}),
	"4.2.0": slices.Concat(setUp, []apart{
		{"^inbox: ", `\.allowed_domains$`, "a key of website inboxes"},
		{"^inbox: agents$", `\.provider$`, "of an agent's sign-in"},
		{"^attachment: fetch data_url$", "^body$", "the page that says that the browser is redirected"},
		{"^(attachment: heic|message: list|message: list after|webhook message_created 1/21)", `\.thumb_url$`, "a thumbnail of a picture that browsers do not show"},
		{"^webhook conversation_updated 1/0 #1$", `^\.changed_attributes$`, "a change of labels was announced twice"},
		{"^webhook conversation_updated 4/0 #0$", `^\.changed_attributes`, "the conversation's uuid among its changes"},
		{"^webhook (conversation_updated|conversation_status_changed|message_created|conversation_typing_off) (1|4)/", `\.(status|waiting_since|unread_count|agent_last_seen_at|messages|first_reply_created_at)$`,
			"built at another moment"},
		{"^webhook conversation_updated 1/0 #", `\.messages\[0\]\.(status|content_attributes.external_error)$`, "built before its message failed"},
		{"^(block: |webhook (message_created 1/(50|51)|conversation_(status_changed|updated) 1/0))", `^$|\.(id|messages\[0\]\.[a-z_]+)$`,
			"the line about the blocked contact is written by a job, after the next message"},
	}),
}

// setUp is how the older Chatwoots were run.
var setUp = []apart{
	{"^auth: version$", `^\.data_services$`, "its Redis was not looked after"},
	{"^auth: (profile|underscore header)$", `\.active_at$`, "nobody had opened its dashboard"},
}

// TestConformanceToARecordedChatwoot sends what was sent to a real Chatwoot of
// each recorded version and compares every answer and every webhook with what
// that one said.
func TestConformanceToARecordedChatwoot(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.16.2", "4.11.2", "4.2.0"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			r := newReplay(t, version)
			for i, e := range r.exchanges {
				r.run(i, e)
			}
			for key, list := range r.hooks {
				for n := range list {
					if !r.arrived[hookNumber{key, n}] {
						r.step = r.hookStep(key, n)
						r.report("", "it never came")
					}
				}
			}
			require.Empty(t, r.faults, strings.Join(r.faults, "\n"))
		})
	}
}

type replay struct {
	t         *testing.T
	s         *Server
	receiver  *httptest.Server
	exchanges []exchange
	hooks     map[hookKey][]hook
	stop      chan struct{}
	hookPath  string // of the first inbox; the third one's has a "b" at the end
	first     struct{ inbox, display, message int }
	flooded   int // the conversation of the flood

	comparison
	mu       sync.Mutex
	made     map[int]int // message -> the exchange that created it
	progress int         // the exchanges answered so far
	moved    chan struct{}
	released map[hookKey]int
	arrived  map[hookNumber]bool
	waiting  []int // the exchanges that webhooks held back wait for
}

func newReplay(t *testing.T, version string) *replay {
	r := &replay{
		t: t, exchanges: readRecording[exchange](t, version, "exchanges.jsonl"), hooks: map[hookKey][]hook{},
		made: map[int]int{}, moved: make(chan struct{}), released: map[hookKey]int{}, arrived: map[hookNumber]bool{}, stop: make(chan struct{}),
		comparison: comparison{learned: map[string]string{}, apart: slices.Concat(leftOut, leftOutOf[version])},
	}
	r.receiver = httptest.NewServer(http.HandlerFunc(r.receive))
	t.Cleanup(r.receiver.Close)
	r.s = New(Options{
		Version: version, WebhookWorkers: 1, WebhookTimeout: 5 * time.Second,
		Admin: UserSpec{Name: "Ana Admin", Email: "ana@example.com", Token: "bridge-token"},
		Agent: UserSpec{Name: "Bruno Agent", Email: "bruno@example.com", Token: "agent-token"},
	})
	if version == "4.16.2" {
		// That Chatwoot was not new: our rows are numbered as its were.
		ids := &r.s.db.ids
		ids.inbox, ids.contact, ids.contactInbox, ids.message, ids.attachment = 10, 79, 90, 1405, 37
		r.s.db.accounts[0].lastDisplay = 78
	}
	r.first.inbox, r.first.display, r.first.message = int(r.s.db.ids.inbox)+1, r.s.db.accounts[0].lastDisplay+1, int(r.s.db.ids.message)+1
	require.NoError(t, r.s.Start())
	t.Cleanup(func() {
		close(r.stop)
		require.NoError(t, r.s.Close())
	})
	r.s.OnWebhook(r.hold)
	for _, h := range readRecording[hook](t, version, "webhooks.jsonl") {
		key := keyOf(t, h.Path, []byte(h.Raw))
		r.hooks[key] = append(r.hooks[key], h)
		if r.hookPath == "" && strings.HasPrefix(h.Path, "/hook/") {
			r.hookPath = strings.TrimSuffix(h.Path, "b")
		}
	}
	for i, e := range r.exchanges {
		if id := createdMessage(e); id != 0 {
			r.made[id] = i
		}
		if e.Step == "flood: next" {
			_, err := fmt.Sscanf(e.Path, "/api/v1/accounts/1/conversations/%d/messages", &r.flooded)
			require.NoError(t, err)
		}
	}
	return r
}

// createdMessage is the message that a recorded request created, 0 for none.
func createdMessage(e exchange) int {
	value, err := parseJSON(e.Response)
	if err != nil || e.Status != http.StatusOK || e.Method != http.MethodPost {
		return 0
	}
	if strings.HasSuffix(e.Path, "/messages") {
		return number(hash(value).get("id"))
	}
	if strings.HasSuffix(e.Path, "/conversations") {
		return number(hash(hash(value).get("last_non_activity_message")).get("id"))
	}
	return 0
}

func (r *replay) run(i int, e exchange) {
	t := r.t
	if e.Step == "flood: next" {
		r.flood()
	}
	contentType, body := e.body(t)
	body = bytes.ReplaceAll(body, []byte("http://127.0.0.1:9911"), []byte(r.receiver.URL))
	url := r.s.URL() + e.Path
	if strings.HasPrefix(e.Path, "http") {
		url = r.learned[recordedHost.ReplaceAllString(e.Path, r.s.URL())]
	}
	for recorded, ours := range r.learned {
		url = strings.ReplaceAll(url, "/"+recorded, "/"+ours)
	}
	require.NotEmpty(t, url, "%s: nothing answered with the address %s; so far:\n%s", e.Step, e.Path, strings.Join(r.faults, "\n"))
	req, err := http.NewRequest(e.Method, url, bytes.NewReader(body))
	require.NoError(t, err)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	switch e.Token {
	case "admin":
		req.Header.Set("Api-Access-Token", "bridge-token")
	case "agent":
		req.Header.Set("Api-Access-Token", "agent-token")
	case "":
	default:
		req.Header.Set("Api-Access-Token", "no-such-token")
	}
	if strings.HasPrefix(e.Step, "auth: underscore") {
		req.Header.Del("Api-Access-Token")
		req.Header["api_access_token"] = []string{"bridge-token"}
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	require.NoError(t, err)
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	r.mu.Lock()
	r.step = e.Step
	r.check(e, resp, got)
	r.mu.Unlock()
	r.advance(i)
}

func (r *replay) check(e exchange, resp *http.Response, got []byte) {
	if e.Status != resp.StatusCode {
		r.report("status", "want %d, got %d %s", e.Status, resp.StatusCode, clip(string(got)))
		return
	}
	for _, name := range []string{"content-type", "content-disposition", "location"} {
		want, have := r.localise(e.header(name)), resp.Header.Get(name)
		if !r.sameText(name, want, have) {
			r.report(name, "want %q, got %q", want, have)
		}
	}
	want, err := parseJSON([]byte(r.localise(string(e.Response))))
	require.NoError(r.t, err)
	var size int
	text, isText := want.(string)
	switch {
	case isText && strings.HasPrefix(text, "<!DOCTYPE html>"):
		if !bytes.HasPrefix(got, []byte("<!DOCTYPE html>")) {
			r.report("body", "want a page, got %s", clip(string(got)))
		}
	case isText && text == "":
		if len(got) > 0 {
			r.report("body", "want nothing, got %s", clip(string(got)))
		}
	case isText:
		_, err := fmt.Sscanf(text, "<%d bytes>", &size)
		require.NoError(r.t, err)
		if size != len(got) {
			r.report("body", "want %d bytes, got %d", size, len(got))
		}
	default:
		have, err := parseJSON(got)
		if err != nil {
			r.report("body", "no JSON: %s", clip(string(got)))
			return
		}
		r.compare("", r.withoutEarlierRows(want), have)
	}
}

// recordedHost is where the recorded Chatwoots listened.
var recordedHost = regexp.MustCompile(`http://127\.0\.0\.1:300\d`)

// localise gives recorded addresses our ports.
func (r *replay) localise(text string) string {
	text = recordedHost.ReplaceAllString(text, r.s.URL())
	return strings.ReplaceAll(text, "http://127.0.0.1:9911", r.receiver.URL)
}

// withoutEarlierRows drops the inboxes that were there before the recording.
func (r *replay) withoutEarlierRows(value any) any {
	o, ok := value.(object)
	rows, isList := o.get("payload").([]any)
	if !ok || !isList {
		return value
	}
	kept := []any{}
	for _, row := range rows {
		inbox := hash(row)
		if inner, ok := inbox.lookup("inbox"); ok {
			inbox = hash(inner)
		}
		if _, isInbox := inbox.lookup("channel_id"); isInbox && number(inbox.get("id")) < r.first.inbox {
			continue
		}
		kept = append(kept, row)
	}
	return o.set("payload", kept)
}

// flood is the 200 messages that the recording does not list.
func (r *replay) flood() {
	for range floodLimit {
		req, err := http.NewRequest(http.MethodPost, fmt.Sprintf("%s/api/v1/accounts/1/conversations/%d/messages", r.s.URL(), r.flooded),
			strings.NewReader(`{"content":"x","message_type":"incoming"}`))
		require.NoError(r.t, err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Api-Access-Token", "bridge-token")
		resp, err := http.DefaultClient.Do(req)
		require.NoError(r.t, err)
		require.NoError(r.t, resp.Body.Close())
		require.Equal(r.t, http.StatusOK, resp.StatusCode)
	}
}
