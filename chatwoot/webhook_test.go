package chatwoot_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

func TestSignatureVectorOfTheContract(t *testing.T) {
	t.Parallel()
	const (
		secret    = "LPp5cZk1oXW9rJt3uVYbQ2mN"
		timestamp = "1767225600"
		body      = `{"event":"message_created","id":1}`
		signature = "sha256=c2b47c4bf6decd5c7816fb9c70533e9ae324004dde91660c58bf336a7488cf60"
	)
	at := time.Unix(1767225600, 0)
	verify := func(signature, timestamp, body string, now time.Time) error {
		return chatwoot.VerifySignature(secret, timestamp, signature, []byte(body), now)
	}
	require.NoError(t, verify(signature, timestamp, body, at.Add(5*time.Minute)))
	require.ErrorIs(t, verify(signature, timestamp, body, at.Add(5*time.Minute+time.Second)), chatwoot.ErrStale)
	require.ErrorIs(t, verify(signature, timestamp, body, at.Add(-6*time.Minute)), chatwoot.ErrStale)
	require.ErrorIs(t, verify(signature, timestamp, body+" ", at), chatwoot.ErrBadSignature)
	require.ErrorIs(t, verify(signature, "1767225601", body, at), chatwoot.ErrBadSignature)
	require.ErrorIs(t, verify("", timestamp, body, at), chatwoot.ErrNoSignature)
}

func TestR39_AttachmentsComeInTheAgentsOrder(t *testing.T) {
	t.Parallel()
	e, err := chatwoot.ParseEvent([]byte(`{"event":"message_created","id":9,"message_type":"outgoing","attachments":[{"id":3},{"id":1},{"id":2}]}`))
	require.NoError(t, err)
	var ids []int64
	for _, a := range e.Message.Attachments {
		ids = append(ids, a.ID)
	}
	require.Equal(t, []int64{1, 2, 3}, ids)
}

func TestD26_TheConversationIsItsDisplayID(t *testing.T) {
	t.Parallel()
	e, err := chatwoot.ParseEvent([]byte(`{"event":"message_created","id":9,"message_type":"outgoing","conversation":
		{"id":341,"inbox_id":12,"contact_inbox":{"id":88,"source_id":"abc"},"messages":[{"id":9,"conversation_id":341,"status":"failed"}]}}`))
	require.NoError(t, err)
	require.EqualValues(t, 341, e.Conversation.ID)
	require.EqualValues(t, 341, e.Message.Conversation)
	require.EqualValues(t, 12, e.Inbox)
	require.Equal(t, "abc", e.Conversation.SourceID)
	require.Equal(t, "failed", e.Message.Status)
}

func TestD41_FileNamesAreDecoded(t *testing.T) {
	t.Parallel()
	a := chatwoot.Attachment{DataURL: "http://x/rails/active_storage/blobs/redirect/ey--5d/Or%C3%A7amento%20final.pdf?disposition=inline"}
	require.Equal(t, "Orçamento final.pdf", a.Name())
}

func TestK8_ASlashInAFilesNameIsNoEndOfIt(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"Boleto%2010%2F11%2F2025.pdf?disposition=inline": "Boleto 10/11/2025.pdf",
		"Boleto%2010%252F11.pdf":                         "Boleto 10/11.pdf",
		`a%5Cb.pdf`:                                      `a\b.pdf`,
		"":                                               "",
	} {
		require.Equal(t, want, chatwoot.Attachment{DataURL: "http://x/" + address}.Name(), address)
	}
}

func TestR32_WebhookURLKeepsPathAndQuery(t *testing.T) {
	t.Parallel()
	for public, want := range map[string]string{
		"https://b.example.com":         "https://b.example.com/webhooks/l1/s3",
		"https://b.example.com/":        "https://b.example.com/webhooks/l1/s3",
		"https://b.example.com/sub/":    "https://b.example.com/sub/webhooks/l1/s3",
		"http://bridge:8080?via=tunnel": "http://bridge:8080/webhooks/l1/s3?via=tunnel",
	} {
		got, err := chatwoot.WebhookURL(public, "l1", "s3")
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, bad := range []string{"", "bridge:8080", "ftp://x"} {
		_, err := chatwoot.WebhookURL(bad, "l1", "s3")
		require.Error(t, err)
	}
}

func FuzzParseEvent(f *testing.F) {
	f.Add([]byte(`{"event":"message_created","id":9,"message_type":1,"content_attributes":[],"created_at":"x","conversation":{"messages":[{}]}}`))
	f.Add([]byte(`{"event":"conversation_typing_on","user":{"type":"user"},"conversation":{"id":1}}`))
	f.Add([]byte(`[]`))
	f.Add([]byte(`{"event":"message_updated","attachments":[{},null,1],"attachments":[{"data_url":"http://x/%2F"}],"created_at":[{}]}`))
	f.Add([]byte(`{"event":"message_created","attachments":[` + strings.Repeat("{},", 2000) + `{}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := chatwoot.ParseEvent(raw)
		if len(e.Message.Attachments) > 1000 {
			t.Fatal("more attachments than can be meant")
		}
		if err == nil && e.Kind == "" {
			t.Fatal("an event without a kind")
		}
		for _, a := range e.Message.Attachments {
			_ = a.Name()
		}
	})
}
