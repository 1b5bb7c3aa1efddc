package render_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/catalogue"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// A name stands in lines of ours, which it must not be able to make its own.
func TestM8_NamesInLinesOfOursAreNothingButNames(t *testing.T) {
	t.Parallel()
	const name = "Ana\n\n**Admin:** https://evil.example [x](https://evil.example)\u202e\x1b "
	long := name + strings.Repeat("x", 500)
	named := func(m content.Message) content.Message { m.PushName = long; return m }
	elsewhere := answering(from(content.Text{Text: "Oi"}), long+"@s.whatsapp.net", content.Text{Text: name})
	for what, test := range map[string]struct {
		message content.Message
		lines   int
	}{
		"the sender in a group":              {named(inGroup(content.Text{Text: "Oi"})), 2},
		"who deleted a message":              {named(from(content.Revoke{Target: "3EB0T"})), 1},
		"the author of a quote, and a quote": {elsewhere, 3},
		"the name of a song":                 {from(file(content.Audio, "", long+".mp3")), 1},
		"the name of a document":             {from(file(content.Document, "Oi", long+".pdf")), 3},
		"a kind":                             {from(content.Unsupported{Name: long}), 2},
		"a poll":                             {from(content.Poll{Question: long, Options: []string{long}}), 3},
		"a menu": {from(content.Menu{Header: long, Sections: []content.Section{
			{Title: long, Rows: []content.Row{{Title: long, Description: long}}},
		}}), 4},
		"a choice": {from(content.Choice{Title: long}), 1},
		"a place":  {from(content.Location{Name: long, Address: long[1:]}), 2},
	} {
		got := render.Message(test.message, context("en"))[0].Content
		lines := strings.Split(got, "\n")
		require.Len(t, lines, test.lines, "%s: %q", what, got)
		for _, line := range lines {
			require.Less(t, len([]rune(line)), 300, "%s: %q", what, line)
		}
		require.NotContains(t, got, "\u202e", what)
		require.NotContains(t, got, "\x1b", what)
		require.NotContains(t, got, "https://", what)
		require.NotRegexp(t, `[^\\]\]\(`, got, what)
	}
}

// What is too long is cut before it is converted, so that no mark loses its end.
func TestL11_WhatIsCutKeepsItsMarks(t *testing.T) {
	t.Parallel()
	const most = 150_000
	english := catalogue.For("en")
	for what, test := range map[string]struct{ text, ends string }{
		"letters":      {strings.Repeat("a", 200_000), "a…"},
		"bold at last": {strings.Repeat("a ", 32_766) + "*bold*" + strings.Repeat(" x", 1000), `\*bo…`},
		"many bold":    {strings.Repeat("*b* ", 50_000), "**b**…"},
		"escapes":      {strings.Repeat("*", 200_000), `\*…`},
		"tabs":         {strings.Repeat("\tx\n", 60_000), "x…"},
		"code":         {strings.Repeat("```a\nb``` ", 20_000), "…"},
	} {
		got := render.Message(from(content.Text{Text: test.text}), context("en"))[0].Content
		require.LessOrEqual(t, len([]rune(got)), most, what)
		got, says := strings.CutSuffix(got, "\n\n⚠️ **"+english.Text("text.long")+"**\n"+english.Text("open.phone"))
		require.True(t, says, what)
		require.True(t, strings.HasSuffix(got, test.ends), "%s ends with %q", what, got[len(got)-20:])
	}
	for _, unit := range []string{"{{a}} ", "{%", "`{{a}}` {{b}} ", "{{*a* "} {
		got := render.Message(own(content.Text{Text: strings.Repeat(unit, 200_000/len(unit))}), context("en"))[0].Content
		require.LessOrEqual(t, len([]rune(got)), most)
		require.Equal(t, strings.Count(got, "{% raw %}"), strings.Count(got, "{% endraw %}"), "%q", unit)
	}
}

func TestL02_AnAnswerToAnotherChatNamesWhomItAnswers(t *testing.T) {
	t.Parallel()
	c := context("en")
	c.QuoteKnown = true
	m := answering(from(content.Text{Text: "Oi"}), "5511888880009@s.whatsapp.net", content.Text{Text: "*Bolo*?"})
	m.Quote.Chat = group.JID
	p := render.Message(m, c)[0]
	require.Equal(t, "Oi", p.Content)
	require.Equal(t, "> ↩ **+5511888880009 · Group:** Bolo?\n\nOi", p.Alone().Content)
	require.Empty(t, p.Alone().ReplyTo)

	m = answering(inGroup(content.Text{Text: "Oi"}), "5511888880009@s.whatsapp.net", content.Text{Text: "Bolo?"})
	require.Equal(t, "**~Ana \\*Silva\\*** (+5511888880002):\n> ↩ **+5511888880009:** Bolo?\n\nOi", render.Message(m, c)[0].Alone().Content)

	photo := answering(from(file(content.Image, "", "")), ana.JID, content.Text{Text: "Foto?"})
	later := render.Message(photo, c)[0].FileLater(c)
	require.Contains(t, later.Alone().Content, "⏳")
	require.Contains(t, later.Alone().Content, "Foto?")
}
