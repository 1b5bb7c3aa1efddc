package markup_test

import (
	"bufio"
	"encoding/json"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/markup"
)

// Every row is something an agent typed, pressed or pasted in the dashboard's
// editor, what the webhook carried, and what the customer must read.
func TestEditorOutputOnWhatsApp(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/typed.jsonl")
	require.NoError(t, err)
	defer file.Close()
	rows := bufio.NewScanner(file)
	for rows.Scan() {
		var row struct {
			Content  string `json:"webhook_content"`
			WhatsApp string `json:"whatsapp"`
		}
		require.NoError(t, json.Unmarshal(rows.Bytes(), &row))
		require.Equal(t, row.WhatsApp, markup.ToWhatsApp(row.Content))
	}
	require.NoError(t, rows.Err())
}

func TestPlainBreaks(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "a": "a", "a\\\nb": "a\nb", "a\\\r\nb\n\n": "a\r\nb", `C:\ d`: `C:\ d`, "*a*\n\nb": "*a*\n\nb", "\n": "",
	} {
		require.Equal(t, want, markup.PlainBreaks(text), "%q", text)
	}
}

func TestMarkdownOnWhatsApp(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"**bold**text":              "*bold*text",
		"**a** and **b**":           "*a* and *b*",
		"***both***":                "*_both_*",
		"**a *b* c**":               "*a _b_ c*",
		"~~gone~~":                  "~gone~",
		"a*b*c 5*3*2 ~y~":           "a*b*c 5*3*2 ~y~",
		"2 ** 3 ** 4":               "2 ** 3 ** 4",
		"snake_case _x_ __init__":   "snake_case _x_ __init__",
		"`**code**` ```\n*x*\n```":  "`**code**` ```\n*x*\n```",
		"https://x.com/a_b_c?q=*z*": "https://x.com/a_b_c?q=*z*",
		"**https://x.com/a**":       "*https://x.com/a*",
		"one\\\ntwo \nthree":        "one\ntwo\nthree",
		"*unclosed and **unclosed":  "*unclosed and **unclosed",
		"":                          "",
	} {
		require.Equal(t, want, markup.ToWhatsApp(in))
	}
}

// What editors, bots, automations, greetings and signatures offer.
func TestK5_WhatAgentsWriteArrivesAsMeant(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"see [our site](https://x.example/a_b?q=*1*).":                                  "see our site: https://x.example/a_b?q=*1*.",
		"[https://x.example](https://x.example)":                                        "https://x.example",
		"[x.example](https://www.x.example/)":                                           "https://www.x.example/",
		"[Site:](https://x.example)":                                                    "Site: https://x.example",
		"[](https://x.example) [x](<https://x.example/a b>)":                            "https://x.example x: https://x.example/a%20b",
		"[**b** *i*](https://x.example \"title\")":                                      "*b* _i_: https://x.example",
		"**[t](https://x.example)**":                                                    "*t: https://x.example*",
		"[Foo](https://x.example/Foo_(bar))":                                            "Foo: https://x.example/Foo_(bar)",
		"[ana@x.example](mailto:ana@x.example?subject=Oi) [Call](tel:+5511999)":         "ana@x.example Call: +5511999",
		"[www](www.x.com) [path](x.com/a) [Ana](mention://user/1/Ana)":                  "www: www.x.com path: x.com/a Ana",
		"[docs][1] [1]\n\n[1]: https://d.example 'Docs'\n\n[2]: https://unused.example": "docs: https://d.example 1: https://d.example\n\n\n[2]: https://unused.example",
		"<https://x.example/a_b_> <ana_b@x.example> <mailto:a@x.example>":               "https://x.example/a_b_ ana_b@x.example a@x.example",
		"![Logo](https://x.example/l_o_g.png?cw_image_height=24px)":                     "https://x.example/l_o_g.png?cw_image_height=24px",
		"a![x](https://x.example/p.png)b":                                               "a https://x.example/p.png b",
		"[![Logo](https://x.example/p.png)](https://x.example)":                         "Logo: https://x.example",
		"[a](b) ![x](y) [x](javascript:alert(1)) [x](https://x.example":                 "[a](b) ![x](y) [x](javascript:alert(1)) [x](https://x.example",
		"__bold__ **bold** __a__.":                                                      "*bold* *bold* *a*.",
		"__init__.py /__a__/b __x__@":                                                   "__init__.py /__a__/b *x*@",
		"# Title":                                                                       "*Title*",
		"## A *b* **c** #\ntext":                                                        "*A _b_ c*\ntext",
		"intro\n# T\n\n- a\n### [L](https://x.example)":                                 "intro\n*T*\n\n- a\n*L: https://x.example*",
		"#hash # \n#":                               "#hash #\n#",
		"a\n---\nb\n===\nc\n--\nd":                  "a\n---\nb\n===\nc\n--\nd",
		"\\*a\\* \\_b\\_ 1\\. \\# \\- \\\\ \\x \\`": "*a* _b_ 1. # - \\ \\x `",
		"&lt;b&gt; &amp; &copy; &#65;&#x42; &nbsp;x &amp;lt; AT&T; &bogus; &#0;": "<b> & © AB \u00a0x &lt; AT&T; &bogus; &#0;",
		"a\r\nb\rc\r\n\r\nd":                                  "a\nb\nc\n\nd",
		"one\\\ntwo  \nthree \nfour":                          "one\ntwo\nthree\nfour",
		"**a\nb *c\nd*** ~~e\nf~~":                            "*a*\n*b _c_*\n*_d_* ~e~\n~f~",
		"- **a**\n- b\n  - *c*\n\n1. d\n2. e\n\n* f\n* g":     "- *a*\n- b\n  - _c_\n\n1. d\n2. e\n\n* f\n* g",
		"> **a**\n> *b\n> c*\n\nd":                            "> *a*\n> _b_\n> _c_\n\nd",
		"```js\n**a** \\\n[b](https://x.example)\n```\n**c**": "```\n**a** \\\n[b](https://x.example)\n```\n*c*",
		"~~~\n*a*\n~~~":                                       "```\n*a*\n```",
		"``a`` `[x](https://x.example)` `a\nb` ``a`b``":       "`a` `[x](https://x.example)` `a b` ``a`b``",
		"| a | b |\n|---|---|\n| **1** | 2 |":                 "| a | b |\n|---|---|\n| *1* | 2 |",
		"\\\\server\\_share_\\x":                              "\\\\server\\_share_\\x",
		"<b>x</b> <br> <!-- y -->":                            "<b>x</b> <br> <!-- y -->",
		"🔥**a**🔥 «*b*» (~~c~~)":                               "🔥*a*🔥 «_b_» (~c~)",
		"https://x.example/_a_ (https://x.example/(b)_c_) **https://x.example/_d_** www.x.com/_e_":      "https://x.example/_a_ (https://x.example/(b)_c_) *https://x.example/_d_* www.x.com/_e_",
		"Oi **Ana**,\n\nsegue o [link](https://x.example).\n\n--\n\n**Bia**\n[Site](https://x.example)": "Oi *Ana*,\n\nsegue o link: https://x.example.\n\n--\n\n*Bia*\nSite: https://x.example",
		"": "", "\n\n": "", "\x00": "", "**": "**", "[": "[", "\\": "\\",
	} {
		require.Equal(t, want, markup.ToWhatsApp(written), "%q", written)
	}
}

// No letter is lost, and none comes from nowhere: what the customer reads is what the
// tree says.
func TestK5_RandomMarkdownKeepsItsLetters(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(9, 10))
	signs := []string{"a", "b c", "é", "🔥", " ", " ", "\n", "\n\n", "*", "**", "_", "__", "`", "\n- ", "\n> ", "\n## ", "\n#", "\\", "\\*", "\\_", "&amp;", "&eacute;", "(", ")", ".", "!", "**b**", "*i*", "***z***", " ~~s~~ ", "`k`", "  \n", "«", "[", "]", "!["}
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || r == '🔥' || r == '&' {
				return r
			}
			return -1
		}, s)
	}
	for range 5_000 {
		var written strings.Builder
		for range 1 + random.IntN(14) {
			written.WriteString(signs[random.IntN(len(signs))])
		}
		require.Equal(t, letters(visible(render(t, written.String()))), letters(markup.ToWhatsApp(written.String())), "%q", written.String())
	}
}

func FuzzToWhatsApp(f *testing.F) {
	f.Add("**a** *b* ***c*** ~~d~~ `e` https://x_y_z \\\n")
	f.Add("[a](https://b.c) ![d](https://e.f/g) <h@i.j> [k]\n\n[k]: https://l.m\n# n\n> - 1. o\n```\np\n```\n&amp;\\*")
	f.Add("q ```r\n**s**``` t\n~~~\nu\n")
	f.Fuzz(func(t *testing.T, text string) {
		got := markup.ToWhatsApp(text)
		require.LessOrEqual(t, len(got), 8*len(text)+16)
		require.True(t, utf8.ValidString(got))
		letters := func(s string) string {
			return strings.Map(func(r rune) rune {
				if strings.ContainsRune("*_~\\ \t\r\n", r) {
					return -1
				}
				return r
			}, strings.ReplaceAll(s, "\x00", ""))
		}
		if !strings.ContainsAny(text, "[<&#`~\\") && letters(got) != letters(text) {
			t.Fatalf("%q became %q", text, got)
		}
	})
}
