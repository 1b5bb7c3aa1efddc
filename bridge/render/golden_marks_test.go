package render_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/catalogue"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

const brunoLID, shopLID = "300000000000003@lid", "100000000000001@lid"

// marked is a message with what surrounds its content.
func marked(m content.Message, marks content.Marks) content.Message {
	m.Marks = marks
	return m
}

func mentioning(jids ...string) content.Marks {
	var marks content.Marks
	for _, jid := range jids {
		marks.Mentions = append(marks.Mentions, content.Mention{JID: jid})
	}
	return marks
}

// knownPeople are whom the linked device knows.
func knownPeople() map[string]content.Person {
	return map[string]content.Person{
		brunoLID:                       {Name: "Bruno [Costa](https://evil.example) *x*"},
		shopLID:                        {Number: "5511999990001", Own: true},
		"400000000000004@lid":          {Number: "5511999990004"},
		"5511999990005@s.whatsapp.net": {Name: "Carla", Number: "5511999990005"},
	}
}

// What surrounds a content, in every language.
func TestWhatSurroundsAMessageAsAgentsSeeIt(t *testing.T) {
	t.Parallel()
	once, often := content.Marks{Forwarded: content.ForwardedOnce}, content.Marks{Forwarded: content.ForwardedOften}
	channel := content.Marks{Forwarded: content.ForwardedOnce, Channel: "Canal <b>*Exemplo*"}
	ad := func(m content.Message) content.Message {
		m.Ad = &content.Ad{
			Title: "Pão {{fresco}}\n**todo** dia", Body: "Fale com a gente.", Greeting: "Olá!", URL: "https://www.instagram.com/p/A_A/?a=(b) c",
			SourceID: "1", ClickID: "2", Picture: []byte{0xff},
		}
		return m
	}
	elsewhere := func(chat string) content.Message {
		m := answering(from(content.Text{Text: "Oi"}), ana.JID, content.Text{Text: "Quem tem?"})
		m.Quote.Chat = chat
		return m
	}
	for name, m := range map[string]content.Message{
		"forwarded-text":          marked(from(content.Text{Text: "- a\n- b"}), once),
		"forwarded-often":         marked(from(content.Text{Text: "Oi"}), often),
		"forwarded-photo":         marked(from(file(content.Image, "", "")), often),
		"forwarded-photo-caption": marked(from(file(content.Image, "olha", "")), once),
		"forwarded-photo-group":   marked(inGroup(file(content.Image, "", "")), once),
		"forwarded-sticker":       marked(from(file(content.Sticker, "", "")), once),
		"forwarded-own":           marked(own(file(content.Image, "", "")), once),
		"forwarded-location":      marked(from(content.Location{Name: "Centro"}), once),
		"forwarded-channel":       marked(from(content.Text{Text: "Oi"}), channel),
		"forwarded-channel-photo": marked(from(file(content.Image, "", "")), channel),
		"status":                  marked(from(content.Text{Text: "Bom dia"}), content.Marks{Status: true}),
		"status-photo":            marked(from(file(content.Image, "", "")), content.Marks{Status: true}),
		"mention":                 marked(inGroup(content.Text{Text: "*@300000000000003* e @5511999990005, vejam"}), mentioning(brunoLID, "5511999990005@s.whatsapp.net")),
		"mention-number":          marked(inGroup(content.Text{Text: "@400000000000004?"}), mentioning("400000000000004@lid")),
		"mention-unknown":         marked(inGroup(content.Text{Text: "@999999999999999 @100000000000777"}), mentioning("999999999999999@lid", "100000000000777@bot")),
		"mention-own":             marked(inGroup(content.Text{Text: "@100000000000001 oi"}), mentioning(shopLID)),
		"mention-group":           marked(inGroup(content.Text{Text: "em @120363000000000002@g.us"}), content.Marks{Mentions: []content.Mention{{JID: "120363000000000002@g.us", Name: "Avisos *1*"}}}),
		"mention-all":             inGroup(content.Text{Text: "@all reunião"}),
		"mention-caption":         marked(inGroup(file(content.Image, "@300000000000003", "")), mentioning(brunoLID)),
		"mention-poll":            marked(inGroup(content.Poll{Question: "@300000000000003 vem?", Options: []string{"@300000000000003"}}), mentioning(brunoLID)),
		"mention-part-of-a-word":  marked(inGroup(content.Text{Text: "x@300000000000003 @3000000000000031"}), mentioning(brunoLID)),
		"quote-group-member":      answering(inGroup(content.Text{Text: "Oi"}), brunoLID, content.Text{Text: "?"}),
		"quote-group-own":         answering(inGroup(content.Text{Text: "Oi"}), shopLID, content.Text{Text: "?"}),
		"quote-group-unknown":     answering(inGroup(content.Text{Text: "Oi"}), "999999999999999@lid", content.Text{Text: "?"}),
		"quote-group-number":      answering(inGroup(content.Text{Text: "Oi"}), "400000000000004@lid", content.Text{Text: "?"}),
		"quote-private":           elsewhere("120363000000000001@g.us"),
		"quote-status":            elsewhere("status@broadcast"),
		"quote-album":             answering(from(content.Text{Text: "Oi"}), ana.JID, content.Album{Pictures: 3}),
		"quote-view-once":         answering(from(content.Text{Text: "Oi"}), ana.JID, content.ViewOnce{Media: file(content.Video, "", "")}),
		"album":                   from(content.Album{Pictures: 2}),
		"ad":                      ad(from(content.Text{Text: "Quero"})),
		"ad-without-text":         ad(from(content.Text{})),
		"ad-on-a-voice-note":      ad(from(file(content.Voice, "", ""))),
		"ad-opaque":               marked(from(content.Text{Text: "Oi"}), content.Marks{Ad: &content.Ad{}}),
		"text-empty":              from(content.Text{Text: " \n"}),
	} {
		for _, language := range catalogue.Languages() {
			t.Run(name+"/"+language, func(t *testing.T) {
				t.Parallel()
				c := context(language)
				c.People = knownPeople()
				golden(t, name, language, render.Message(m, c))
			})
		}
	}
}

func TestAQuoteNamesWhomTheQuotedTextMentions(t *testing.T) {
	t.Parallel()
	c := context("en")
	c.People = knownPeople()
	m := answering(inGroup(content.Text{Text: "Oi"}), brunoLID, content.Text{Text: "@999999999999999 e @5511999990005"})
	m.Quote.Mentions = mentioning("999999999999999@lid", "5511999990005@s.whatsapp.net").Mentions
	require.Contains(t, render.Message(m, c)[0].Content, `\@someone e \@Carla`)
}

// Nothing that somebody calls themselves becomes formatting or a link where they are
// named, whatever stands around it, and no LID's digits are shown.
func TestAMentionIsOnlyAName(t *testing.T) {
	t.Parallel()
	hostile := "a`**b**`\n# [x](https://evil.example) <img> {{contact.name}} \u202e_y_ www.evil.example"
	for _, around := range []string{"%", "*%*", "_%_", "~%~", "`%`", "```%```", "```\n%\n```", "> %", "- %", "[%](https://a.b)", "https://a.b/%", "a%b", "% %", "%.", "\U000F0000%\U000F0001"} {
		for _, form := range []func(content.Content) content.Message{inGroup, own} {
			c := context("en")
			c.People = map[string]content.Person{brunoLID: {Name: hostile}}
			text := strings.ReplaceAll(around, "%", "@300000000000003")
			got := render.Message(marked(form(content.Text{Text: text}), mentioning(brunoLID)), c)[0].Content
			require.NotRegexp(t, `[^\\]\]\(https:..evil`, got, around)
			require.NotContains(t, got, "https://evil", around)
			require.NotContains(t, got, "\u202e", around)
			require.NotRegexp(t, `[^\\]<img`, got, around)
			require.NotContains(t, got, "**b**", around)
			if !strings.Contains(around, "a%b") && !strings.Contains(around, "https://a.b/%") {
				require.NotContains(t, got, "300000000000003", around)
			}
		}
	}
}

func TestManyMentionsFitWhatChatwootStores(t *testing.T) {
	t.Parallel()
	c := context("en")
	c.People = map[string]content.Person{brunoLID: {Name: strings.Repeat("*", 255)}}
	text := strings.Repeat("@300000000000003 ", 4000)
	got := render.Message(marked(inGroup(content.Text{Text: text}), mentioning(brunoLID)), c)[0].Content
	require.LessOrEqual(t, len([]rune(got)), 150_000)
	require.NotContains(t, got, "300000000000003")
}

// Whom the text names by another address than the message does is looked up under both.
func TestWhoIsLookedUp(t *testing.T) {
	t.Parallel()
	m := marked(inGroup(content.Text{Text: "@300000000000003 @77"}), mentioning("5511999990003@s.whatsapp.net"))
	m = answering(m, "400000000000004@lid", content.Text{})
	require.Equal(t, []string{m.Sender.JID, m.Sender.Alt, "400000000000004@lid", "5511999990003@s.whatsapp.net", brunoLID, "300000000000003@s.whatsapp.net", "77@lid", "77@s.whatsapp.net"}, render.Named(m))
	require.Empty(t, render.Named(from(content.Text{Text: "@300000000000003"})), "a text that names nobody")

	c := context("en")
	c.People = map[string]content.Person{brunoLID: {Name: "Bruno", Number: "5511999990003"}}
	require.Contains(t, render.Message(m, c)[0].Content, "@Bruno @77")
}

func TestTheLinesChoices(t *testing.T) {
	t.Parallel()
	c := context("en")
	once := from(content.ViewOnce{Media: file(content.Image, "Só uma vez", "")})
	require.Nil(t, render.Message(once, c)[0].Attach)
	c.ViewOnceShown = true
	require.Equal(t, content.Image, render.Message(once, c)[0].Attach.Kind)
	require.Equal(t, "Só uma vez", render.Message(once, c)[0].Content)

	c.CaptionsApart, c.QuoteKnown = true, true
	photo := answering(from(file(content.Image, "*olha*", "")), ana.JID, content.Text{Text: "Foto?"})
	posts := render.Message(photo, c)
	require.Len(t, posts, 2)
	require.Equal(t, []string{"WAID:3EB0A", "3EB0Q", ""}, []string{posts[0].SourceID, posts[0].ReplyTo, posts[0].Content})
	require.NotNil(t, posts[0].Attach)
	require.Equal(t, render.Post{SourceID: "WAID:3EB0A#caption", ReplyTo: "3EB0A", Content: "**olha**"}, posts[1])

	c.QuoteKnown = false
	photo.Forwarded = content.ForwardedOnce
	posts = render.Message(photo, c)
	require.Len(t, posts, 2)
	require.Empty(t, posts[0].Content)
	require.Equal(t, "> ↩ **+5511888880002:** Foto?\n\n*↪ Forwarded*\n\n**olha**", posts[1].Content)
	for _, whole := range []content.Content{file(content.Image, "", ""), file(content.Voice, "", ""), file(content.Sticker, "", ""), content.Text{Text: "x"}} {
		require.Len(t, render.Message(from(whole), c), 1)
	}

	c = context("en")
	c.Events = render.EventOff
	require.Len(t, render.Message(marked(from(file(content.Image, "", "")), content.Marks{Forwarded: content.ForwardedOnce}), c), 1)
	c.Events = render.EventNote
	require.Equal(t, render.Note, render.Message(marked(from(file(content.Image, "", "")), content.Marks{Forwarded: content.ForwardedOnce}), c)[0].Form)

	c.Own = render.OwnNote
	require.Equal(t, render.Note, render.Message(own(content.Text{Text: "Oi"}), c)[0].Form)
	require.Equal(t, render.In, render.Message(from(content.Text{Text: "Oi"}), c)[0].Form)
	c.Own = render.OwnOff
	require.Empty(t, render.Message(own(content.Text{Text: "Oi"}), c))
	require.Len(t, render.Message(own(content.Revoke{Target: "3EB0T"}), c), 1)
}
