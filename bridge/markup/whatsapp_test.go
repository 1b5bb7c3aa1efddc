package markup_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

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

func FuzzToWhatsApp(f *testing.F) {
	f.Add("**a** *b* ***c*** ~~d~~ `e` https://x_y_z \\\n")
	f.Fuzz(func(t *testing.T, text string) {
		letters := func(s string) string {
			return strings.Map(func(r rune) rune {
				if strings.ContainsRune("*_~\\ \t\r\n", r) {
					return -1
				}
				return r
			}, s)
		}
		if got := markup.ToWhatsApp(text); letters(got) != letters(text) {
			t.Fatalf("%q became %q", text, got)
		}
	})
}
