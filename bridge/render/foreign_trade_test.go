package render_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// What others call their shops, products, groups and songs is one short line and nothing
// else, wherever it stands.
func TestM8_NamesOfThingsAreNothingButNames(t *testing.T) {
	t.Parallel()
	const name = "Ana\n\n**Admin:** https://evil.example [x](https://evil.example)\u202e\x1b "
	long := name + strings.Repeat("x", 500)
	sum := &content.Sum{Value: 1, Currency: name}
	for what, test := range map[string]struct {
		content content.Content
		lines   int
	}{
		"an order":               {content.Cart{Number: long, Title: long, Total: sum}, 2},
		"a product":              {content.Product{Title: long, Price: sum, SalePrice: sum}, 2},
		"a payment":              {content.Payment{What: content.PaymentRequested, Amount: sum}, 1},
		"a bill":                 {content.SplitBill{Total: sum, Parts: []content.BillPart{{JID: long + "@s.whatsapp.net", Amount: sum}}}, 2},
		"a part of a bill":       {content.SplitPaid{JID: long + "@s.whatsapp.net"}, 2},
		"an event":               {content.Event{Title: long, Place: long, Address: long}, 2},
		"an invitation":          {content.Invite{To: content.ToGroup, Name: long}, 2},
		"a sticker pack":         {content.StickerPack{Name: long, Publisher: long, Stickers: 1}, 2},
		"a song":                 {content.Song{Title: long, Author: long}, 1},
		"a reaction to a status": {content.Told{Kind: content.StatusReaction, Text: long}, 1},
		"the result of a poll":   {content.PollResult{Question: long, Votes: []content.OptionVotes{{Option: long}}}, 3},
	} {
		got := render.Message(from(test.content), context("en"))[0].Content
		require.Len(t, strings.Split(got, "\n"), test.lines, "%s: %q", what, got)
		for _, line := range strings.Split(got, "\n") {
			require.Less(t, len([]rune(line)), 600, "%s: %q", what, line)
		}
		require.NotContains(t, got, "\u202e", what)
		require.NotContains(t, got, "\x1b", what)
		require.NotContains(t, got, "https://", what)
		require.NotRegexp(t, `[^\\]\]\(`, got, what)
	}
}

// A label of ours opens an address of the web and nothing else, and ends where it ends.
func TestH1_ALabelOpensOnlyTheWeb(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://a.example/x?y=1&z=2#w": "https://a.example/x?y=1&z=2#w",
		"HTTP://a.example":              "http://a.example",
		" https://a.example ":           "https://a.example",
		"https://a.example/a(b)_c*d":    "https://a.example/a%28b%29_c%2Ad",
		"https://a.example/<b>\\\"'`":   "https://a.example/%3Cb%3E%5C%22%27%60",
		"https://a.example/{{x}}{%y%}":  "", // no escape of an address
		"https://a.example/é":           "https://a.example/%C3%A9",
		"javascript:alert(1)":           "", "data:text/html,x": "", "mailto:a@b.example": "", "//a.example": "", "a.example": "", "": "",
		"https://": "", "https://user@a.example": "", "https://whatsapp.com:x@a.example": "", "https://a.example/\nx": "", "https://a b.example": "",
		"https://a.example/" + strings.Repeat("x", 3000): "",
	} {
		event := render.Message(from(content.Event{Title: "x", JoinLink: address}), context("en"))[0].Content
		product := render.Message(from(content.Product{Title: "x", URL: address}), context("en"))[0].Content
		if want == "" {
			require.Equal(t, "📅 **x**", event, address)
			require.Equal(t, "🏷 **x**", product, address)
			continue
		}
		require.Equal(t, "📅 **x**\n[Join call]("+want+")", event, address)
		require.Equal(t, "🏷 **x**\n[Open in catalogue]("+want+")", product, address)
	}
}

// Whatever its fields are, a content says something, which fits.
func TestEveryTradeContentSaysSomething(t *testing.T) {
	t.Parallel()
	far := time.Unix(1<<35, 0)
	huge := strings.Repeat("[a](b) *c* {{d}}\n", 1000)
	most := &content.Sum{Value: math.MinInt64, Offset: math.MaxInt64, Currency: huge}
	var parts []content.AnswerPart
	for range 40 {
		parts = append(parts, content.AnswerPart{Kind: content.AnswerText, Text: huge}, content.AnswerPart{Kind: content.AnswerCode, Text: huge},
			content.AnswerPart{Kind: content.AnswerTable, Rows: [][]string{{huge, huge}}})
	}
	for _, kind := range []content.Content{
		content.Cart{}, content.Product{}, content.Product{Catalogue: true}, content.Invoice{}, content.Payment{What: content.PaymentSent}, content.SplitBill{},
		content.SplitPaid{}, content.Event{}, content.Event{Call: content.SomeCall}, content.Invite{To: content.ToGroup}, content.Answer{}, content.StickerPack{},
		content.Song{}, content.PollResult{}, content.LoggedCall{Outcome: content.CallTaken}, content.Told{Kind: content.StatusNews},
		content.Cart{Number: huge, Title: huge, Items: math.MaxInt, Total: most, Note: huge},
		content.Product{Title: huge, Description: huge, Body: huge, Footer: huge, Price: most, URL: huge},
		content.Payment{What: content.PaymentRequested, Amount: most, Note: huge, Until: far},
		content.Event{Title: huge, Text: huge, Start: far, End: far.Add(time.Hour), Place: huge, Address: huge, JoinLink: huge},
		content.Invite{To: content.ToGroup, Name: huge, Text: huge, Expires: far},
		content.Answer{Parts: parts, More: true},
		content.StickerPack{Name: huge, Publisher: huge, Text: huge, Stickers: math.MaxInt}, content.Song{Title: huge, Author: huge, URL: huge},
		content.PollResult{Question: huge, Votes: []content.OptionVotes{{Option: huge, Votes: math.MaxInt64}, {Option: huge, Votes: math.MaxInt64}}},
		content.LoggedCall{Outcome: content.CallTaken, Seconds: math.MaxInt64},
	} {
		for _, m := range []content.Message{own(kind), answering(from(content.Text{Text: "x"}), ana.JID, kind)} {
			posts := render.Message(m, context("pt-BR"))
			require.Len(t, posts, 1)
			require.Greater(t, len([]rune(posts[0].Content)), 3, "%T", kind)
			require.LessOrEqual(t, len([]rune(posts[0].Content)), 150_000, "%T", kind)
			require.NotContains(t, posts[0].Content, "****", "%T", kind)
		}
	}
}

// What the texts are called is in the catalogue, for every kind there is.
func TestEveryKindOfTradeHasItsName(t *testing.T) {
	t.Parallel()
	for _, kind := range []content.ToldKind{
		content.OneTimeCode, content.PhoneOnly, content.NumberAsked, content.StatusMention, content.GroupStatusMention, content.StatusReaction,
		content.StatusAddYours, content.StatusReshare, content.StatusAnswerShared, content.StatusGroupReply, content.StatusNews, content.StatusAnswer,
		content.QuestionAnswer, content.SealedUntil, content.BroadcastCall, content.ChatCard,
	} {
		requireNamed(t, content.Told{Kind: kind})
	}
	for _, what := range []content.PaymentKind{
		content.PaymentRequested, content.PaymentSent, content.PaymentDeclined, content.PaymentCancelled, content.PaymentInvited, content.PaymentReminded,
	} {
		requireNamed(t, content.Payment{What: what})
	}
	for _, interval := range []content.PaymentInterval{content.Weekly, content.BiWeekly, content.Monthly, content.Quarterly} {
		requireNamed(t, content.Payment{What: content.PaymentReminded, Every: interval})
	}
	for _, status := range []content.PaymentStatus{content.StatusCancelled, content.StatusExpired, content.StatusPaid, content.StatusStopped} {
		requireNamed(t, content.Payment{What: content.PaymentReminded, Status: status})
	}
	for _, to := range []content.InviteTo{content.ToGroup, content.ToCommunity, content.ToChannel, content.ToChannelAdmin} {
		requireNamed(t, content.Invite{To: to})
	}
	for _, call := range []content.CallKind{content.VoiceCall, content.VideoCall, content.SomeCall} {
		requireNamed(t, content.Event{Call: call, Invitation: true, Guests: true, Cancelled: true})
	}
	for _, outcome := range []content.CallOutcome{
		content.CallTaken, content.CallMissed, content.CallFailed, content.CallRejected, content.CallElsewhere, content.CallOngoing,
	} {
		for _, call := range []content.LoggedCall{{}, {Video: true}, {Group: true}} {
			call.Outcome = outcome
			requireNamed(t, call)
		}
	}
	for _, status := range []content.CartStatus{content.CartAccepted, content.CartDeclined} {
		requireNamed(t, content.Cart{Status: status, Items: 1})
	}
}

// requireNamed looks for keys that have no text, and for the placeholder.
func requireNamed(t *testing.T, kind content.Content) {
	t.Helper()
	for _, m := range []content.Message{from(kind), answering(from(content.Text{Text: "x"}), ana.JID, kind)} {
		got := render.Message(m, context("en"))[0].Content
		require.NotRegexp(t, `[a-z]\.[a-z]`, got)
		require.NotContains(t, got, "not supported")
		require.NotContains(t, got, "****")
		require.NotContains(t, got, " …")
	}
}

func TestWhatAnAIWritesIsReadable(t *testing.T) {
	t.Parallel()
	text := func(text string) content.AnswerPart { return content.AnswerPart{Kind: content.AnswerText, Text: text} }
	for want, parts := range map[string][]content.AnswerPart{
		"**Bold** and _this_\n\nagain":                             {text("**Bold** and _this_"), text("again")},
		"```\n`\u200b`\u200b`\u200b`\u200b`\n```\n\n\u00a0\n**y**": {{Kind: content.AnswerCode, Text: "`````"}, {Kind: content.AnswerText, Text: "**y**"}},
		"```\nf(\"`\u200b`\u200b`\")\n```\n\n\u00a0\n**x**":        {{Kind: content.AnswerCode, Text: "f(\"```\")\n"}, {Kind: content.AnswerText, Text: "**x**"}},
		"```\na := 1\nb := {{x}}\n```":                             {{Kind: content.AnswerCode, Text: "a := 1\nb := {{x}}\n"}},
		"**Pão · R$**\nFrancês · 1\nDoce · 2":                      {{Kind: content.AnswerTable, Headed: true, Rows: [][]string{{"Pão", "R$"}, {"Francês", "1"}, {"Doce", "2"}}}},
		"a · b":                              {{Kind: content.AnswerTable, Rows: [][]string{{"a", "b"}}}},
		"📷 Photo https://scontent.example/x": {{Kind: content.AnswerImage, Text: "https://scontent.example/x"}},
		"x: https://evil.example":            {text("[x](https://evil.example)")},
		"Open it on the phone.":              nil,
	} {
		got := render.Message(from(content.Answer{Parts: parts}), context("en"))[0].Content
		require.Equal(t, "🤖 **AI answer**\n"+want, got)
	}
	// It can be no more than a person's text: no picture, no link that hides where it leads.
	got := render.Message(from(content.Answer{Parts: []content.AnswerPart{text("![x](https://evil.example/p.png) <img src=x> [bank](https://evil.example)")}}), context("en"))[0].Content
	require.NotRegexp(t, `[^\\]\]\(`, got)
}

func TestAStickerThatSoundsIsTwoMessages(t *testing.T) {
	t.Parallel()
	sticker := content.SoundSticker{Sticker: file(content.Sticker, "", ""), Sound: file(content.Voice, "", "")}
	c := context("en")
	posts := render.Message(answering(own(sticker), ana.JID, content.Text{Text: "?"}), c)
	require.Len(t, posts, 2)
	require.Equal(t, "WAID:3EB0A", posts[0].SourceID)
	require.Equal(t, content.Sticker, posts[0].Attach.Kind)
	require.Contains(t, posts[0].Content, "Sticker")
	require.Equal(t, render.Post{SourceID: "WAID:3EB0A#part1", Form: render.Echo, Attach: &sticker.Sound, Part: 1}, posts[1])
	require.Contains(t, posts[1].FileLater(c).Content, c.Texts.Text("waiting"))
}
