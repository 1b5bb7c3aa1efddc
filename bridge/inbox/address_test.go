package inbox_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	public = "https://bridge.example.com"
	here   = public + "/webhooks/" + linetest.ID + "/" + linetest.PathSecret
	older  = "http://10.0.0.5:8080/webhooks/" + linetest.ID + "/older-secret"
	other  = "https://other.example.com/hook"
	// another line's id begins like ours.
	neighbour = public + "/webhooks/" + linetest.ID + "1/secret"
)

// desk is a Chatwoot with one inbox, whose webhook points at address.
type desk struct {
	mu      sync.Mutex
	address string
	secret  string
	read    int      // what reading the inbox answers, 200 when 0
	change  int      // what changing it answers
	set     []string // each address that was to be set
	asked   map[string]int
	page    string
	uuid    string
}

// RoundTrip implements http.RoundTripper.
func (d *desk) RoundTrip(r *http.Request) (*http.Response, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.asked == nil {
		d.asked = map[string]int{}
	}
	d.asked[r.URL.Path]++
	inbox := func() any { return chatwoot.Inbox{ID: 1, WebhookURL: d.address, Secret: d.secret} }
	switch {
	case r.URL.Path == "/app/login":
		resp := linetest.Answer(r, http.StatusOK, d.page)
		return resp, nil
	case strings.Contains(r.URL.Path, "/conversations/"):
		return linetest.Answer(r, http.StatusOK, map[string]any{"id": 7, "uuid": d.uuid}), nil
	case r.Method == http.MethodPatch:
		var body struct {
			Channel struct {
				URL string `json:"webhook_url"`
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			return nil, err
		}
		d.set = append(d.set, body.Channel.URL)
		if d.change != 0 {
			return linetest.Answer(r, d.change, map[string]any{"error": "no"}), nil
		}
		d.address = body.Channel.URL
		return linetest.Answer(r, http.StatusOK, inbox()), nil
	case d.read != 0:
		return linetest.Answer(r, d.read, map[string]any{"error": "no"}), nil
	}
	return linetest.Answer(r, http.StatusOK, inbox()), nil
}

func (d *desk) answer(status int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.change = status
}

// newInbox is a line's inbox at a Chatwoot, with how it listens and where it is
// reached.
func newInbox(t *testing.T, d *desk, listen, reached string) *inbox.Inbox {
	t.Helper()
	l := linetest.New(t, linetest.Options{Chatwoot: d, Settings: func(s *lines.Settings) { s.Listen = listen }})
	client, err := chatwoot.New(chatwoot.Config{BaseURL: "http://chatwoot.example.com", Token: "token", Account: 1, Transport: d})
	require.NoError(t, err)
	return inbox.New(inbox.Config{
		Line: l.Inbox.Record(), Client: client, Gate: chatwoot.NewGate(time.Now), Store: l.Store, Bots: &inbox.Bots{},
		Reach: inbox.Reach{Public: reached}, Clock: time.Now, Log: slog.New(slog.DiscardHandler),
	})
}

func TestWhereTheWebhookIsWanted(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		listen, public string
		unreached      bool
		want           string
	}{
		"both ways":                            {lines.ListenBoth, public, false, here},
		"both, but Chatwoot does not reach it": {lines.ListenBoth, public, true, ""},
		"webhooks alone":                       {lines.ListenWebhook, public, false, here},
		"webhooks alone, whatever that brings": {lines.ListenWebhook, public, true, here},
		"the live channel alone":               {lines.ListenLive, public, false, ""},
		"nobody knows the address":             {lines.ListenBoth, "", false, ""},
		"the address is none":                  {lines.ListenBoth, "bridge:8080", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newInbox(t, &desk{}, tc.listen, tc.public)
			x.SetUnreached(tc.unreached)
			require.Equal(t, tc.want, x.Wanted())
		})
	}
}

func TestTheWebhookIsPointedWhereItHasToPoint(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		before, listen string
		unreached      bool
		set            []string // what Chatwoot is asked for
		after          string
		here           bool
	}{
		"nowhere yet":            {"", lines.ListenBoth, false, []string{here}, here, true},
		"here already":           {here, lines.ListenBoth, false, nil, here, true},
		"an address of before":   {older, lines.ListenBoth, false, []string{here}, here, true},
		"somebody else's":        {other, lines.ListenBoth, false, []string{here}, here, true},
		"another line's":         {neighbour, lines.ListenBoth, false, []string{here}, here, true},
		"unreached":              {here, lines.ListenBoth, true, []string{""}, "", false},
		"unreached, of before":   {older, lines.ListenBoth, true, []string{""}, "", false},
		"unreached, none":        {"", lines.ListenBoth, true, nil, "", false},
		"unreached, another's":   {other, lines.ListenBoth, true, nil, other, false},
		"unreached, a neighbour": {neighbour, lines.ListenBoth, true, nil, neighbour, false},
		"unwanted":               {here, lines.ListenLive, false, []string{""}, "", false},
		"unwanted, another's":    {other, lines.ListenLive, false, nil, other, false},
		"webhooks alone":         {"", lines.ListenWebhook, true, []string{here}, here, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &desk{address: tc.before}
			x := newInbox(t, d, tc.listen, public)
			x.SetUnreached(tc.unreached)
			pointed, mayChange := x.Pointed()
			require.Equal(t, []bool{false, true}, []bool{pointed, mayChange}, "nothing is known yet")
			for range 2 { // once more changes nothing
				require.NoError(t, x.Point(t.Context()))
				require.Equal(t, tc.set, d.set)
				require.Equal(t, tc.after, d.address)
			}
			pointed, mayChange = x.Pointed()
			require.Equal(t, []bool{tc.here, true}, []bool{pointed, mayChange})
			known, ok := x.Known()
			require.True(t, ok)
			require.Equal(t, tc.after, known.WebhookURL)
		})
	}
}

// An agent's token may do all but change the inbox: that is no error, and is
// remembered until it can.
func TestATokenThatMayNotChangeTheInboxIsNoError(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		d := &desk{address: here, change: status}
		x := newInbox(t, d, lines.ListenBoth, public)
		require.NoError(t, x.Point(t.Context()))
		require.Empty(t, d.set)
		x.SetUnreached(true)
		require.NoError(t, x.Point(t.Context()))
		pointed, mayChange := x.Pointed()
		require.Equal(t, []bool{true, false}, []bool{pointed, mayChange})
		require.Equal(t, here, d.address)

		d.answer(0) // an administrator's token
		require.NoError(t, x.Point(t.Context()))
		pointed, mayChange = x.Pointed()
		require.Equal(t, []bool{false, true}, []bool{pointed, mayChange})
		require.Empty(t, d.address)
	}
}

func TestAChatwootThatDoesNotAnswerChangesNothing(t *testing.T) {
	t.Parallel()
	d := &desk{address: here}
	x := newInbox(t, d, lines.ListenBoth, public)
	require.NoError(t, x.Point(t.Context()))
	x.SetUnreached(true)
	for _, fault := range []func(){
		func() { d.read, d.change = http.StatusBadGateway, 0 },
		func() { d.read, d.change = 0, http.StatusBadGateway },
		func() { d.read, d.change = http.StatusUnauthorized, 0 },
	} {
		fault()
		require.Error(t, x.Point(t.Context()))
		pointed, mayChange := x.Pointed()
		require.Equal(t, []bool{true, true}, []bool{pointed, mayChange})
	}
	d.read, d.change = http.StatusNotFound, 0
	var pause *work.PauseError
	require.ErrorAs(t, x.Point(t.Context()), &pause, "the inbox is gone")
	d.read = 0
	require.NoError(t, x.Point(t.Context()))
	require.Empty(t, d.address)
}

// The secret that signs the webhooks comes with the inbox.
func TestPointingTakesTheSecretOver(t *testing.T) {
	t.Parallel()
	d := &desk{address: here, secret: "whsec"}
	x := newInbox(t, d, lines.ListenBoth, public)
	require.True(t, x.Signed(t.Context(), "", "", nil), "no secret yet")
	require.NoError(t, x.Point(t.Context()))
	require.False(t, x.Signed(t.Context(), "", "", nil))
}

// Whoever says that the webhook is not reached, and whoever reads the inbox, may do
// so at once: in the end the address is what was said last.
func TestTheAddressIsWhatWasSaidLast(t *testing.T) {
	t.Parallel()
	d := &desk{address: here}
	x := newInbox(t, d, lines.ListenBoth, public)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for range 10 {
				x.SetUnreached(i%2 == 0)
				_ = x.Point(t.Context())
				x.Pointed()
				x.Wanted()
			}
		})
	}
	all.Wait()
	for _, unreached := range []bool{true, false, true} {
		x.SetUnreached(unreached)
		require.NoError(t, x.Point(t.Context()))
		require.Equal(t, !unreached, d.address == here)
	}
}

// Where Chatwoot shows its pages does not change: it is asked for once. What it does
// not tell is asked for again.
func TestASurveysLinkIsBelowChatwootsOwnAddress(t *testing.T) {
	t.Parallel()
	d := &desk{uuid: "5b0f"}
	x := newInbox(t, d, lines.ListenBoth, public)
	survey := chatwoot.Event{
		Conversation: chatwoot.EventConversation{ID: 7},
		Message:      chatwoot.Message{ContentType: "input_csat", Content: "Please rate the conversation"},
	}
	for range 2 {
		_, err := x.SurveyText(t.Context(), chatwoot.Background, survey)
		require.ErrorIs(t, err, chatwoot.ErrNoSurveyLink)
	}
	require.Equal(t, 2, d.asked["/app/login"])
	d.page = "hostURL: 'https://chat.example.com'"
	for range 3 {
		text, err := x.SurveyText(t.Context(), chatwoot.Background, survey)
		require.NoError(t, err)
		require.Equal(t, "Please rate this conversation, https://chat.example.com/survey/responses/5b0f", text)
	}
	require.Equal(t, 3, d.asked["/app/login"])
	d.uuid = ""
	_, err := x.SurveyText(t.Context(), chatwoot.Background, survey)
	require.ErrorIs(t, err, chatwoot.ErrNoSurveyLink)
}
