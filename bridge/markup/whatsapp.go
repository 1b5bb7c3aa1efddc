package markup

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// untouchable are the parts of a markdown text that stay as they are: code and
// web addresses.
var untouchable = regexp.MustCompile("(?s)```.*?```|`[^`\n]+`|(?i:https?://|www\\.)[^\\s]+")

var hardBreak = regexp.MustCompile(`(\\|[ \t]+)\r?\n`)

var backslashBreak = regexp.MustCompile(`\\(\r?\n)`)

// PlainBreaks takes away what editors leave behind: the backslash before a line
// break, and line breaks at the end. Newer releases of Chatwoot do so themselves.
func PlainBreaks(text string) string {
	return strings.TrimRight(backslashBreak.ReplaceAllString(text, "$1"), "\r\n")
}

// ToWhatsApp turns an agent's markdown into WhatsApp's formatting.
func ToWhatsApp(markdown string) string {
	markdown = hardBreak.ReplaceAllString(strings.ReplaceAll(markdown, "\x00", ""), "\n")
	// Emphasis may stand around code and addresses, never in them: each is one
	// NUL while the rest is converted, so the two meet again in order.
	var kept []string
	markdown = untouchable.ReplaceAllStringFunc(markdown, func(part string) string {
		trimmed := part
		if part[0] != '`' {
			trimmed = strings.TrimRight(part, "*_~")
		}
		kept = append(kept, trimmed)
		return "\x00" + part[len(trimmed):]
	})
	var out strings.Builder
	writeEmphasis(&out, markdown)
	converted := strings.Split(out.String(), "\x00")
	out.Reset()
	for i, part := range converted {
		if i > 0 {
			out.WriteString(kept[i-1])
		}
		out.WriteString(part)
	}
	return out.String()
}

// emphases are tried in this order: the longer one first.
var emphases = []struct{ from, open, close string }{
	{"***", "*_", "_*"},
	{"**", "*", "*"},
	{"~~", "~", "~"},
	{"*", "_", "_"},
	{"_", "_", "_"},
}

func writeEmphasis(out *strings.Builder, text string) {
	previous := ' '
next:
	for i := 0; i < len(text); {
		for _, e := range emphases {
			end := spanEnd(text, i, e.from, previous)
			if end < 0 {
				continue
			}
			out.WriteString(e.open)
			writeEmphasis(out, text[i+len(e.from):end])
			out.WriteString(e.close)
			i = end + len(e.from)
			previous = '*'
			continue next
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		out.WriteString(text[i : i+size])
		previous = r
		i += size
	}
}

// spanEnd finds where the emphasis that begins at i ends, or gives -1.
func spanEnd(text string, i int, mark string, previous rune) int {
	if !strings.HasPrefix(text[i:], mark) {
		return -1
	}
	inner := text[i+len(mark):]
	first, _ := utf8.DecodeRuneInString(inner)
	single := len(mark) == 1
	if inner == "" || unicode.IsSpace(first) || first == rune(mark[0]) || single && isWord(previous) {
		return -1
	}
	for from := 0; from < len(inner) && from < maxSpan; {
		at := strings.Index(inner[from:], mark)
		if at < 0 || strings.Contains(inner[:from+at], "\n\n") {
			return -1
		}
		at += from
		last, _ := utf8.DecodeLastRuneInString(inner[:at])
		after, _ := utf8.DecodeRuneInString(inner[at+len(mark):])
		if at > 0 && !unicode.IsSpace(last) && last != rune(mark[0]) && after != rune(mark[0]) && (!single || !isWord(after)) {
			return i + len(mark) + at
		}
		from = at + len(mark)
	}
	return -1
}
