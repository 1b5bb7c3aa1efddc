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
