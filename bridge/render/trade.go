package render

import (
	"strconv"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// cart is an order of which the items are in the catalogue only: how many they are, and
// what they cost together.
func (c Context) cart(o content.Cart) string {
	first := "🛒 " + markup.Bold(c.Texts.Text("order")+" "+markup.Name(o.Number))
	if o.Total != nil {
		first += " · " + c.sum(o.Total)
	}
	switch o.Status {
	case content.CartAccepted:
		first += " · " + markup.Literal(c.Texts.Text("order.accepted"))
	case content.CartDeclined:
		first += " · " + markup.Literal(c.Texts.Text("order.declined"))
	}
	out := stacked(first, markup.Literal(markup.Line(o.Title, longestQuestion)))
	if o.Items > 0 {
		out = stacked(out, markup.Literal(c.Texts.Text("order.items", "n", strconv.Itoa(o.Items))))
	}
	return above(out, c.text(o.Note))
}

// product is something of a catalogue, or the whole of one.
func (c Context) product(p content.Product) string {
	title, usual := markup.Line(p.Title, longestQuestion), "product"
	if p.Catalogue {
		usual = "catalogue"
	}
	if title == "" {
		title = c.Texts.Text(usual)
	}
	price := ""
	switch {
	case p.SalePrice != nil && p.Price != nil:
		price = c.sum(p.SalePrice) + " (~~" + c.sum(p.Price) + "~~)"
	case p.SalePrice != nil:
		price = c.sum(p.SalePrice)
	case p.Price != nil:
		price = c.sum(p.Price)
	}
	out := stacked("🏷 "+markup.Bold(title), price, c.text(p.Description))
	open := webLink(c.Texts.Text("product.open"), p.URL)
	if p.Description == "" {
		out = stacked(out, open)
	} else {
		out = ended(p.Description, out, open)
	}
	return above(above(out, c.text(p.Body)), c.text(p.Footer))
}

// ended puts a line of ours below a person's text. One with several lines may end with a
// list or a quote, of which it would become a part.
func ended(text, out, last string) string {
	if strings.Contains(strings.TrimSpace(text), "\n") {
		return above(out, last)
	}
	return stacked(out, last)
}

// invoice is a bill. What it is for and what it costs is in the file.
func (c Context) invoice(i content.Invoice) string {
	return stacked("🧾 "+markup.Bold(c.Texts.Text("invoice")), c.text(i.Note))
}

// sum is an amount as people write it.
func (c Context) sum(s *content.Sum) string {
	return markup.Literal(Money(s.Value, s.Offset, s.Currency, c.Language))
}

// stacked joins what is not empty.
func stacked(all ...string) string {
	var out strings.Builder
	for _, line := range all {
		if line != "" && out.Len() > 0 {
			out.WriteString("\n")
		}
		out.WriteString(line)
	}
	return out.String()
}
