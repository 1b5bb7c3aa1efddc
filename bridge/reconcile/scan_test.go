package reconcile

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// longConversation serves a conversation's messages, of ids 1 to n, and counts
// the requests.
func longConversation(t *testing.T, n int, began time.Time) (*chatwoot.Client, *int) {
	requests := new(int)
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		*requests++
		after, _ := strconv.Atoi(r.URL.Query().Get("after"))
		before, err := strconv.Atoi(r.URL.Query().Get("before"))
		first, end := max(1, n+1-chatwoot.LastMessages), n+1
		if err == nil {
			first, end = after, min(before, after+chatwoot.MostMessages)
		}
		type message struct {
			ID      int   `json:"id"`
			Created int64 `json:"created_at"`
		}
		list := []message{}
		for id := first; id < end; id++ {
			list = append(list, message{id, began.Unix() + int64(id)})
		}
		_ = json.NewEncoder(rw).Encode(map[string]any{"payload": list})
	}))
	t.Cleanup(srv.Close)
	client, err := chatwoot.New(chatwoot.Config{BaseURL: srv.URL, Token: "token", Account: 1})
	require.NoError(t, err)
	return client, requests
}

// However much is new in a conversation, a comparison sees all of it, in a number of
// requests that hardly grows.
func TestAComparisonReadsAllOfALongConversation(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		messages, requests int
		start              chatwoot.MessageID
		since              time.Time
		first              chatwoot.MessageID
	}{
		"nothing":                        {requests: 1, start: 1},
		"less than a page":               {messages: 19, requests: 1, start: 1, first: 1},
		"a page, of which some is old":   {messages: 500, requests: 1, start: 450, since: began.Add(490 * time.Second), first: 481},
		"more than a page":               {messages: 100, requests: 2, start: 30, first: 30},
		"more than is listed at once":    {messages: 2500, requests: 4, start: 1, first: 1},
		"exactly what is listed at once": {messages: 1020, requests: 2, start: 1, first: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, requests := longConversation(t, test.messages, began)
			s := scan{client: client, start: test.start, since: test.since}
			got, err := s.messages(context.Background(), 7)
			require.NoError(t, err)
			var ids, want []chatwoot.MessageID
			for _, m := range got {
				ids = append(ids, m.ID)
			}
			for id := test.first; id != 0 && id <= chatwoot.MessageID(test.messages); id++ {
				want = append(want, id)
			}
			require.True(t, slices.Equal(want, ids))
			require.Equal(t, test.requests, *requests)
		})
	}
}
