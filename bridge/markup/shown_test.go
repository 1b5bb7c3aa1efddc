package markup_test

import (
	"bufio"
	"encoding/json"
	"html"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"github.com/wootbridge/wootbridge/bridge/markup"
)

// shown is a text, its content, and what markdown-it 13.0.2 with the options and
// plugins of Chatwoot's dashboard made of that content. The same renderer gives the
// rows of rendering.jsonl, so whoever changes a content here has to render it anew.
type shown struct {
	Text    string `json:"text"`
	Content string `json:"content"`
	HTML    string `json:"html"`
}

func shownTexts(t testing.TB) []shown {
	file, err := os.Open("testdata/shown.jsonl")
	require.NoError(t, err)
	defer file.Close()
	var all []shown
	rows := bufio.NewScanner(file)
	for rows.Scan() {
		var row shown
		require.NoError(t, json.Unmarshal(rows.Bytes(), &row))
		all = append(all, row)
	}
	require.NoError(t, rows.Err())
	require.NotEmpty(t, all)
	return all
}

func TestK5_ContentIsWhatTheDashboardWasSeenToShow(t *testing.T) {
	t.Parallel()
	for _, row := range shownTexts(t) {
		require.Equal(t, row.Content, markup.ToMarkdown(row.Text), "%q", row.Text)
	}
}

// curled undoes what the typographer may change in prose.
var curled = strings.NewReplacer("“", `"`, "”", `"`, "‘", "'", "’", "'", "…", "..", "\u00a0", " ")

var dots = regexp.MustCompile(`\.\.+`)

func TestK5_WhatTheDashboardWasSeenToShowIsWhatWasWritten(t *testing.T) {
	t.Parallel()
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf) {
				return -1
			}
			return r
		}, dots.ReplaceAllString(curled.Replace(s), ".."))
	}
	for _, row := range shownTexts(t) {
		require.NotContains(t, row.HTML, "<img")
		for _, l := range link.FindAllStringSubmatch(row.HTML, -1) {
			target := strings.TrimPrefix(strings.TrimPrefix(html.UnescapeString(l[1]), "mailto:"), "http://")
			require.Equal(t, unescapeURL(target), unescapeURL(strings.TrimPrefix(curled.Replace(html.UnescapeString(l[2])), "http://")), "%q", row.Text)
		}
		visible := html.UnescapeString(tag.ReplaceAllString(row.HTML, ""))
		require.Equal(t, letters(markup.Snippet(row.Text, 1000)), letters(visible), "%q", row.Text)
	}
}

func TestK5_FormattingBesideOtherSignsIsShown(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"🔥*Oferta*🔥":           "🔥<strong>Oferta</strong>🔥",
		"❤️*x*❤️":              "❤️<strong>x</strong>❤️",
		"1️⃣*um*":              "1️⃣<strong>um</strong>",
		"👍🏽_ok_👍🏽":             "👍🏽<em>ok</em>👍🏽",
		"👨‍👩‍👧~x~👨‍👩‍👧":        "👨‍👩‍👧<del>x</del>👨‍👩‍👧",
		"¿*Qué*?":              "¿<strong>Qué</strong>?",
		"«_sim_» “~não~”":      "«<em>sim</em>» “<del>não</del>”",
		"€*5*€ →*a*→ …*b*…":    "€<strong>5</strong>€ →<strong>a</strong>→ …<strong>b</strong>…",
		"。*日本*。":               "。<strong>日本</strong>。",
		"*R$ 5,00*/mês":        "<strong>R$ 5,00</strong>/mês",
		"*[a]* *(b)* *“c”*":    "<strong>[a]</strong> <strong>(b)</strong> <strong>“c”</strong>",
		"_i_*b*~s~":            "<em>i</em><strong>b</strong><del>s</del>",
		"*_both_* _*both*_":    "<strong><em>both</em></strong> <em><strong>both</strong></em>",
		"*Total:* ```R$ 10```": "<strong>Total:</strong> <code>R$ 10</code>",
		"é*x*é नी*x*नी 1*x*1":  "é*x*é नी*x*नी 1*x*1",
		"🔥*\"x\"*🔥":            "🔥*&quot;x&quot;*🔥", // not all parsers read it, so it is shown as written
	} {
		require.Equal(t, "<p>"+want+"</p>\n", render(t, markup.ToMarkdown(written)), "%q", written)
	}
}

func TestK5_AnAddressIsALinkAsAWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"www.x.com.br/__init__.py": "",
		"loja.com.br/*a*_b_":       "",
		"_a.b_@x.com":              "mailto:_a.b_@x.com",
		"a_@x.com":                 "mailto:a_@x.com",
		"ana_b@x.com":              "mailto:ana_b@x.com",
		"www.x.com/a_b":            "http://www.x.com/a_b",
		"https://x.com/__a__/*b*c": "https://x.com/__a__/*b*c",
		"https://x.com/ação_":      "https://x.com/a%C3%A7%C3%A3o_",
		"*https://x.com/a*":        "https://x.com/a",
		"~https://x.com/a~":        "https://x.com/a",
		"_https://x.com/a_":        "https://x.com/a",
		"https://x.com/a\\*b\\*":   "https://x.com/a%5C*b", // and a backslash and an asterisk
		"https://x.com/\u202ea_b":  "",
		"http://u:p@x.com/_a_":     "",
		"x.com/?u=https://y.com":   "",
	} {
		rendered := render(t, markup.ToMarkdown(written))
		found := link.FindStringSubmatch(rendered)
		if want == "" {
			require.Nil(t, found, "%q is rendered as %q", written, rendered)
			continue
		}
		require.NotNil(t, found, "%q is rendered as %q", written, rendered)
		require.Equal(t, want, html.UnescapeString(found[1]), "%q", written)
	}
}

// changed are what the typographer makes other signs of, in one piece of text.
var changed = []*regexp.Regexp{
	regexp.MustCompile(`(?i)\((c|r|tm)\)`), regexp.MustCompile(`\+-`), regexp.MustCompile(`[?!]{4,}`), regexp.MustCompile(`,,`), regexp.MustCompile(`[?!]\.{3,}`),
	regexp.MustCompile(`(^|[^-])---($|[^-])`), regexp.MustCompile(`(^|[^-])--($|[^-])`),
}

var escape = regexp.MustCompile(`\\[!-/:-@\[-` + "`" + `{-~]`)

// requireProse looks at each piece of text that the typographer sees: a backslash
// makes what it stands before a piece of its own.
func requireProse(t testing.TB, written, content string) {
	t.Helper()
	source := []byte(content)
	require.NoError(t, ast.Walk(dashboard.Parser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		letters, ok := n.(*ast.Text)
		if !entering || !ok || n.Parent().Kind() == ast.KindCodeSpan {
			return ast.WalkContinue, nil
		}
		for _, piece := range escape.Split(string(letters.Segment.Value(source)), -1) {
			for _, pattern := range changed {
				require.NotRegexp(t, pattern, piece, "%q was written as %q", written, content)
			}
		}
		return ast.WalkContinue, nil
	}))
}

func TestT20_ProseSaysWhatWasWritten(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"a (c) b":                             `a \(c) b`,
		"(C)(r) (TM).":                        `\(C)\(r) \(TM).`,
		"5 +-3":                               `5 \+-3`,
		"oi!!!!!!":                            `oi!!!\!!!`,
		"que??????":                           `que???\???`,
		"?!?!?!":                              `?!?\!?!`,
		"a,, b":                               `a,\, b`,
		"a,,,, b":                             `a,\,,\, b`,
		"que?...":                             `que?\.\..`,
		"--help":                              `\-\-help`,
		"a -- b":                              `a \-\- b`,
		"fim--":                               `fim\-\-`,
		"*(c)*":                               `**\(c)**`,
		"oi!!! ok?? a, b... 5-6 (ca) c) ----": "oi!!! ok?? a, b... 5-6 (ca) c) ----",
		"`(c) +- !!!!` ```a--b```":            "`(c) +- !!!!` ```a--b```",
		"https://x.com/(c)--d,,e":             "<https://x.com/(c)--d,,e>",
	} {
		require.Equal(t, want, markup.ToMarkdown(written))
		requireProse(t, written, want)
	}
}

func TestT20_RandomProseSaysWhatWasWritten(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	signs := []string{"a", "b", " ", "\n", "(c)", "(", ")", "c", "tm", "+", "-", "-", "!", "!", "?", "?", ",", ".", "*", "_", "~", "1", "\\", "https://a.b/"}
	for range 3_000 {
		var written strings.Builder
		for range 1 + random.IntN(16) {
			written.WriteString(signs[random.IntN(len(signs))])
		}
		requireProse(t, written.String(), markup.ToMarkdown(written.String()))
		requireProse(t, written.String(), markup.Escape(written.String()))
	}
}

// The search looks at the content as it is stored.
func TestK5_WhatIsWrittenIsFound(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"[x] a [link] ![a] {b} a|b x | y #tag @ana 50% R$ 1.234,56 a/b 10:30 <3 a < b R&D & co", "Olá!!! Tudo bem?? ok...", "snake_case 2 * 3 ~ok~x a^b $x$ =y= +55 11 9",
		"www.example.com/a_b ana_b@x.com loja.com.br wa.me/55119 https://x.com/a/b?c=d#e", "a - b – c — d", "it's \"quoted\" 'ok' 5' d'água", "(a) [b] {c} 1. x 2) y", "a [1] b [2]", "C:\\dir\\file.txt",
	} {
		require.Equal(t, text, markup.ToMarkdown(text))
	}
	require.Contains(t, markup.ToMarkdown("*https://x.com/a_b?c=*d*e*"), "https://x.com/a_b?c=*d*e")
}

// Formatting is read as formatting, and nothing else is.
func TestK5_RandomFormattingIsReadAsSuch(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 8))
	signs := []string{"a", "b", " ", " ", ".", ",", "(", ")", "\"", "🔥", "❤️", "¿", "«", "é", "\u0301", "*", "*", "_", "_", "~", "~", "`", "*x*", "_y_", "~z~", " www.a.com ", " https://a.b/_ ", "\\", "#", "-", "1."}
	for range 4_000 {
		var written strings.Builder
		for range 1 + random.IntN(12) {
			written.WriteString(signs[random.IntN(len(signs))])
		}
		content := markup.ToMarkdown(written.String())
		got := strings.Join(strings.Fields(visible(render(t, content))), " ")
		// A single tilde means nothing to the dashboard.
		require.Equal(t, strings.ReplaceAll(markup.Snippet(written.String(), 1000), "~", ""), strings.ReplaceAll(got, "~", ""), "%q was written as %q", written.String(), content)
	}
}
