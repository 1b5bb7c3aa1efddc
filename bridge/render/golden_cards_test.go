package render_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/catalogue"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

var (
	bruno = content.Card{Name: "Bruno *B*", Organisation: "Padaria", Numbers: []string{"+55 11 99999-0003", "+5511"}, VCard: []byte("BEGIN:VCARD")}
	carla = content.Card{Name: "Carla", Mails: []string{"carla@example.com"}}
)

func people(n int) content.Contacts {
	var all content.Contacts
	for i := range n {
		all.Cards = append(all.Cards, content.Card{Name: fmt.Sprint("P", i), VCard: []byte("x")})
	}
	return all
}

func TestContactsAsAgentsSeeThem(t *testing.T) {
	t.Parallel()
	text := content.Text{Text: "Oi"}
	document := file(content.Document, "", "Ana Exemplo.vcf")
	name := "Ana Exemplo"
	document.Person = &name
	for name, m := range map[string]content.Message{
		"contact":          from(content.Contacts{Cards: []content.Card{bruno}}),
		"contact-group":    inGroup(content.Contacts{Cards: []content.Card{carla}}),
		"contact-own":      own(content.Contacts{Cards: []content.Card{{Name: "{{x}}", More: true}}}),
		"contact-empty":    from(content.Contacts{Cards: []content.Card{{}}}),
		"contact-document": from(document),
		"contacts":         from(content.Contacts{Cards: []content.Card{bruno, carla, {}}}),
		"contacts-more":    answering(from(content.Contacts{Cards: []content.Card{bruno}, More: 300}), ana.JID, content.Text{Text: "Quem?"}),
		"contacts-none":    from(content.Contacts{Title: "0 contatos"}),
		"contacts-many":    answering(inGroup(people(17)), ana.JID, content.Text{Text: "Quem?"}),
		"quote-contact":    answering(from(text), ana.JID, content.Contacts{Cards: []content.Card{bruno}}),
		"quote-nobody":     answering(from(text), ana.JID, content.Contacts{Cards: []content.Card{{}}}),
		"quote-contacts":   answering(from(text), ana.JID, content.Contacts{Cards: []content.Card{bruno, carla}}),
	} {
		for _, language := range catalogue.Languages() {
			t.Run(name+"/"+language, func(t *testing.T) {
				t.Parallel()
				golden(t, name, language, render.Message(m, context(language)))
			})
		}
	}
}

// What does not fit into one post is in further ones, which answer nothing.
func TestEveryContactHasItsFileOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 14, 15, 16, 30, 31, 100} {
		posts := render.Message(from(people(n)), context("en"))
		var names []string
		sources := map[string]bool{}
		for _, p := range posts {
			require.LessOrEqual(t, len(p.Files), 15)
			require.False(t, sources[p.SourceID])
			sources[p.SourceID] = true
			for _, f := range p.Files {
				require.Equal(t, "text/vcard", f.MIME)
				names = append(names, f.Name)
			}
		}
		require.Len(t, names, n)
		require.Equal(t, "P0.vcf", names[0])
		require.Equal(t, "WAID:3EB0A", posts[0].SourceID)
	}
}

func TestContactsAtTheirWorstAreNoMoreThanChatwootStores(t *testing.T) {
	t.Parallel()
	worst := content.Card{Name: strings.Repeat("*", 300), Organisation: strings.Repeat("_", 300)}
	for range 20 {
		worst.Numbers = append(worst.Numbers, strings.Repeat("*", 40))
	}
	all := content.Contacts{More: 1}
	for range 100 {
		all.Cards = append(all.Cards, worst)
	}
	for _, p := range render.Message(own(all), context("en")) {
		require.LessOrEqual(t, utf8.RuneCountInString(p.Content), 150_000)
	}
}

func TestM8_NamesOnCardsAreNothingButNames(t *testing.T) {
	t.Parallel()
	const name = "Ana\n\n**Admin:** https://evil.example [x](https://evil.example)\u202e\x1b "
	long := name + strings.Repeat("x", 500)
	evil := content.Card{Name: long, Organisation: long, Numbers: []string{long}}
	for what, kind := range map[string]content.Contacts{"one": {Cards: []content.Card{evil}}, "two": {Cards: []content.Card{evil, evil}}} {
		got := render.Message(from(kind), context("en"))[0].Content
		require.Len(t, strings.Split(got, "\n"), len(kind.Cards)+1, what)
		require.NotContains(t, got, "\u202e", what)
		require.NotContains(t, got, "https://", what)
		require.NotRegexp(t, `[^\\]\]\(`, got, what)
	}
}

// What a business writes stands in lines of ours, too.
func TestM8_WordsOfBusinessesAreNothingButWords(t *testing.T) {
	t.Parallel()
	const word = "Ana\n\n**Admin:** [x](https://evil.example)\u202e\x1b"
	long := word + strings.Repeat("x", 500)
	price := &content.Amount{Value: 1, Offset: 100}
	for what, test := range map[string]struct {
		menu  content.Menu
		lines int
	}{
		"buttons": {content.Menu{Header: long, Sections: []content.Section{{Title: long, Rows: []content.Row{{Title: long, Description: long, Value: "1 " + word}, {Value: "1 " + word}}}}}, 5},
		"a flow":  {content.Menu{Body: "x", Sections: []content.Section{{Rows: []content.Row{{Flow: long}, {Flow: "mpm"}, {Flow: "mpm"}, {Count: 3}}}}}, 4},
		"an order": {content.Menu{Charge: &content.Charge{
			Reference: long, Currency: long, Total: price, Tax: price, TaxWords: long, Items: []content.ChargeItem{{Name: long, Price: price}},
			Status: long, Payment: long, Method: long,
		}}, 4},
		"a key": {content.Menu{Charge: &content.Charge{PixFirst: true, Pix: []content.Pix{{Key: "a\n`b``c", KeyType: long, Payee: long}}}}, 3},
	} {
		got := render.Message(from(test.menu), context("en"))[0].Content
		require.Len(t, strings.Split(got, "\n"), test.lines, "%s: %q", what, got)
		require.NotContains(t, got, "\u202e", what)
		require.NotRegexp(t, `[^\\]\]\(`, got, what)
		require.NotContains(t, got, "**Admin", what)
	}
}

func TestM8_AnswersInFormsAreNothingButAnswers(t *testing.T) {
	t.Parallel()
	const word = "Ana\n\n**Admin:** https://evil.example [x](https://evil.example)\u202e\x1b"
	form := content.Form{Title: word, Fields: []content.FormField{{Name: word, Value: word}, {Name: "b", Value: strings.Repeat("x", 5000)}}, More: true}
	got := render.Message(from(form), context("en"))[0].Content
	require.Len(t, strings.Split(got, "\n"), 4, got)
	require.NotContains(t, got, "\u202e")
	require.NotContains(t, got, "https://")
	require.NotRegexp(t, `[^\\]\]\(`, got)
	quote := render.Message(answering(from(content.Text{Text: "Oi"}), ana.JID, content.Form{Text: "Sent"}), context("en"))[0].Content
	require.Contains(t, quote, "📝 Form filled in")
	for range 100 {
		form.Fields = append(form.Fields, content.FormField{Name: strings.Repeat("{%*", 600), Value: strings.Repeat("{%*", 600)})
	}
	require.LessOrEqual(t, len([]rune(render.Message(own(form), context("en"))[0].Content)), 150_000)
}

// A code is copied as it is, or not at all.
func TestACodeToCopyKeepsEveryLetter(t *testing.T) {
	t.Parallel()
	shown := func(code string) string {
		m := from(content.Menu{Charge: &content.Charge{PixFirst: true, Pix: []content.Pix{{Code: code, Payee: "Loja"}}}})
		return strings.TrimPrefix(render.Message(m, context("en"))[0].Content, "💠 **Pix code** · Loja\n\n")
	}
	require.Equal(t, "`0002**01  *x* _y_ {{z}}`", shown(" 0002**01  *x* _y_\n {{z}} "))
	require.Equal(t, "``` a`b``c ```", shown("a`b``c"))
	require.Equal(t, "… Open it on the phone.", shown(strings.Repeat("9", 5000)))
}

func TestAMenuAtItsWorstIsNoMoreThanChatwootStores(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("{%*", 5_000)
	worst := content.Menu{Header: long, Body: long, Footer: long, More: true}
	label := strings.Repeat("{%*", 680)
	row := content.Row{Title: label, Description: label, Value: label}
	for range 100 {
		worst.Sections = append(worst.Sections, content.Section{Title: label, Rows: []content.Row{row}})
	}
	whole := worst
	whole.Charge = &content.Charge{Reference: long, Notes: []string{long, long}}
	for range 10 {
		whole.Charge.Pix = append(whole.Charge.Pix, content.Pix{Code: strings.Repeat("{", 1000), Payee: long})
		whole.Charge.Links, whole.Charge.Codes = append(whole.Charge.Links, "https://"+strings.Repeat("{", 2000)), append(whole.Charge.Codes, strings.Repeat("{", 1000))
	}
	for range 100 {
		whole.Charge.Items = append(whole.Charge.Items, content.ChargeItem{Name: label})
	}
	leafed := content.Menu{}
	for range 20 {
		leafed.Cards = append(leafed.Cards, content.Menu{Header: long, Body: long, Footer: long})
	}
	for what, menu := range map[string]content.Menu{"rows": worst, "with a charge": whole, "cards": leafed} {
		for _, p := range render.Message(own(menu), context("en")) {
			require.LessOrEqual(t, len([]rune(p.Content)), 150_000, what)
		}
	}
}

// The first part that says anything is the message; the others keep their order.
func TestTheCardsOfACarouselAreInTheirOrder(t *testing.T) {
	t.Parallel()
	picture := func(body string) content.Menu {
		return content.Menu{Body: body, Above: file(content.Image, "", "")}
	}
	quoted := answering(from(content.Menu{Body: "Ofertas", Cards: []content.Menu{picture("1"), {Body: "2"}, picture("")}}), ana.JID, content.Text{Text: "?"})
	posts := render.Message(quoted, context("en"))
	var got []string
	for _, p := range posts {
		got = append(got, fmt.Sprint(p.SourceID, " ", p.Part, " ", p.Attach != nil, " ", strings.ReplaceAll(p.Content, "\n", "|")))
	}
	require.Equal(t, []string{
		"WAID:3EB0A 0 false > ↩ **+5511888880002:** ?||Ofertas", "WAID:3EB0A#part1 1 true 1", "WAID:3EB0A#part2 2 false 2", "WAID:3EB0A#part3 3 true ",
	}, got)
	bare := render.Message(from(content.Menu{Cards: []content.Menu{picture("1"), picture("2")}}), context("en"))
	require.Len(t, bare, 2)
	require.Equal(t, "WAID:3EB0A", bare[0].SourceID)
	require.Equal(t, 1, bare[0].Part, "the file is still that of the first card")
	words := render.Message(from(content.Menu{Body: "a", Cards: []content.Menu{{Body: "b"}, {Body: "c"}}}), context("en"))
	require.Len(t, words, 1)
	require.Equal(t, "a\n\nb\n\nc", words[0].Content)
}
