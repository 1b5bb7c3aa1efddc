package chatwoot_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// What is listed reads, once encoded, like the webhook that did not come.
func TestAListedMessageReadsLikeItsWebhook(t *testing.T) {
	t.Parallel()
	m := chatwoot.Message{
		ID: 9002, Conversation: 341, Content: "Here is the **quote**", Type: chatwoot.Outgoing, ContentType: "text", Status: "sent",
		CreatedAt:   chatwoot.Time{Time: time.Unix(1787052060, 0).UTC()},
		Attributes:  chatwoot.Attributes{InReplyTo: 9001, InReplyToExternal: "WAID:A"},
		Attachments: []chatwoot.Attachment{{ID: 56, FileType: "image", DataURL: "https://chat.example.com/x/quote.png", ContentType: "image/png", Size: 20481}},
	}
	around := chatwoot.Event{Account: 1, Inbox: 12, Conversation: chatwoot.EventConversation{
		ID: 341, Inbox: 12, Status: "open", SourceID: "abc", ContactID: 77, ContactName: "Maria", ContactPhone: "+5511999998888", Identifier: "7@lid",
	}}
	raw, err := chatwoot.EncodeCreated(m, around)
	require.NoError(t, err)
	got, err := chatwoot.ParseEvent(raw)
	require.NoError(t, err)
	around.Kind, around.Message = chatwoot.EventMessageCreated, m
	require.Equal(t, around, got)
}

func TestR42_WhatIsOfNoInterestMayHoldAnything(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{`{"event":"webwidget_triggered","conversation":[]}`, `{"event":"new_thing","inbox":"x","account":7,"user":[1]}`} {
		_, err := chatwoot.ParseEvent([]byte(raw))
		require.NoError(t, err, raw)
	}
	for _, raw := range []string{``, `[]`, `{}`, `{"event":""}`, `{"event":7}`, `{"event":"message_created","id":"x"}`, `{"event":`} {
		_, err := chatwoot.ParseEvent([]byte(raw))
		require.Error(t, err, raw)
	}
}
