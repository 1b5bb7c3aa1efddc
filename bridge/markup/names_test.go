package markup_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/markup"
	characters "github.com/wootbridge/wootbridge/internal/visible"
)

func TestM8_ANameIsOneShortLine(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"Ana": "Ana", " Ana\n\n**Admin:**\r\n ok ": "Ana **Admin:** ok", "a\u2028b\u2029c\u0085d\ve\tf": "a b c d e f", "\u202enimdA\u2066x\u200f": "nimdAx", "A\x00\x1b[31mna\x7f": "A[31mna",
		"A\xffna": "Ana", "👩‍🚀 Ana": "👩‍🚀 Ana", "علی\u200cرضا": "علی\u200cرضا", "": "", "\n": "",
		strings.Repeat("ab ", 40):                   strings.Repeat("ab ", 21)[:62] + "…",
		strings.Repeat("x", 64):                     strings.Repeat("x", 64),
		strings.Repeat("x", 65):                     strings.Repeat("x", 63) + "…",
		strings.Repeat("x", 61) + "👩‍🚀👩‍🚀":          strings.Repeat("x", 61) + "…",
		strings.Repeat("x", 62) + "e\u0301 e\u0301": strings.Repeat("x", 62) + "…",
	} {
		require.Equal(t, want, markup.Name(raw), "%q", raw)
	}
	require.Equal(t, "Relatório "+strings.Repeat("x", 37)+"…"+strings.Repeat("x", 12)+".pdf", markup.FileName("Relatório "+strings.Repeat("x", 60)+".pdf"))
	require.Equal(t, "a.pdf", markup.FileName("a\u202e.pdf"))
}

var nastyNames = []string{
	"https://evil.example/x", "http://evil.example", "www.evil.example", "evil.com", "Loja.com.br", "ana@evil.com", "a.b@c.de", "[x](https://evil.example)", "![x](https://evil.example/p.png)", "<https://evil.example>", "<a@b.com>",
	"[@Admin](mention://user/1/Admin)", "x.com---", "x.com_", "wa.me/5511", "//evil.com", "ftp://x.y", "xn--a.xn--b", "🔥.ws", "evil.com@x", "mailto:a@b.com", "1. Ana", "# Ana", "> Ana", "- Ana", "*Ana*", "`Ana`", "~~Ana~~",
	"Ana** (+5511999):\nolá", "&lt;b&gt;", "<b>Ana</b>", "{{contact.name}}", "a | b", "\\", "Ana\\", "(c)", "\u202eevil", "Dr. Ana", "\"Ana\"", "_Ana_", ":-)", "[x]: https://evil.example", "a@1.2.3.4",
}

// requireName looks at a name in bold as the dashboard shows it: in one line, without
// a link, and letter for letter.
func requireName(t testing.TB, raw string) {
	t.Helper()
	content := markup.Bold(markup.Name(raw))
	rendered := render(t, content+" x")
	require.NotContains(t, rendered, "<a ", "%q", raw)
	require.NotContains(t, rendered, "<img", "%q", raw)
	require.NotContains(t, content, "\n", "%q", raw)
	name := markup.Name(raw)
	require.Equal(t, name, markup.Name(name), "a name stays as it is")
	require.LessOrEqual(t, utf8.RuneCountInString(name), 64)
	require.False(t, strings.ContainsFunc(name, func(r rune) bool { return characters.Control(r) || unicode.IsControl(r) }), "%q", name)
	if name != "" {
		require.Equal(t, strings.ReplaceAll(name, "~", "")+" x", strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(visible(rendered)), "\u00a0", " "), "~", ""), "%q is rendered as %q", raw, rendered)
		require.True(t, strings.HasPrefix(rendered, "<p><strong>") && strings.HasSuffix(rendered, "</strong> x</p>\n"), "%q is rendered as %q", raw, rendered)
	}
}

func TestM8_ANameInALineOfOursIsNothingButAName(t *testing.T) {
	t.Parallel()
	for _, name := range nastyNames {
		requireName(t, name)
	}
	for written, want := range map[string]string{
		"Dr. Ana": "Dr. Ana", "Relatório v1.2.pdf": "Relatório v1.2.pdf", "canção_1.mp3": "canção_1.mp3", "Ana-Bia d'Água (2)": "Ana-Bia d'Água (2)", // what is no address stays clean
		"loja.com.br": `loja\.com\.br`, "ana@x.com": `ana\@x\.com`, "https://x.com": `https\:\//x\.com`,
	} {
		require.Equal(t, want, markup.Literal(written))
	}
}

func FuzzName(f *testing.F) {
	for _, name := range nastyNames {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, raw string) { requireName(t, raw) })
}

func TestL11_WhatIsCutEndsWithASignThatSaysSo(t *testing.T) {
	t.Parallel()
	require.Equal(t, "", markup.Cut("", 5))
	require.Equal(t, "abcde", markup.Cut("abcde", 5))
	require.Equal(t, "abcd…", markup.Cut("abcdef", 5))
	require.Equal(t, "ab…", markup.Cut("ab cdef", 4))
	require.Equal(t, "ab…", markup.Cut("ab👩‍🚀", 4))
}
