package render_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/catalogue"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares what was rendered with testdata/NAME.LANGUAGE.golden.
func golden(t *testing.T, name, language string, posts []render.Post) {
	t.Helper()
	file := filepath.Join("testdata", name+"."+language+".golden")
	got := describe(posts)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "go test ./bridge/render -update writes it")
	require.Equal(t, string(want), got)
}

// describe writes posts as people can compare them.
func describe(posts []render.Post) string {
	var out strings.Builder
	forms := map[render.Form]string{render.In: "in", render.Echo: "echo", render.Note: "note", render.Pill: "pill"}
	for _, p := range posts {
		fmt.Fprintf(&out, "form: %s\nsource: %s\n", forms[p.Form], p.SourceID)
		if p.ReplyTo != "" {
			fmt.Fprintf(&out, "threaded to: %s\n", p.ReplyTo)
		}
		if p.Attach != nil {
			fmt.Fprintf(&out, "file: %s, voice: %t\n", p.Attach.Kind, p.Voice())
		}
		for _, f := range p.Files {
			fmt.Fprintf(&out, "file: %s, %s, %d bytes\n", f.Name, f.MIME, len(f.Content))
		}
		fmt.Fprintf(&out, "%s\n---\n", p.Content)
	}
	return out.String()
}

var (
	ana   = content.Address{JID: "5511888880002@s.whatsapp.net", Alt: "824000000000001@lid"}
	group = content.Address{JID: "120363000000000001@g.us"}
	sent  = time.Date(2026, 11, 29, 17, 30, 0, 0, time.UTC)
)

// from is a message of Ana's in her own chat.
func from(c content.Content) content.Message {
	return content.Message{ID: "3EB0A", Chat: ana, Sender: ana, PushName: "Ana *Silva*", At: sent, Content: c}
}

// inGroup is the same in a group.
func inGroup(c content.Content) content.Message {
	m := from(c)
	m.Chat, m.Group = group, true
	return m
}

// own was written on the desk's own phone.
func own(c content.Content) content.Message {
	m := from(c)
	m.FromMe, m.PushName, m.Sender = true, "Shop", content.Address{JID: "5511999990001@s.whatsapp.net"}
	return m
}

// answering is a message that quotes another.
func answering(m content.Message, sender string, quoted content.Content) content.Message {
	m.Quote = &content.Quote{ID: "3EB0Q", Sender: sender, Content: quoted}
	return m
}

func file(kind content.MediaKind, caption, name string) content.Media {
	return content.Media{Kind: kind, Caption: caption, File: &content.File{MIME: "application/octet-stream", Name: name}}
}

// Every kind, in every language. A new kind adds its rows here.
func TestEveryKindAsAgentsSeeIt(t *testing.T) {
	t.Parallel()
	text := content.Text{Text: "*Oi* <b> {{name}} https://a.b/_x_"}
	for name, m := range map[string]content.Message{
		"text":                from(text),
		"text-own":            own(text),
		"text-group":          inGroup(text),
		"text-group-nameless": func() content.Message { m := inGroup(text); m.PushName = ""; return m }(),
		"text-group-lid-only": func() content.Message {
			m := inGroup(text)
			m.PushName, m.Sender = "", content.Address{JID: "1@lid"}
			return m
		}(),
		"quote-text":                  answering(from(text), ana.JID, content.Text{Text: "Quanto custa o bolo de chocolate grande com morangos e muita cobertura?"}),
		"quote-desk":                  answering(from(text), "5511999990001@s.whatsapp.net", content.Text{Text: "Oi"}),
		"quote-photo":                 answering(from(text), ana.JID, file(content.Image, "", "")),
		"quote-document":              answering(from(text), ana.JID, file(content.Document, "", "Proposta *final* _2_.pdf")),
		"quote-document-no-name":      answering(from(text), ana.JID, file(content.Document, "", "")),
		"quote-gif":                   answering(from(text), ana.JID, file(content.GIF, "", "")),
		"quote-voice":                 answering(from(text), ana.JID, file(content.Voice, "", "")),
		"quote-nothing":               answering(from(text), "", nil),
		"image":                       from(file(content.Image, "", "")),
		"image-caption":               from(file(content.Image, "*olha*", "")),
		"image-group":                 inGroup(file(content.Image, "", "")),
		"video":                       from(file(content.Video, "", "")),
		"round-video":                 from(file(content.RoundVideo, "", "")),
		"gif":                         from(file(content.GIF, "", "")),
		"gif-caption":                 from(file(content.GIF, "haha", "")),
		"voice":                       from(file(content.Voice, "", "")),
		"audio":                       from(file(content.Audio, "", "")),
		"audio-named":                 from(file(content.Audio, "", "canção_1.mp3")),
		"document":                    from(file(content.Document, "", "Relatório final de novembro.pdf")),
		"document-caption":            from(file(content.Document, "veja", "Relatório final de novembro.pdf")),
		"document-caption-short-name": from(file(content.Document, "veja", "a.pdf")),
		"document-caption-is-name":    from(file(content.Document, "a.pdf", "a.pdf")),
		"sticker":                     from(file(content.Sticker, "", "")),
		"sticker-without-picture":     from(content.Media{Kind: content.Sticker}),
		"view-once-photo":             from(content.ViewOnce{Media: file(content.Image, "", "")}),
		"view-once-video":             from(content.ViewOnce{Media: file(content.Video, "", "")}),
		"view-once-round-video":       from(content.ViewOnce{Media: file(content.RoundVideo, "", "")}),
		"view-once-voice":             from(content.ViewOnce{Media: file(content.Voice, "", "")}),
		"undecryptable":               from(content.Undecryptable{}),
		"unavailable":                 from(content.Unavailable{Reason: "unavailable"}),
		"unavailable-view-once":       from(content.Unavailable{Reason: "view_once"}),
		"revoke":                      from(content.Revoke{Target: "3EB0T"}),
		"revoke-own":                  own(content.Revoke{Target: "3EB0T"}),
		"unsupported":                 from(content.Unsupported{Name: "pollCreationMessage"}),
		"unsupported-with-text":       from(content.Unsupported{Name: "templateMessage", Text: "Olá"}),
		"unsupported-own-secret":      own(content.Unsupported{Name: "secretEncryptedMessage"}),
		"location":                    from(content.Location{Place: &content.Point{Latitude: -23.5505, Longitude: -46.63330049}}),
		"location-named":              from(content.Location{Place: &content.Point{Latitude: 1, Longitude: 2}, Name: "Padaria *Exemplo*", Address: "Rua 1,\nCentro", URL: "https://a.b/_x_"}),
		"location-nowhere":            from(content.Location{Name: "Centro"}),
		"location-live":               inGroup(content.Location{Place: &content.Point{Latitude: -0.0000001, Longitude: 180}, Comment: "a *caminho*", Live: true}),
		"poll":                        from(content.Poll{Question: "Que dia?\n**x**", Options: []string{"Segunda", "# Terça", "[a](b)"}}),
		"poll-one":                    own(content.Poll{Question: "{{Dia}}?", Options: []string{"Sim"}, One: true}),
		"poll-more":                   from(content.Poll{Question: "Qual?", Options: []string{"Sim"}, More: true}),
		"menu-more":                   from(content.Menu{Body: "Qual?", Sections: []content.Section{{Rows: []content.Row{{Title: "Sim"}}}}, More: true}),
		"poll-empty":                  from(content.Poll{}),
		"menu": from(content.Menu{Header: "Cardápio", Body: "O que *vai* ser?", Footer: "Padaria\nhttps://padaria.example", Sections: []content.Section{
			{Title: "Bebidas", Rows: []content.Row{{Title: "Café", Description: "R$ 5,00"}, {Title: "Suco"}}}, {Rows: []content.Row{{Title: "Pão"}}},
		}}),
		"menu-empty":           from(content.Menu{Header: " ", Sections: []content.Section{}}),
		"choice":               answering(from(content.Choice{Title: "Café", Description: "R$ 5,00"}), "5511999990001@s.whatsapp.net", content.Menu{Body: "O que vai ser?"}),
		"choice-no-text":       from(content.Choice{Title: "slot_1"}),
		"location-named-twice": from(content.Location{Place: &content.Point{Latitude: 1.5, Longitude: 2.5}, Name: "Rua A, 1", Address: "Rua A, 1"}),
		"quote-location":       answering(from(text), ana.JID, content.Location{}),
		"quote-poll":           answering(from(text), ana.JID, content.Poll{Question: "Que dia?"}),
		"nothing":              from(content.Nothing{}),
	} {
		for _, language := range catalogue.Languages() {
			t.Run(name+"/"+language, func(t *testing.T) {
				t.Parallel()
				golden(t, name, language, render.Message(m, context(language)))
			})
		}
	}
}

func context(language string) render.Context {
	return render.Context{Texts: catalogue.For(language), Language: language, Zone: time.FixedZone("", -3*60*60), Formatting: true}
}

// What goes with a message, or stands in its place.
func TestWhatIsDerivedFromAMessage(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", -3*60*60)
	photo := from(file(content.Image, "olha", ""))
	for _, language := range catalogue.Languages() {
		c := context(language)
		golden(t, "late-pill", language, []render.Post{render.Late(photo, zone, language, render.Pill, c)})
		golden(t, "late-note", language, []render.Post{render.Late(photo, zone, language, render.Note, c)})
		golden(t, "file-later", language, []render.Post{render.Message(photo, c)[0].FileLater(c)})
		golden(t, "file-too-large", language, []render.Post{render.Message(photo, c)[0].FileTooLarge(c, 41<<20+1)})
		golden(t, "file-below", language, []render.Post{render.File(photo, file(content.Image, "olha", ""), c)})
		golden(t, "file-missing", language, []render.Post{render.FileMissing(photo, c)})
		golden(t, "file-refused", language, []render.Post{render.FileRefused(photo, c, 41<<20+1)})
		golden(t, "unreadable", language, []render.Post{render.Unreadable(photo, c)})
	}
}

// A text is shown whole, or says that it is not.
func TestATextThatDoesNotFitSaysSo(t *testing.T) {
	t.Parallel()
	c := context("en")
	for name, tc := range map[string]struct {
		text string
		all  bool
	}{
		"as long as WhatsApp allows":    {strings.Repeat("a", 65_536), true},
		"longer":                        {strings.Repeat("a", 65_537), false},
		"becomes too long for Chatwoot": {strings.Repeat("{%", 65_536/2), false},
	} {
		for _, m := range []content.Message{own(content.Text{Text: tc.text}), own(file(content.Image, tc.text, ""))} {
			shown := render.Message(m, c)[0].Content
			require.LessOrEqual(t, utf8.RuneCountInString(shown), 150_000, name)
			require.Equal(t, tc.all, !strings.Contains(shown, c.Texts.Text("text.long")), name)
		}
	}
}

func TestAKnownQuoteIsAThread(t *testing.T) {
	t.Parallel()
	c := context("en")
	c.QuoteKnown = true
	posts := render.Message(answering(from(content.Text{Text: "Oi"}), ana.JID, content.Text{Text: "?"}), c)
	require.Equal(t, []render.Post{{SourceID: "WAID:3EB0A", Content: "Oi", ReplyTo: "3EB0Q", Unthreaded: "> ↩ **+5511888880002:** ?\n\nOi"}}, posts)
	require.Equal(t, render.Post{SourceID: "WAID:3EB0A", Content: "> ↩ **+5511888880002:** ?\n\nOi"}, posts[0].Alone())
}

func TestWithoutFormattingMarksStayAsTyped(t *testing.T) {
	t.Parallel()
	c := context("en")
	c.Formatting = false
	require.Equal(t, `\*Oi\*`, render.Message(from(content.Text{Text: "*Oi*"}), c)[0].Content)
}

func TestAContentFitsWhatChatwootStores(t *testing.T) {
	t.Parallel()
	posts := render.Message(from(content.Text{Text: strings.Repeat("*", 200_000)}), context("en"))
	require.LessOrEqual(t, len([]rune(posts[0].Content)), 150_000)
}

func TestNotesAndSmallLinesOpenNothing(t *testing.T) {
	t.Parallel()
	require.False(t, render.Opens([]render.Post{{Form: render.Note}}))
	require.True(t, render.Opens([]render.Post{{Form: render.Note}, {Form: render.In}}))
	require.False(t, render.Opens([]render.Post{{Form: render.Pill}}))
	require.True(t, render.Opens([]render.Post{{Form: render.Pill}, {Form: render.In}}))
}
