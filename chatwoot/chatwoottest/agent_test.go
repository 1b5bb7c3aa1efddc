package chatwoottest_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The view is what a person would read; every kind of line is in it.
func TestViewOfAConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	contact := w.post(w.AdminToken(), contactsPath, `{"inbox_id":1,"source_id":"m","name":"Maria","phone_number":"+5511999998888"}`)
	conv := w.post(w.AdminToken(), "/api/v1/accounts/1/conversations", `{"inbox_id":1,"contact_id":1,"source_id":"m"}`).int("id")
	require.Equal(t, 1, contact.int("payload.contact.id"))
	path := w.conversation(conv, "/messages")
	asked := w.incoming(conv, "Good morning,\nis it in stock?")
	w.upload(conv, map[string]string{"message_type": "incoming"}, attachment("photo.jpg", "image/jpeg", "\xff\xd8\xff"))
	first, err := w.Reply(conv, "Yes", chatwoottest.Quoting(asked))
	require.NoError(t, err)
	w.patch(w.AdminToken(), w.messagePath(first), `{"status":"read"}`)
	second, err := w.Reply(conv, "The offer", chatwoottest.WithFile("offer.pdf", "application/pdf", []byte("%PDF-")),
		chatwoottest.WithFile("sound.mp3", "audio/mpeg", []byte("ID3")))
	require.NoError(t, err)
	w.patch(w.AdminToken(), w.messagePath(second), `{"status":"delivered"}`)
	_, err = w.Note(conv, "a good customer")
	require.NoError(t, err)
	third, err := w.Reply(conv, "Anything else?", chatwoottest.Quoting(first.ID-1))
	require.NoError(t, err)
	w.patch(w.AdminToken(), w.messagePath(third), `{"status":"failed","external_error":"The phone is not connected"}`)
	fourth, err := w.Reply(conv, "typo")
	require.NoError(t, err)
	require.NoError(t, w.Delete(fourth.ID))
	w.post(w.AdminToken(), path, `{"content":"from my phone","content_attributes":{"external_echo":true}}`)
	_, err = w.Reply(conv, "We are closed on Monday", chatwoottest.ByNobody(), chatwoottest.WithAttributes("automation_rule_id", 4))
	require.NoError(t, err)
	_, err = w.Reply(conv, "I am a machine", chatwoottest.ByBot(7))
	require.NoError(t, err)
	require.NoError(t, w.Resolve(conv))

	golden := filepath.Join("testdata", "view.txt")
	got := w.ViewConversation(conv)
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
	require.Equal(t, got, w.View())
	require.Empty(t, w.ViewConversation(99))
}

// A contact that never wrote has no source id: Chatwoot makes one up.
func TestAnAgentStartsAConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	c, err := w.AddContact("name", "New", "phone_number", "+5511900000000")
	require.NoError(t, err)
	m, err := w.StartConversation(w.inbox, c.ID, "hello {{contact.name}}")
	require.NoError(t, err)
	require.Equal(t, "hello New", m.Text)
	require.Equal(t, "Ana", m.Sender)
	conv := w.Conversations()[0]
	require.Len(t, conv.SourceID, 36)
	require.Equal(t, c.ID, conv.Contact)
	_, err = w.StartConversation(9, c.ID, "x")
	require.ErrorIs(t, err, chatwoottest.ErrNotFound)
}

func TestAgentActionsOnNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	_, err := w.Reply(9, "x", chatwoottest.WithFile("a", "b/c", []byte("d")))
	require.ErrorIs(t, err, chatwoottest.ErrNotFound)
	for _, err := range []error{w.Delete(9), w.Retry(9), w.Type(9, true), w.Resolve(9), w.Assign(9, 1),
		w.DeleteConversation(9), w.DeleteContact(9), w.DeleteInbox(9), w.MergeContacts(9, 8), w.Block(9, true)} {
		require.ErrorIs(t, err, chatwoottest.ErrNotFound)
	}
	_, err = w.ResetToken(9)
	require.ErrorIs(t, err, chatwoottest.ErrNotFound)
	files, err := filepath.Glob(filepath.Join(t.TempDir(), "..", "*", "chatwoottest-*", "blob-*"))
	require.NoError(t, err)
	require.Empty(t, files, "a refused message leaves no file")
}

func TestWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	go func() { _, _ = w.Reply(conv, "soon") }()
	m, err := w.WaitMessage(patience, func(m chatwoottest.Message) bool {
		_, known := w.Message(m.ID) // a condition may ask the server
		return known && m.Text == "soon"
	})
	require.NoError(t, err)
	require.Equal(t, conv, m.Conversation)
	_, err = w.WaitContact(patience, func(c chatwoottest.Contact) bool { return c.Name == "Maria" })
	require.NoError(t, err)
	_, err = w.WaitMessage(time.Millisecond, func(chatwoottest.Message) bool { return false })
	require.ErrorContains(t, err, "soon", "a wait in vain shows what there is")
	go func() { _ = w.Resolve(conv) }()
	_, err = w.WaitConversation(patience, func(c chatwoottest.Conversation) bool { return c.Status == "resolved" })
	require.NoError(t, err)
}
