package chatwoottest

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// View shows every conversation as an agent sees it.
func (s *Server) View() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out strings.Builder
	for _, c := range s.db.conversations {
		if !c.deleted {
			s.viewConversation(&out, c)
		}
	}
	return out.String()
}

// ViewConversation shows one conversation as an agent sees it, one line per
// message: who, what was quoted, the text, the files, and for our side the
// ticks. It is "" for a conversation that does not exist.
func (s *Server) ViewConversation(id int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out strings.Builder
	if c := s.db.display(s.account, id); c != nil {
		s.viewConversation(&out, c)
	}
	return out.String()
}

func (s *Server) viewConversation(out *strings.Builder, c *conversation) {
	who := s.db.contact(c.contact)
	fmt.Fprintf(out, "#%d %s", c.display, who.name)
	if who.phone != nil {
		fmt.Fprintf(out, " %s", *who.phone)
	}
	fmt.Fprintf(out, ", %s\n", c.status)
	width := 0
	for _, m := range s.db.threads[c.id] {
		if m.kind != kindActivity {
			width = max(width, utf8.RuneCountInString(s.speaker(m)))
		}
	}
	for _, m := range s.db.threads[c.id] {
		if m.kind == kindActivity {
			fmt.Fprintf(out, "  -- %s --\n", deref(m.content))
			continue
		}
		speaker := s.speaker(m)
		fmt.Fprintf(out, "  %s%s  %s\n", speaker, strings.Repeat(" ", width-utf8.RuneCountInString(speaker)), s.bubble(m))
	}
}

// speaker is who a message is from, in an agent's eyes.
func (s *Server) speaker(m *message) string {
	name := "Automation"
	switch who, ok := s.senderWebhook(m.sender).(object); {
	case truthy(m.attributes.get("external_echo")):
		name = s.inboxName(m.inbox) + " (phone)"
	case ok:
		name = str(who.get("name"))
	}
	if m.private {
		return name + " (note)"
	}
	return name
}

func (s *Server) inboxName(id int) string {
	if i := s.db.inbox(id); i != nil {
		return i.name()
	}
	return "inbox"
}

// bubble is what is in and under a message, in one line.
func (s *Server) bubble(m *message) string {
	var parts []string
	if id := number(m.attributes.get("in_reply_to")); id != 0 {
		quoted := "a message"
		if original := s.db.messages[id]; original != nil {
			quoted = excerpt(original)
		}
		parts = append(parts, "[re: "+quoted+"]")
	}
	if m.content != nil && *m.content != "" {
		parts = append(parts, oneLine(*m.content))
	}
	for _, a := range m.attachments {
		parts = append(parts, fmt.Sprintf("[%s %s]", a.fileType, a.blob.name))
	}
	if reason := str(m.attributes.get("external_error")); m.status == messageFailed {
		parts = append(parts, "✗ failed: "+reason)
	} else if m.kind != kindIncoming && !m.private {
		parts = append(parts, map[string]string{messageSent: "✓", messageDelivered: "✓✓", messageRead: "✓✓ read"}[m.status])
	}
	return strings.Join(parts, " ")
}

// excerpt is what the box above a reply shows.
func excerpt(m *message) string {
	if m.content == nil || *m.content == "" {
		if len(m.attachments) > 0 {
			return m.attachments[0].blob.name
		}
		return "a message"
	}
	text := []rune(oneLine(*m.content))
	if len(text) > 40 {
		return string(text[:40]) + "…"
	}
	return string(text)
}

func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ⏎ ") }
