package markup

import (
	"strings"
)

// QuoteUnknown shows what a message answers when the answered message is not
// in Chatwoot.
func QuoteUnknown(author, snippet string) string {
	return "> ↩ " + Bold(author+":") + " " + Escape(snippet)
}

// Snippet is the beginning of a text in one line, without formatting marks, at
// most limit characters long.
func Snippet(text string, limit int) string {
	words := strings.Fields(strings.ReplaceAll(text, "\x00", ""))
	for i, word := range words {
		words[i] = strings.Trim(word, "*_~`")
	}
	short := []rune(strings.TrimSpace(strings.Join(words, " ")))
	if len(short) <= limit {
		return string(short)
	}
	return strings.TrimSpace(string(short[:limit-1])) + "…"
}

// ProtectLiquid keeps Chatwoot from filling in braces in an outgoing message
// as if they were a template.
func ProtectLiquid(content string) string {
	if !strings.Contains(content, "{{") && !strings.Contains(content, "{%") {
		return content
	}
	// A text that ends the protection itself is taken apart there: its "{%"
	// is put together again from two strings by the template.
	const end = "{%"
	parts := strings.Split(content, end)
	for i, part := range parts {
		if part != "" {
			parts[i] = "{% raw %}" + part + "{% endraw %}"
		}
	}
	return strings.Join(parts, "{{ '{' }}{{ '%' }}")
}
