package chatwoottest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// A server that took over from another one answers as that one did, and goes on
// with its numbers.
func TestAFrozenServerIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	long := func() time.Time { return time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC) }
	w := newWorld(t, chatwoottest.Options{Now: long})
	who, err := w.AddContact("name", "Alice", "phone_number", "+5511888880002", "identifier", "5511888880002@s.whatsapp.net")
	require.NoError(t, err)
	first, err := w.StartConversation(w.inbox, who.ID, "hello", chatwoottest.WithFile("a.pdf", "application/pdf", []byte("%PDF-1.4")))
	require.NoError(t, err)
	gone, err := w.Reply(first.Conversation, "gone", chatwoottest.WithFile("b.pdf", "application/pdf", []byte("%PDF-1.5")))
	require.NoError(t, err)
	require.NoError(t, w.Delete(gone.ID))
	_, err = w.Reply(first.Conversation, "more", chatwoottest.Quoting(first.ID))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, w.post(w.AdminToken(), w.conversation(first.Conversation, "/messages"), `{"content":"hi","message_type":"incoming","source_id":"WAID:A","echo_id":"7"}`).status)
	w.idle()

	document, err := w.Freeze()
	require.NoError(t, err)
	other := newWorld(t, chatwoottest.Options{})
	require.NoError(t, other.Thaw(document))
	again, err := other.Freeze()
	require.NoError(t, err)
	require.JSONEq(t, string(document), string(again))
	require.Equal(t, w.AdminToken(), other.AdminToken())
	require.Equal(t, w.View(), other.View())
	for _, path := range []string{
		"/api/v1/accounts/1/inboxes", "/api/v1/accounts/1/contacts/1", "/api/v1/accounts/1/conversations", w.conversation(first.Conversation, ""),
	} {
		then, now := w.get(w.AdminToken(), path), other.get(w.AdminToken(), path)
		require.Equal(t, then.status, now.status, path)
		require.Equal(t, http.StatusOK, now.status, path)
		require.Equal(t, strings.ReplaceAll(then.text, w.URL(), ""), strings.ReplaceAll(now.text, other.URL(), ""), path)
	}
	kept, ok := other.Message(first.ID)
	require.True(t, ok)
	content, err := kept.Files[0].Bytes()
	require.NoError(t, err)
	require.Equal(t, "%PDF-1.4", string(content))
	next, err := other.Reply(first.Conversation, "next")
	require.NoError(t, err)
	require.Equal(t, first.ID+4, next.ID)
	require.Equal(t, "Thu, 29 Feb 2024 12:00:00 GMT", w.get(w.AdminToken(), "/api/v1/accounts/1/inboxes").header.Get("Date"))
}
