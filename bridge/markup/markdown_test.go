package markup_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"html"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	gmhtml "github.com/yuin/goldmark/renderer/html"

	"github.com/wootbridge/wootbridge/bridge/markup"
)

// dashboard renders as Chatwoot's does, but for the typographer, which is
// tolerated in prose: line breaks are kept, addresses become links, tables and
// ~~strike~~ work, HTML does not.
var dashboard = goldmark.New(
	goldmark.WithExtensions(extension.NewLinkify(), extension.Table, extension.Strikethrough),
	goldmark.WithRendererOptions(gmhtml.WithHardWraps()),
)

func render(t testing.TB, content string) string {
	var out bytes.Buffer
	require.NoError(t, dashboard.Convert([]byte(content), &out))
	return out.String()
}

var (
	blockEnd  = regexp.MustCompile(`</(p|pre|h\d|li|ul|ol|blockquote|table)>\n?`)
	lineBreak = regexp.MustCompile(`<br ?/?>\n?`)
	tag       = regexp.MustCompile(`<[^>]*>`)
	link      = regexp.MustCompile(`<a href="([^"]*)">(.*?)</a>`)
)

// singleTilde is the one difference of this renderer that matters here: it
// strikes text between single tildes out, and the dashboard does not.
const singleTilde = "~"

// visible is the text that a person reads.
func visible(rendered string) string {
	text := blockEnd.ReplaceAllString(rendered, "\n\n")
	text = lineBreak.ReplaceAllString(text, "\n")
	return html.UnescapeString(tag.ReplaceAllString(text, ""))
}

var trailing = regexp.MustCompile(`(?m)[ \t]+$`)

// normal makes equal what the rule says is equal: no-break spaces, kinds of
// line ends, NUL, trailing spaces, and a tab shown as spaces.
func normal(text string) string {
	text = strings.NewReplacer("\x00", "", "\r\n", "\n", "\r", "\n", "\u00a0", " ").Replace(text)
	text = regexp.MustCompile(`(?m)^[ \t]+`).ReplaceAllStringFunc(text, func(indent string) string { return strings.ReplaceAll(indent, "\t", "    ") })
	return strings.Trim(trailing.ReplaceAllString(text, ""), "\n ")
}

func requireShown(t testing.TB, text, content string, marks string) {
	t.Helper()
	rendered := render(t, content)
	without := func(s string) string {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune(marks, r) {
				return -1
			}
			return r
		}, s)
	}
	require.Equal(t, normal(without(normal(text))), normal(without(normal(visible(rendered)))), "%q was written as %q and rendered as %q", text, content, rendered)
	require.NotContains(t, rendered, "<img", "%q", text)
	for _, l := range link.FindAllStringSubmatch(rendered, -1) {
		target := strings.TrimPrefix(strings.TrimPrefix(html.UnescapeString(l[1]), "mailto:"), "http://")
		shown := html.UnescapeString(tag.ReplaceAllString(l[2], ""))
		require.Equal(t, unescapeURL(strings.TrimPrefix(shown, "http://")), unescapeURL(target), "%q disguises a link", text)
	}
}

var percent = regexp.MustCompile(`(%[0-9A-Fa-f]{2})+`)

func unescapeURL(s string) string {
	return strings.ToLower(percent.ReplaceAllStringFunc(s, func(run string) string {
		var raw []byte
		for i := 0; i < len(run); i += 3 {
			raw = append(raw, unhex(run[i+1])<<4|unhex(run[i+2]))
		}
		return string(raw)
	}))
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	default:
		return c&^0x20 - 'A' + 10
	}
}

func corpus(t testing.TB) []string {
	file, err := os.Open("testdata/rendering.jsonl")
	require.NoError(t, err)
	defer file.Close()
	var texts []string
	rows := bufio.NewScanner(file)
	for rows.Scan() {
		var row struct {
			Content string `json:"content"`
		}
		require.NoError(t, json.Unmarshal(rows.Bytes(), &row))
		texts = append(texts, row.Content)
	}
	require.NoError(t, rows.Err())
	require.NotEmpty(t, texts)
	return texts
}

func TestR38_WhatIsReadIsWhatWasWritten(t *testing.T) {
	t.Parallel()
	for _, text := range corpus(t) {
		requireShown(t, text, markup.Escape(text), singleTilde)
		requireShown(t, text, markup.ToMarkdown(text), "*_~`")
	}
}

var pieces = []string{"a", "b", "Z", "1", "23", " ", " ", " ", "  ", "\n", "\n\n", "*", "**", "_", "~", "`", "[", "]", "(", ")", "!", "<", ">", "&", "#", "-", "+", ".", "=", "|", "\\", "'", "\"", "@", "/", ":", "é", "😀", "&amp;", "&#65;", "<b>", "](", "]: ", "1. ", "- ", "> ", "# "}

func TestR38_RandomTextIsReadAsWritten(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var text strings.Builder
		for range 1 + random.IntN(14) {
			text.WriteString(pieces[random.IntN(len(pieces))])
		}
		requireShown(t, text.String(), markup.Escape(text.String()), singleTilde)
		requireShown(t, text.String(), markup.ToMarkdown(text.String()), "*_~`")
	}
}

func TestFormattingIsShown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"*bold*":                  "<p><strong>bold</strong></p>\n",
		"a _it_ b":                "<p>a <em>it</em> b</p>\n",
		"~gone~.":                 "<p><del>gone</del>.</p>\n",
		"*_both_*":                "<p><strong><em>both</em></strong></p>\n",
		"say `x*y*z`":             "<p>say <code>x*y*z</code></p>\n",
		"*a* *b*":                 "<p><strong>a</strong> <strong>b</strong></p>\n",
		"(*a*)":                   "<p>(<strong>a</strong>)</p>\n",
		"```mono *x*```":          "<p><code>mono *x*</code></p>\n",
		"5*3*2 a_b_c * x * *open": "<p>5*3*2 a_b_c * x * *open</p>\n",
	} {
		require.Equal(t, want, render(t, markup.ToMarkdown(text)), text)
	}
}

func TestCleanTextStaysClean(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Olá! Tudo bem? O preço é R$ 1.234,56 (à vista).", "It's 10:30, see you at 5 - or 6?", "+55 11 99999-0000", "ana_b@example.com",
		"https://example.com/path?x=1", "snake_case_name", "one\ntwo\n\nthree", "50% off #sale @ana", "a/b & c", "Wait... what?",
	} {
		require.Equal(t, text, markup.ToMarkdown(text))
	}
}

func TestD40_NamesAndLinksSurviveBothWays(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"snake_case_name", "__init__.py", "https://x/a_b_c", "https://x.com/a_b_c?q=1_2&r=a*b*c", "see https://x.com/_a_/~b~ now",
		"first_last@example.com", "C:\\my_dir\\file_name.txt", "2*3*4=24", "AB--12", "a_b_c and d_e_f", "v1.2.3_rc-1",
	} {
		requireShown(t, text, markup.ToMarkdown(text), "")
		requireShown(t, text, markup.Escape(text), "")
		require.Equal(t, text, markup.ToWhatsApp(text), "as an agent's webhook carries it")
	}
}

func TestTokensAreNotTypographed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"AB--12":  `AB\-\-12`,
		"a...b":   `a\.\..b`,
		`k="v1"x`: `k=\"v1\"x`,
		"x(c)y":   `x\(c)y`,
	} {
		require.Equal(t, want, markup.ToMarkdown(text))
	}
}

func TestBuilders(t *testing.T) {
	t.Parallel()
	require.Equal(t, "> ↩ **Ana:** see \\*this\\*", markup.QuoteUnknown("Ana", "see *this*"))
	require.Equal(t, "two lines of…", markup.Snippet("*two*\nlines of text", 13))
	require.Equal(t, "plain", markup.ProtectLiquid("plain"))
	require.Equal(t, "{% raw %}{{x}}{% endraw %}", markup.ProtectLiquid("{{x}}"))
	require.Empty(t, markup.Bold(" \n"))
}

func FuzzToMarkdown(f *testing.F) {
	for _, text := range corpus(f) {
		f.Add(text)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		_ = markup.ToMarkdown(text) // must not panic or hang
		_ = markup.Escape(text)
	})
}

func BenchmarkToMarkdownOfTheLongestMessage(b *testing.B) {
	text := strings.Repeat("*a _b ~c `d [e] ", 4096)
	for b.Loop() {
		_ = markup.ToMarkdown(text)
	}
}
