package bridge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// answer is what a scripted Chatwoot says to a message; the zero value is that
// it was stored.
type answer struct {
	status int
	body   string
	err    error
}

// scriptedDesk is a Chatwoot that decides about each message, with the lock
// held, after some time.
type scriptedDesk struct {
	each   time.Duration
	decide func(conversation string) answer

	mu    sync.Mutex
	posts int
	got   map[string][]string // source ids by conversation
	last  time.Time           // when the last message was stored
}

// RoundTrip implements http.RoundTripper for messages and their lookup.
func (d *scriptedDesk) RoundTrip(r *http.Request) (*http.Response, error) {
	if d.each > 0 {
		select {
		case <-time.After(d.each):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if r.Method == http.MethodPost {
		d.posts++
	}
	a := answer{}
	if d.decide != nil {
		a = d.decide(r.URL.Path)
	}
	switch {
	case a.err != nil:
		return nil, a.err
	case a.status != 0:
	case r.Method == http.MethodGet:
		a = answer{status: http.StatusOK, body: `{"payload":[]}`}
	default:
		var body struct {
			SourceID string `json:"source_id"`
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			return nil, err
		}
		if d.got == nil {
			d.got = map[string][]string{}
		}
		d.got[r.URL.Path] = append(d.got[r.URL.Path], body.SourceID)
		d.last = time.Now()
		a = answer{status: http.StatusOK, body: fmt.Sprintf(`{"id":%d,"message_type":0,"created_at":%d}`, d.posts, time.Now().Unix())}
	}
	return &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte(a.body))), Request: r}, nil
}

// stored is a picture of what was stored, and of how many posts it took.
func (d *scriptedDesk) stored() (got map[string][]string, posts int, last time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	got = map[string][]string{}
	for path, ids := range d.got {
		got[path] = append([]string(nil), ids...)
	}
	return got, d.posts, d.last
}

// writeMany takes in messages of chats in turn, and gives what Chatwoot should
// have in the end.
func (r *runtime) writeMany(t *testing.T, messages, chats int) map[string][]string {
	t.Helper()
	want := map[string][]string{}
	for chat := range chats {
		r.know(t, 1+chat)
	}
	for i := range messages {
		chat, id := 1+i%chats, fmt.Sprintf("%s message %d", r.line.ID, i)
		path := fmt.Sprintf("/api/v1/accounts/1/conversations/%d/messages", chat)
		want[path] = append(want[path], "WAID:"+id)
		r.write(t, chat, id)
	}
	return want
}

// After an outage all lanes go on at once, at the pace of Chatwoot, and not
// when the rests end that had become longer and longer.
func TestD21_ABacklogDrainsAtChatwootsPace(t *testing.T) {
	t.Parallel()
	for _, outage := range []time.Duration{time.Minute, 5 * time.Minute} {
		t.Run(outage.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const messages, chats = 550, 50
				began := time.Now()
				desk := &scriptedDesk{each: 20 * time.Millisecond, decide: func(string) answer {
					if time.Since(began) < outage {
						return answer{err: errRefused}
					}
					return answer{}
				}}
				r := newScheduler(t, desk)
				want := r.writeMany(t, messages, chats)
				r.startInbound()
				time.Sleep(outage - time.Since(began) + 15*time.Second)
				got, posts, last := desk.stored()
				require.Equal(t, want, got, "nothing is lost, doubled or overtaken")
				t.Logf("drained %v after the outage, with %d posts", last.Sub(began.Add(outage)), posts)
			})
		})
	}
}

// A lane alone goes on within a minute, however long the outage was.
func TestD21_ALaneAloneDoesNotRestForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const outage = time.Hour
		began := time.Now()
		desk := &scriptedDesk{decide: func(string) answer {
			if time.Since(began) < outage {
				return answer{err: errRefused}
			}
			return answer{}
		}}
		r := newScheduler(t, desk)
		want := r.writeMany(t, 3, 1)
		r.startInbound()
		time.Sleep(outage - time.Since(began) + awayMost + pollEvery)
		got, posts, _ := desk.stored()
		require.Equal(t, want, got)
		require.Less(t, posts, 100, "and asks with moderation")
	})
}

// One chat's requests hang: nobody else waits.
func TestD30_ASlowChatDelaysNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		desk := &hangingDesk{hangs: func(path string) bool { return path == "/api/v1/accounts/1/conversations/1/messages" }}
		r := newScheduler(t, desk)
		want := r.writeMany(t, 40, 20)
		delete(want, "/api/v1/accounts/1/conversations/1/messages")
		r.startInbound()
		time.Sleep(time.Second)
		got, _, _ := desk.stored()
		require.Equal(t, want, got)
	})
}

// A whole Chatwoot hangs, with more chats than there are workers: the lines of
// others do not notice.
func TestD30_ADeadChatwootDelaysNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dead := &hangingDesk{hangs: func(string) bool { return true }}
		healthy := &scriptedDesk{}
		r := newScheduler(t, dead)
		other := r.b.addLine(t, "l2", healthy)
		r.writeMany(t, 100, 50)
		r.startInbound()
		for range 20 {
			time.Sleep(10 * time.Second) // requests time out, and others hang in their place
			before, _, _ := healthy.stored()
			began := time.Now()
			other.know(t, 1)
			id := fmt.Sprintf("at %d", began.UnixMilli())
			other.write(t, 1, id)
			time.Sleep(time.Second)
			after, _, _ := healthy.stored()
			path := "/api/v1/accounts/1/conversations/1/messages"
			require.Equal(t, append(before[path], "WAID:"+id), after[path], "after %v", began)
		}
		got, _, _ := dead.stored()
		require.Empty(t, got)
	})
}

// hangingDesk answers some requests only when their caller gives up.
type hangingDesk struct {
	scriptedDesk
	hangs func(path string) bool
}

func (d *hangingDesk) RoundTrip(r *http.Request) (*http.Response, error) {
	if d.hangs(r.URL.Path) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return d.scriptedDesk.RoundTrip(r)
}

// A burst meets both of Chatwoot's limits: so many requests a minute, and so
// many messages a minute in one conversation. Each message takes one post but
// for those that were refused, and none is missing when the windows reopen.
func TestD37_LimitsPaceTheLanes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		messages, chats int
		total, each     int // a minute: for the address, for one conversation
		refused         answer
		most            time.Duration
	}{
		"rate limit":  {messages: 700, chats: 20, total: 300, each: 1000, refused: answer{status: http.StatusTooManyRequests, body: "Retry later\n"}, most: 4 * time.Minute},
		"flood guard": {messages: 500, chats: 2, total: 10_000, each: 100, refused: answer{status: http.StatusUnprocessableEntity, body: `{"error":"Too many messages"}`}, most: 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				counts, refusals := map[string]int{}, 0
				desk := &scriptedDesk{each: 5 * time.Millisecond, decide: func(path string) answer {
					window := time.Now().Truncate(time.Minute).String()
					if counts[window] >= tc.total || counts[window+path] >= tc.each {
						refusals++
						return tc.refused
					}
					counts[window]++
					counts[window+path]++
					return answer{}
				}}
				r := newScheduler(t, desk)
				want := r.writeMany(t, tc.messages, tc.chats)
				r.startInbound()
				time.Sleep(tc.most)
				got, posts, _ := desk.stored()
				require.Equal(t, want, got, "nothing is lost, doubled or overtaken")
				require.Positive(t, refusals)
				require.LessOrEqual(t, posts, tc.messages+refusals)
				require.LessOrEqual(t, refusals, 4*int(tc.most/time.Minute)*min(tc.chats, 6), "a limit is not run against")
				require.Zero(t, deadJobs(t, r))
			})
		})
	}
}

func deadJobs(t *testing.T, r *runtime) int {
	t.Helper()
	var n int
	require.NoError(t, r.b.db.QueryRow(`SELECT COUNT(*) FROM job WHERE state = $1`, string(journal.Dead)).Scan(&n))
	return n
}
