package markup_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/markup"
)

var (
	codeSpans = regexp.MustCompile("(?s)`(.*?)`")
	endsRaw   = regexp.MustCompile(`^\{%-?\s*endraw\b`)
	aString   = regexp.MustCompile(`^\{\{\s*'([^']*)'\s*\}\}`)
)

// filledIn is an outgoing message after Chatwoot has filled in its template: code is
// kept from that, variables are empty here, and what cannot be parsed stays.
func filledIn(content string) string {
	out, err := filled(codeSpans.ReplaceAllString(content, "{% raw %}`$1`{% endraw %}"))
	if err != nil {
		return content
	}
	return out
}

func filled(source string) (string, error) {
	var out strings.Builder
	for source != "" {
		switch {
		case strings.HasPrefix(source, "{% raw %}"):
			text, rest, found := cutRaw(strings.TrimPrefix(source, "{% raw %}"))
			if !found {
				return "", errors.New("raw is not closed")
			}
			out.WriteString(text)
			source = rest
		case strings.HasPrefix(source, "{%"):
			return "", errors.New("a tag that nobody knows")
		case strings.HasPrefix(source, "{{"):
			if text := aString.FindStringSubmatch(source); text != nil {
				out.WriteString(text[1])
				source = source[len(text[0]):]
				continue
			}
			end := strings.IndexByte(source, '}')
			if end < 0 {
				return "", errors.New("a variable is not closed")
			}
			source = strings.TrimPrefix(source[end+1:], "}")
		default:
			out.WriteByte(source[0])
			source = source[1:]
		}
	}
	return out.String(), nil
}

// cutRaw finds the end of what is raw: a tag reaches from a "{%" to the next "%}", and
// of several beginnings in it the last one counts.
func cutRaw(source string) (text, rest string, found bool) {
	for from := 0; ; {
		open := strings.Index(source[from:], "{%")
		if open < 0 {
			return "", "", false
		}
		length := strings.Index(source[from+open:], "%}")
		if length < 0 {
			return "", "", false
		}
		end := from + open + length + len("%}")
		if last := strings.LastIndex(source[:end], "{%"); endsRaw.MatchString(source[last:end]) {
			return source[:last], source[end:], true
		}
		from = end
	}
}

var braced = []string{
	"{{contact.name}}", "{% if x %}", "a {{b}} `c` {{d}}", "`{{a}}`", "```{{a}}``` {{b}}", "``` {{a}} ```", "{{a}} ` {{b}}", "`a` `{{b}} {% endraw %}`", "{% raw %}{{a}}{% endraw %}", "`{% endraw %}` {{a}} `{%- endraw -%}`",
	"{% endraw %} `{{a}}` {%", "{", "{{", "{%", "{`{{a}}`", "{{`a`}}", "{%`a`%}", "`{`{{a}}`}`", "{{a}}{", "{{%}}", "{{{%%}}}", "`\n{{a}}\n` {{b}}", "{{ '{' }}{{ '%' }}", "{% comment %}`x`{% endcomment %}", "`{%endraw `", "`{%endraw {% endraw %}` {{a}}", "\\`{{a}}\\` `{{b}}`",
}

func TestL03_TextsWithBracesAndBackticksAreShownAsWritten(t *testing.T) {
	t.Parallel()
	for _, content := range braced {
		require.Equal(t, content, filledIn(markup.ProtectLiquid(content)), "%q was protected as %q", content, markup.ProtectLiquid(content))
	}
	require.Equal(t, "{% raw %}{{a}} {% endraw %}`{{b}}` c", markup.ProtectLiquid("{{a}} `{{b}}` c"))
	require.Equal(t, "`a` b", markup.ProtectLiquid("`a` b"))
}

func FuzzProtectLiquid(f *testing.F) {
	for _, content := range braced {
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content string) {
		require.Equal(t, content, filledIn(markup.ProtectLiquid(content)), "it was protected as %q", markup.ProtectLiquid(content))
	})
}
