package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// phoneView is the chat on the customer's phone, in the form in which
// chatwoottest shows a conversation.
func (p *play) phoneView() string {
	var out strings.Builder
	received := map[string]whatsapptest.Received{}
	for _, m := range p.maria.Messages() {
		received[m.ID] = m
	}
	width := utf8.RuneCountInString(p.Phone.Name())
	fmt.Fprintf(&out, "%s +%s\n", p.Phone.Name(), p.Phone.Number())
	for _, e := range p.done {
		m, who, ticks := received[e.wa], p.Phone.Name(), ""
		switch e.by {
		case note:
			continue
		case customer:
			m, _ = p.maria.Sent(e.wa)
			who, ticks = p.maria.Name(), p.ticks(e.wa)
		}
		parts := []string{}
		if quoted := m.Quoted(); quoted != nil {
			parts = append(parts, "[re: "+p.excerpt(quoted.GetStanzaID())+"]")
		}
		if text := m.Text(); e.message != nil {
			parts = append(parts, e.phone)
		} else if text != "" {
			parts = append(parts, text)
		}
		if file, err := m.Media(); err == nil && e.message == nil {
			parts = append(parts, strings.TrimSpace("["+kindName(m.Kind())+" "+file.FileName)+"]")
		}
		if ticks != "" {
			parts = append(parts, ticks)
		}
		fmt.Fprintf(&out, "  %-*s  %s\n", width, who, strings.Join(parts, " "))
	}
	return out.String()
}

func kindName(kind string) string {
	if kind == "ptt" {
		return "voice note"
	}
	return kind
}

func (p *play) ticks(id string) string {
	ticks := "✓"
	for _, r := range p.maria.Receipts() {
		if r.ID != id {
			continue
		}
		if r.Type == types.ReceiptTypeRead {
			return "✓✓ read"
		}
		ticks = "✓✓"
	}
	return ticks
}

func (p *play) excerpt(wa string) string {
	for _, e := range p.done {
		if e.wa != wa {
			continue
		}
		text := []rune(e.phone)
		if len(text) > 40 {
			return string(text[:40]) + "…"
		}
		return string(text)
	}
	return "a message"
}
