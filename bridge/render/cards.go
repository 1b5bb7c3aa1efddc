package render

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// menu is a text with what can be chosen below it, and a file above. Each card that can
// be leafed through has a file of its own, and so is a post of its own, in their order.
func (c Context) menu(m content.Message, p Post, menu content.Menu) []Post {
	p.Content, p.Attach = c.menuText(menu), menu.File(0)
	parts := []Post{p}
	if menu.HasFiles() {
		for i, card := range menu.Cards {
			parts = append(parts, Post{Form: p.Form, Part: i + 1, Content: c.cardText(card), Attach: menu.File(i + 1)})
		}
	} else {
		each := c
		each.longest = cmp.Or(c.longest, maxText) / max(len(menu.Cards), 1)
		for _, card := range menu.Cards {
			parts[0].Content = above(parts[0].Content, each.cardText(card))
		}
	}
	if menu.Sound != nil {
		parts = append(parts, Post{Form: p.Form, Part: menu.SoundPart(), Attach: menu.Sound})
	}
	if menu.More {
		parts[0].Content = above(parts[0].Content, c.more())
	}
	return c.inParts(m, parts)
}

// inParts makes posts of the parts of a message. The first that says anything is the
// message itself, and answers what the message does.
func (c Context) inParts(m content.Message, parts []Post) []Post {
	parts = slices.DeleteFunc(parts, func(p Post) bool { return p.Content == "" && p.Attach == nil })
	if len(parts) == 0 {
		p := Post{}
		if m.FromMe {
			p.Form = Echo
		}
		parts = []Post{c.unsupported(p, content.Unsupported{Name: "menu"})}
	}
	for i, p := range parts {
		part := p.Part
		if i == 0 {
			part = 0
		}
		p.SourceID = sourceid.Derived(m.ID, sourceid.Part(part))
		parts[i] = c.finish(m, p)
		m.Quote = nil
	}
	return parts
}

// menuText is everything of a menu but its cards.
func (c Context) menuText(menu content.Menu) string {
	var parts []string
	charge := ""
	if menu.Charge != nil {
		parts = append(parts, c.charge(*menu.Charge))
		charge = c.ways(*menu.Charge)
	}
	if charge != "" && menu.Charge.PixFirst {
		parts, charge = append([]string{charge}, parts...), ""
	}
	parts = append(parts, c.aboveText(menu.Above), c.headed(menu), charge)
	for _, section := range menu.Sections {
		parts = append(parts, c.section(section))
	}
	if menu.Footer != "" {
		parts = append(parts, c.text(menu.Footer))
	}
	return paragraphs(parts...)
}

// cardText is a menu that is a part of another.
func (c Context) cardText(card content.Menu) string {
	text := c.menuText(card)
	if card.More {
		text = above(text, c.more())
	}
	return text
}

func paragraphs(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "\n\n")
}

// headed is the text, with its title above.
func (c Context) headed(menu content.Menu) string {
	header := ""
	if title := markup.Line(menu.Header, longestQuestion); title != "" {
		header = markup.Bold(title)
	}
	if menu.Body != "" {
		header = strings.TrimLeft(header+"\n"+c.text(menu.Body), "\n")
	}
	return header
}

// aboveText is what is to be read of what stands above a menu.
func (c Context) aboveText(over content.Content) string {
	switch over.(type) {
	case nil, content.Media:
		return ""
	}
	return c.message(content.Message{Content: over})[0].Content
}

func (c Context) section(section content.Section) string {
	var rows []string
	if title := markup.Line(section.Title, c.share(longestOption)); title != "" {
		rows = append(rows, markup.Bold(title))
	}
	for _, row := range section.Rows {
		line := c.row(row)
		if line != "" && (row.Flow == "" || !slices.Contains(rows, line)) {
			rows = append(rows, line)
		}
	}
	return strings.Join(rows, "\n")
}

// longestValue is for the address of a page; other values are shorter.
const longestValue = 2048

// share is at most so many characters, and less of each where all together would be too
// much: there may be a hundred of them.
func (c Context) share(most int) int {
	const each = 128
	if longest := cmp.Or(c.longest, maxText); longest < maxText {
		return min(most, longest/each)
	}
	return most
}

// row is a line for what can be chosen, opened, called or copied; empty for a button of
// which nothing can be said.
func (c Context) row(row content.Row) string {
	title := markup.Line(row.Title, c.share(longestOption))
	switch key := flowTexts[row.Flow]; {
	case title != "":
	case row.Count > 0:
		title = c.Texts.Text("products", "n", strconv.Itoa(row.Count))
	case key != "":
		title = c.Texts.Text(key)
	case strings.TrimSpace(row.Value) == "":
		if row.Flow != "" || row.Description == "" {
			return ""
		}
	}
	line := "▢ " + markup.Literal(title)
	if value := c.value(row.Value); value != "" && title == "" {
		line += value
	} else if value != "" {
		line += ": " + value
	}
	if about := markup.Line(row.Description, c.share(longestOption)); about != "" {
		line += " · " + markup.Literal(about)
	}
	return line
}

// flowTexts are the texts for buttons that phones name themselves.
var flowTexts = map[string]string{
	"address_message": "button.address", "automated_greeting_message_view_catalog": "button.catalogue", "call_permission_request": "button.calls",
	"catalog_message": "button.catalogue", "collection": "button.collection", "cta_call": "button.call", "cta_catalog": "button.catalogue",
	"cta_copy": "button.copy", "cta_reminder": "button.reminder", "cta_url": "button.link", "flow": "button.form", "galaxy_message": "button.form",
	"mpm": "button.catalogue", "open_webview": "button.link", "payment_info": "button.pay", "pill_catalog": "button.catalogue", "pill_shop": "button.shop", "request_location": "button.location",
	"review_and_pay": "button.pay", "review_order": "order", "send_location": "button.location", "shop": "button.shop", "view_product": "button.catalogue",
	"wa_payment_transaction_details": "button.payment",
}

// value is an address of a page, which can be opened, or anything else as it is.
func (c Context) value(raw string) string {
	value := markup.Line(raw, c.share(longestValue))
	if isWeb(value) {
		return markup.Escape(value)
	}
	return markup.Literal(value)
}

func isWeb(address string) bool {
	return (strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://")) && !strings.ContainsAny(address, " …")
}

// menuTitle is what a quote of a menu shows.
func menuTitle(menu content.Menu) string {
	title := cmp.Or(menu.Header, menu.Body)
	if title == "" && len(menu.Cards) > 0 {
		return menuTitle(menu.Cards[0])
	}
	return title
}

// menuWord stands for a menu without a text.
func (c Context) menuWord(menu content.Menu) string {
	switch {
	case menu.Charge != nil:
		return c.chargeTitle(*menu.Charge)
	case menu.Above != nil:
		return c.kindWord(menu.Above)
	default:
		return "…"
	}
}
