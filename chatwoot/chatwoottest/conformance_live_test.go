package chatwoottest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

// leftOutLive is what frames of the fake leave out or say otherwise on purpose.
var leftOutLive = []apart{
	{"", `\.(width|height)$`, "pictures are measured by a background job, when it gets to it"},
	{"^(second contact|merge|contact deleted)", `\.company_name$`, "newer Chatwoots guess a company from the address; the fake does not"},
}

// raced are recorded frames that came of two jobs changing one row at once.
var raced = map[string]int{"4.15.1-webhook-refused retry": 1}

// liveFrame is a line of a recording of the live channel.
type liveFrame struct {
	Step  string          `json:"step"`
	MS    int             `json:"ms"`
	Frame json.RawMessage `json:"frame"`
}

// TestConformanceToARecordedLiveChannel does what was done to a real Chatwoot and
// compares every frame with the one that came then, in their order. The recorded
// requests are not kept: liveSteps does the same.
func TestConformanceToARecordedLiveChannel(t *testing.T) {
	t.Parallel()
	for _, recording := range []string{"4.15.1", "4.2.0", "4.15.1-webhook-refused"} {
		t.Run(recording, func(t *testing.T) {
			t.Parallel()
			r := newLiveReplay(t, recording)
			for _, step := range liveSteps {
				r.run(step)
			}
			r.s.SendFrame([]byte(`{"type":"the end"}`))
			require.Equal(t, "the end", str(r.frame().get("type")), "more came than was recorded")
			require.Empty(t, strings.Join(r.faults, "\n"))
		})
	}
}

// liveReplay does the steps of one recording.
type liveReplay struct {
	t         *testing.T
	s         *Server
	recording string
	steps     map[string][]object // what came after each step, but for pings
	at        map[string]int      // when its first frame came
	started   time.Time
	first     struct{ inbox, contact, link, display, message, file int }
	ids       struct{ contact, second int }
	source    string
	got       chan object

	comparison
	mu   sync.Mutex
	now  time.Time
	gate chan struct{} // closed when the webhooks of a step may fail
}

func newLiveReplay(t *testing.T, recording string) *liveReplay {
	r := &liveReplay{t: t, recording: recording, steps: map[string][]object{}, at: map[string]int{},
		got: make(chan object, 100), comparison: comparison{learned: map[string]string{}, apart: leftOutLive}}
	raw, err := os.ReadFile("testdata/live/" + recording + ".jsonl")
	require.NoError(t, err)
	version, _, _ := strings.Cut(recording, "-")
	r.s = New(Options{Version: version, Dir: t.TempDir(), Now: r.clock, PingEvery: time.Hour,
		Admin: UserSpec{Name: "Admin", Token: "bridge-token"}, Agent: UserSpec{Name: "Ana Souza", Token: "agent-token"}})
	require.NoError(t, r.s.Start())
	t.Cleanup(func() { require.NoError(t, r.s.Close()) })
	r.read(raw)
	// That Chatwoot was not new: our rows are numbered as its were.
	r.s.mu.Lock()
	ids := &r.s.db.ids
	ids.inbox, ids.contact, ids.contactInbox = sequence(r.first.inbox-1), sequence(r.first.contact-1), sequence(r.first.link-1)
	ids.message, ids.attachment = sequence(r.first.message-1), sequence(r.first.file-1)
	r.s.db.accounts[0].lastDisplay = r.first.display - 1
	r.s.mu.Unlock()
	url := ""
	if strings.HasSuffix(recording, "refused") {
		url = "http://127.0.0.1:9933/hook"
		r.s.OnWebhook(r.refuse)
	}
	r.call("admin", http.MethodPost, "/inboxes", fmt.Sprintf(`{"name":"cable","lock_to_single_conversation":true,"enable_auto_assignment":false,
		"channel":{"type":"api","webhook_url":%q}}`, url))
	r.call("admin", http.MethodPost, "/inbox_members", fmt.Sprintf(`{"inbox_id":%d,"user_ids":[2]}`, r.first.inbox))
	return r
}

func (r *liveReplay) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

const refusedConnection = `Failed to open TCP connection to 127.0.0.1:9933 (Connection refused - connect(2) for "127.0.0.1" port 9933)`

// refuse lets a webhook fail as it did, not before what came earlier has come.
func (r *liveReplay) refuse(Webhook) WebhookFault {
	r.mu.Lock()
	gate := r.gate
	r.mu.Unlock()
	select {
	case <-gate:
	case <-r.s.ctx.Done():
	}
	return WebhookFault{Error: refusedConnection}
}

// ofRefusal says whether a frame tells that a webhook failed.
func ofRefusal(frame object) bool {
	data := hash(hash(frame.get("message")).get("data"))
	return str(hash(data.get("content_attributes")).get("external_error")) == refusedConnection && !data.has("performer")
}

// read sorts the recorded frames by step and finds the numbers they begin with.
func (r *liveReplay) read(raw []byte) {
	text := regexp.MustCompile(`http://127\.0\.0\.1:30\d\d`).ReplaceAll(raw, []byte(r.s.URL()))
	text = bytes.ReplaceAll(text, []byte(`\"token-1\"`), []byte(`\"`+r.s.db.user(1).pubsub+`\"`))
	for line := range bytes.Lines(text) {
		var f liveFrame
		require.NoError(r.t, json.Unmarshal(line, &f))
		value, err := parseJSON(f.Frame)
		require.NoError(r.t, err)
		frame := hash(value)
		if _, ok := r.at[f.Step]; !ok {
			r.at[f.Step] = f.MS
		}
		switch {
		case len(frame) == 0, frame.has("answer"), frame.has("closed"), str(frame.get("type")) == "ping":
			continue
		}
		r.steps[f.Step] = append(r.steps[f.Step], frame)
		data := hash(hash(frame.get("message")).get("data"))
		if f.Step == "incoming" && r.first.message == 0 {
			r.first.message, r.first.inbox, r.first.display = number(data.get("id")), number(data.get("inbox_id")), number(data.get("conversation_id"))
			r.first.contact = number(data.get("sender_id"))
			r.now = time.Unix(int64(number(data.get("created_at"))), 0).Add(-time.Duration(f.MS) * time.Millisecond)
			r.started = r.now
		}
		if files, _ := data.get("attachments").([]any); len(files) > 0 {
			r.first.file = number(hash(files[0]).get("id"))
		}
		if link := hash(data.get("contact_inbox")); len(link) > 0 {
			r.first.link = number(link.get("id"))
		}
	}
	for step, n := range raced {
		if version, name, _ := strings.Cut(step, " "); version == r.recording {
			r.steps[name] = r.steps[name][:len(r.steps[name])-n]
		}
	}
}

// run does a step at the time it was done, and compares what comes of it. A
// recording that begins later still needs what the first steps make.
func (r *liveReplay) run(step liveStep) {
	at, known := r.at[step.name]
	if !known && step.needed == 0 {
		return
	}
	open := sync.OnceFunc(func() { close(r.gate) })
	r.mu.Lock()
	r.now, r.gate = r.started.Add(time.Duration(at)*time.Millisecond), make(chan struct{})
	r.mu.Unlock()
	r.step = step.name
	step.do(r)
	if !known {
		for range step.needed {
			r.frame()
		}
	}
	for _, want := range r.steps[step.name] {
		if ofRefusal(want) {
			open()
		}
		r.compare("", want, r.frame())
	}
	open()
}

func (r *liveReplay) frame() object {
	select {
	case got := <-r.got:
		return got
	case <-time.After(30 * time.Second):
		require.FailNow(r.t, "frames are missing", "%s; so far:\n%s", r.step, strings.Join(r.faults, "\n"))
		return nil
	}
}

// subscribe opens a connection whose frames are compared, once the recording has
// any.
func (r *liveReplay) subscribe(token string, account, user any, protocols ...string) {
	ws, resp, err := websocket.Dial(r.t.Context(), r.s.URL()+"/cable", &websocket.DialOptions{Subprotocols: protocols})
	require.NoError(r.t, err)
	if resp.Body != nil {
		require.NoError(r.t, resp.Body.Close())
	}
	ws.SetReadLimit(-1)
	require.Equal(r.t, slices.Concat(protocols, []string{""})[0], ws.Subprotocol())
	identifier := fmt.Sprintf(`{"channel":"RoomChannel","pubsub_token":%q,"account_id":%v,"user_id":%v}`, token, account, user)
	if user == nil {
		identifier = fmt.Sprintf(`{"channel":"RoomChannel","pubsub_token":%q,"account_id":%v}`, token, account)
	}
	command, err := json.Marshal(map[string]string{"command": "subscribe", "identifier": identifier})
	require.NoError(r.t, err)
	require.NoError(r.t, ws.Write(r.t.Context(), websocket.MessageText, command))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			_, raw, err := ws.Read(r.t.Context())
			if err != nil {
				return
			}
			if value, err := parseJSON(raw); err == nil {
				r.got <- hash(value)
			}
		}
	}()
	r.t.Cleanup(func() {
		require.NoError(r.t, ws.CloseNow())
		<-done
	})
}

// call asks the API and returns its answer.
func (r *liveReplay) call(as, method, path, body string) object {
	return r.ask(as, method, path, "application/json", strings.NewReader(body), http.StatusOK)
}

func (r *liveReplay) ask(as, method, path, contentType string, body io.Reader, status int) object {
	req, err := http.NewRequest(method, r.s.URL()+"/api/v1/accounts/1"+path, body)
	require.NoError(r.t, err)
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Api-Access-Token", map[string]string{"admin": "bridge-token", "agent": "agent-token"}[as])
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	require.NoError(r.t, err)
	raw, err := io.ReadAll(resp.Body)
	require.NoError(r.t, err)
	require.NoError(r.t, resp.Body.Close())
	require.Equal(r.t, status, resp.StatusCode, string(raw))
	value, _ := parseJSON(raw)
	return hash(value)
}

func (r *liveReplay) conversation(rest string) string {
	return fmt.Sprintf("/conversations/%d%s", r.first.display, rest)
}

func (r *liveReplay) reply(rest string) string {
	return r.conversation(fmt.Sprintf("/messages/%d%s", r.first.message+1, rest))
}

// recorded is what a step's first frame tells.
func (r *liveReplay) recorded(step string) object {
	frames := r.steps[step]
	if len(frames) == 0 {
		return object{}
	}
	return hash(hash(frames[0].get("message")).get("data"))
}

type liveStep struct {
	name   string
	do     func(*liveReplay)
	needed int // as other steps need it: how many frames it brings
}

// form is a multipart body with one file.
func form(t testing.TB, content, name string, size int) (contentType string, body io.Reader) {
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	require.NoError(t, w.WriteField("content", content))
	part, err := w.CreatePart(map[string][]string{"Content-Disposition": {`form-data; name="attachments[]"; filename="` + name + `"`}, "Content-Type": {"image/png"}})
	require.NoError(t, err)
	_, err = part.Write(fileOf(name, size))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return w.FormDataContentType(), &out
}
