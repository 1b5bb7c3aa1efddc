package content

import (
	"strings"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// Quote is the message that a message answers.
type Quote struct {
	ID     string
	Sender string // JID
	// Chat is the JID of the chat in which it was written, if the answering side says
	// so: it does for a message of another chat.
	Chat string
	// Content is what the answering side sent along of the quoted message; nil
	// if nothing.
	Content Content
	// Mentions are whom the quoted text names.
	Mentions []Mention
}

// quote reads the quote in a context; nil if there is none. What the quoted
// message quotes itself is left out.
func quote(c *waE2E.ContextInfo) *Quote {
	if c.GetStanzaID() == "" {
		return nil
	}
	q := &Quote{ID: c.GetStanzaID(), Sender: withoutDevice(c.GetParticipant()), Chat: c.GetRemoteJID()}
	if c.GetQuotedMessage() != nil {
		content, context := decodeContent(c.GetQuotedMessage(), maxWrappers/2)
		q.Content, q.Mentions = content, mentionsOf(context)
	}
	return q
}

func withoutDevice(jid string) string {
	user, server, ok := strings.Cut(jid, "@")
	if !ok {
		return jid
	}
	user, _, _ = strings.Cut(user, ":")
	return user + "@" + server
}
