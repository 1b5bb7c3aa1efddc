package chatwoot_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// listOf answers with conversations, and remembers what was asked.
func listOf(t *testing.T, asked *string, conversations string) *chatwoot.Client {
	t.Helper()
	return serve(t, func(rw http.ResponseWriter, r *http.Request) {
		*asked = r.URL.Path + "?" + r.URL.RawQuery
		_, _ = rw.Write([]byte(`{"data":{"meta":{"all_count":77},"payload":[` + conversations + `]}}`))
	})
}

const listedConversation = `{"id":7,"inbox_id":3,"status":"open","meta":{"sender":{"id":5,"name":"Alice"}},
	"updated_at":1795327612.741408,"last_activity_at":1795327612,
	"last_non_activity_message":{"id":70,"status":"sent","conversation":{"contact_inbox":{"source_id":"abc"}}}}`

func TestActiveConversationsAreListed(t *testing.T) {
	t.Parallel()
	var asked string
	client := listOf(t, &asked, listedConversation)
	active, err := client.ActiveConversations(ctx, 3, 90*time.Second)
	require.NoError(t, err)
	require.Equal(t, "/api/v1/accounts/7/conversations?inbox_id=3&status=all&updated_within=91", asked)
	require.Len(t, active, 1)
	c := active[0]
	require.Equal(t, chatwoot.EventConversation{ID: 7, Inbox: 3, Status: "open", SourceID: "abc", ContactID: 5, ContactName: "Alice"}, c.EventConversation)
	require.EqualValues(t, 1795327612, c.Activity.Unix())
	require.EqualValues(t, 1795327612741, c.Changed.UnixMilli())

	_, err = client.ActiveConversations(ctx, 0, time.Minute)
	require.NoError(t, err)
	require.Equal(t, "/api/v1/accounts/7/conversations?status=all&updated_within=61", asked, "of every inbox")

	page, all, err := client.ConversationPage(ctx, 3, 4)
	require.NoError(t, err)
	require.Equal(t, "/api/v1/accounts/7/conversations?inbox_id=3&page=4&status=all", asked)
	require.Equal(t, 77, all)
	require.Equal(t, active, page)
}

func TestAConversationIsReadAsItIsListed(t *testing.T) {
	t.Parallel()
	var asked string
	listed, err := listOf(t, &asked, listedConversation).ActiveConversations(ctx, 3, time.Minute)
	require.NoError(t, err)
	one, err := serve(t, func(rw http.ResponseWriter, r *http.Request) {
		asked = r.URL.Path
		_, _ = rw.Write([]byte(listedConversation))
	}).Conversation(ctx, 7)
	require.NoError(t, err)
	require.Equal(t, "/api/v1/accounts/7/conversations/7", asked)
	require.Equal(t, listed[0], one)
}

// A microsecond, another last message or what became of it is another look; a
// conversation without messages, or with times of another form, has one as well.
func TestAConversationsLookTellsOfItsMessages(t *testing.T) {
	t.Parallel()
	looks := map[string]bool{}
	for _, conversation := range []string{
		`{"id":7}`,
		`{"id":7,"updated_at":null,"last_activity_at":"soon"}`,
		`{"id":7,"updated_at":1795327612.741408,"last_activity_at":1795327612}`,
		`{"id":7,"updated_at":1795327612.741409,"last_activity_at":1795327612}`,
		`{"id":7,"updated_at":1795327612.741408,"last_activity_at":1795327612,"last_non_activity_message":{"id":1,"status":"sent"}}`,
		`{"id":7,"updated_at":1795327612.741408,"last_activity_at":1795327612,"last_non_activity_message":{"id":2,"status":"sent"}}`,
		`{"id":7,"updated_at":1795327612.741408,"last_activity_at":1795327612,"last_non_activity_message":{"id":2,"status":"failed"}}`,
	} {
		var asked string
		listed, err := listOf(t, &asked, conversation).ActiveConversations(ctx, 3, time.Minute)
		require.NoError(t, err)
		require.NotEmpty(t, listed[0].Look)
		require.False(t, looks[listed[0].Look], conversation)
		looks[listed[0].Look] = true
	}
	var asked string
	listed, err := listOf(t, &asked, `{"id":7,"updated_at":1795327612,"last_activity_at":1795327620}`).ActiveConversations(ctx, 3, time.Minute)
	require.NoError(t, err)
	require.Equal(t, listed[0].Activity, listed[0].Changed, "a message is a change")
}
