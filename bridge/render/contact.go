package render

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// filesInPost is how many files a post carries: some releases of Chatwoot refuse more.
const filesInPost = 15

// numbersInLine is how many numbers of each of several people are shown.
const numbersInLine = 5

// vCardType is what the file of a contact is.
const vCardType = "text/vcard"

// contacts are the names and numbers of people, with a file for each, which programs
// take into their address books. What one post does not carry is in further ones.
func (c Context) contacts(m content.Message, p Post, kind content.Contacts) []Post {
	if len(kind.Cards) == 0 {
		return []Post{c.finish(m, c.unsupported(p, content.Unsupported{Name: "contactsArrayMessage", Text: kind.Title}))}
	}
	var files []Enclosed
	for _, card := range kind.Cards {
		if card.VCard != nil {
			files = append(files, Enclosed{Name: fileOfPerson(card), MIME: vCardType, Content: card.VCard})
		}
	}
	p.Content = c.contactsText(kind)
	p.Files = files[:min(filesInPost, len(files))]
	posts := []Post{c.finish(m, c.marked(m, p))}
	m.Quote = nil
	for rest := files[len(p.Files):]; len(rest) > 0; {
		part := Post{SourceID: sourceid.Derived(m.ID, sourceid.Part(len(posts))), Form: p.Form}
		part.Files, rest = rest[:min(filesInPost, len(rest))], rest[min(filesInPost, len(rest)):]
		posts = append(posts, c.finish(m, part))
	}
	return posts
}

func (c Context) contactsText(kind content.Contacts) string {
	if len(kind.Cards) == 1 && kind.More == 0 {
		return c.contact(kind.Cards[0])
	}
	lines := []string{"📇 " + markup.Bold(c.contactCount(kind))}
	for _, card := range kind.Cards {
		line := markup.Bold(cmp.Or(markup.Name(card.Name), c.Texts.Text("kind.contact")))
		if ways := waysTo(card); len(ways) > 0 {
			line += " · " + strings.Join(ways[:min(numbersInLine, len(ways))], ", ")
			if len(ways) > numbersInLine {
				line += ", …"
			}
		}
		lines = append(lines, line)
	}
	if kind.More > 0 {
		lines = append(lines, c.more())
	}
	return strings.Join(lines, "\n")
}

func (c Context) contactCount(kind content.Contacts) string {
	return c.Texts.Text("contacts", "n", strconv.Itoa(len(kind.Cards)+kind.More))
}

// contact is one person, with a line for each number.
func (c Context) contact(card content.Card) string {
	out := c.personLine(card.Name)
	if organisation := markup.Name(card.Organisation); organisation != "" {
		out += " (" + markup.Literal(organisation) + ")"
	}
	for _, way := range waysTo(card) {
		out += "\n" + way
	}
	if card.More {
		out += "\n" + c.more()
	}
	return out
}

// personLine is the line that names somebody.
func (c Context) personLine(name string) string {
	return "👤 " + markup.Bold(cmp.Or(markup.Name(name), c.Texts.Text("kind.contact")))
}

// waysTo are somebody's numbers; the mail addresses where there is none.
func waysTo(card content.Card) []string {
	all := card.Numbers
	if len(all) == 0 {
		all = card.Mails
	}
	var shown []string
	for _, one := range all {
		shown = append(shown, markup.Literal(markup.Name(one)))
	}
	return shown
}

func fileOfPerson(card content.Card) string {
	name := card.Name
	if name == "" && len(card.Numbers) > 0 {
		name = card.Numbers[0]
	}
	return cmp.Or(markup.Name(name), "contact") + ".vcf"
}

// nameOf is what a quote of contacts shows.
func nameOf(kind content.Contacts) string {
	if len(kind.Cards) == 1 && kind.More == 0 {
		return kind.Cards[0].Name
	}
	return ""
}

func (c Context) contactsWord(kind content.Contacts) string {
	if len(kind.Cards)+kind.More > 1 {
		return "📇 " + c.contactCount(kind)
	}
	return "👤 " + c.Texts.Text("kind.contact")
}
