package markup

import (
	"regexp"
	"strings"
)

var (
	// ticked is what Chatwoot itself keeps from being filled in.
	ticked = regexp.MustCompile("(?s)`.*?`")
	// endRaw begins what ends such protection.
	endRaw = regexp.MustCompile(`\{%-?\s*endraw\b`)
)

const (
	openTag = "{%"
	// spelled is a template that gives openTag.
	spelled = "{{ '{' }}{{ '%' }}"
	raw     = "{% raw %}"
	unraw   = "{% endraw %}"
)

// ProtectLiquid keeps Chatwoot from filling in braces in an outgoing message
// as if they were a template.
func ProtectLiquid(content string) string {
	if !strings.Contains(content, "{{") && !strings.Contains(content, openTag) {
		return content
	}
	var out strings.Builder
	from := 0
	for _, code := range ticked.FindAllStringIndex(content, -1) {
		writeRaw(&out, content[from:code[0]])
		// It stands in the middle of Chatwoot's own protection, which it would end.
		out.WriteString(endRaw.ReplaceAllStringFunc(content[code[0]:code[1]], func(tag string) string {
			return unraw + spelled + raw + tag[len(openTag):]
		}))
		from = code[1]
	}
	writeRaw(&out, content[from:])
	return out.String()
}

// writeRaw writes a part of a content without backticks. A brace at its border would
// belong to the mark of Chatwoot's protection beside it.
func writeRaw(out *strings.Builder, part string) {
	if !strings.Contains(part, "{{") && !strings.Contains(part, openTag) && !strings.HasSuffix(part, "{") && !strings.HasPrefix(part, "}") {
		out.WriteString(part)
		return
	}
	// A text that ends the protection itself is taken apart there: its "{%"
	// is put together again from two strings by the template.
	for i, piece := range strings.Split(part, openTag) {
		if i > 0 {
			out.WriteString(spelled)
		}
		if piece != "" {
			out.WriteString(raw + piece + unraw)
		}
	}
}
