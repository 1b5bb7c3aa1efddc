package render

import (
	"strconv"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/internal/visible"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// charge is an order of a business: what it is, how much, and what of it. How it can be
// paid stands apart.
func (c Context) charge(charge content.Charge) string {
	lines := c.itemLines(charge)
	head := c.orderHead(charge)
	if charge.PixFirst && len(charge.Pix) > 0 && len(lines) == 0 {
		head = "" // the amount is with the key, and the rest says nothing
	}
	out := strings.TrimLeft(head+"\n"+strings.Join(lines, "\n"), "\n")
	if state := c.paymentState(charge); state != "" {
		out = strings.TrimLeft(strings.TrimRight(out, "\n")+"\n"+state, "\n")
	}
	parts := []string{strings.TrimRight(out, "\n")}
	for _, note := range charge.Notes {
		parts = append(parts, c.text(note))
	}
	if !charge.Expires.IsZero() {
		at := charge.Expires
		if c.Zone != nil {
			at = at.In(c.Zone)
		}
		parts = append(parts, markup.Literal(c.Texts.Text("charge.expires", "date", date(at, c.Language), "time", at.Format("15:04"))))
	}
	return paragraphs(parts...)
}

// orderHead names an order, and tells its total first, as the list of conversations
// shows that.
func (c Context) orderHead(charge content.Charge) string {
	head := "🛒 " + markup.Bold(strings.TrimSpace(c.Texts.Text("order")+" "+markup.Name(charge.Reference)))
	if charge.Total != nil {
		head += " · " + c.amount(charge, charge.Total)
	}
	if status := c.status(charge.Status); status != "" {
		head += " · " + status
	}
	return head
}

// itemLines are what is to be paid, and what the total is made of.
func (c Context) itemLines(charge content.Charge) []string {
	var lines []string
	for _, item := range charge.Items {
		line := strconv.FormatInt(max(item.Quantity, 1), 10) + " × " + markup.Literal(markup.Line(item.Name, c.share(longestOption)))
		if item.Price != nil {
			line += " · " + c.amount(charge, item.Price)
		}
		lines = append(lines, line)
	}
	if charge.MoreItems {
		lines = append(lines, c.more())
	}
	parts := 0
	for _, part := range []struct {
		key, words string
		amount     *content.Amount
		less       bool
	}{
		{"charge.subtotal", "", charge.Subtotal, false},
		{"charge.tax", charge.TaxWords, charge.Tax, false},
		{"charge.shipping", charge.ShippingWords, charge.Shipping, false},
		{"charge.discount", charge.DiscountWords, charge.Discount, true},
	} {
		if part.amount == nil || part.key == "charge.subtotal" && charge.Tax == nil && charge.Shipping == nil && charge.Discount == nil {
			continue // a subtotal alone is the total
		}
		line := markup.Literal(c.Texts.Text(part.key))
		if words := markup.Name(part.words); words != "" {
			line += " (" + markup.Literal(words) + ")"
		}
		amount := *part.amount
		if part.less && amount.Value > 0 {
			amount.Value = -amount.Value
		}
		lines, parts = append(lines, line+" · "+c.amount(charge, &amount)), parts+1
	}
	return lines
}

// paymentState says what became of a payment.
func (c Context) paymentState(charge content.Charge) string {
	status, method := c.status(charge.Payment), markup.Literal(words(charge.Method))
	if status == "" && method == "" {
		return ""
	}
	line := "💳 " + markup.Bold(c.Texts.Text("charge.payment"))
	for _, part := range []string{status, method} {
		if part != "" {
			line += " · " + part
		}
	}
	return line
}

// statuses are the states of orders and payments that have a text. An order that is new
// needs none.
var statuses = map[string]bool{
	"canceled": true, "captured": true, "completed": true, "confirmed": true, "delayed": true, "delivered": true, "failed": true,
	"out_for_delivery": true, "partially_shipped": true, "preparing_to_ship": true, "processing": true, "refunded": true, "returned": true, "shipped": true,
}

func (c Context) status(status string) string {
	status = strings.ToLower(strings.TrimSpace(status))
	switch {
	case status == "" || status == "pending" || status == "payment_requested" || status == "new":
		return ""
	case status == "cancelled":
		status = "canceled"
	}
	if statuses[status] {
		return markup.Literal(c.Texts.Text("status." + status))
	}
	return markup.Literal(words(status))
}

// words is a name of the protocol's for people.
func words(name string) string { return strings.ReplaceAll(markup.Name(name), "_", " ") }

// ways are how can be paid.
func (c Context) ways(charge content.Charge) string {
	var parts []string
	for _, pix := range charge.Pix {
		parts = append(parts, c.pix(charge, pix))
	}
	for _, slip := range charge.Codes {
		parts = append(parts, "🧾 "+markup.Bold(c.Texts.Text("charge.slip")), c.copied(slip))
	}
	for _, link := range charge.Links {
		if shown := c.value(link); shown != "" {
			parts = append(parts, "▢ "+markup.Literal(c.Texts.Text("button.pay"))+": "+shown)
		}
	}
	return paragraphs(parts...)
}

// pix is a key or code, which is a paragraph of its own: a triple click marks exactly
// that.
func (c Context) pix(charge content.Charge, pix content.Pix) string {
	key, code := "pix.key", pix.Key
	if pix.Code != "" {
		key, code = "pix.code", pix.Code
	}
	head := "💠 " + markup.Bold(c.Texts.Text(key))
	if charge.Total != nil {
		head += " · " + c.amount(charge, charge.Total)
	}
	if payee := markup.Name(pix.Payee); payee != "" {
		head += " · " + markup.Literal(payee)
	}
	if kind := markup.Name(pix.KeyType); key == "pix.key" && kind != "" && kind != "EVP" { // which is a random one
		head += " · " + markup.Literal(kind)
	}
	return paragraphs(head, c.copied(code))
}

// longestCode is more than any code for payments has. One that is cut is none.
const longestCode = 1024

// copied is a code that is to be copied, letter for letter.
func (c Context) copied(code string) string {
	code = strings.TrimSpace(strings.Map(func(r rune) rune {
		if visible.Control(r) {
			return -1
		}
		return r
	}, code))
	if code == "" || len(code) > c.share(longestCode) {
		return c.more()
	}
	fence, pad := "`", ""
	for strings.Contains(code, fence) {
		fence, pad = fence+"`", " "
	}
	return fence + pad + code + pad + fence
}

func (c Context) amount(charge content.Charge, amount *content.Amount) string {
	return markup.Literal(Money(amount.Value, amount.Offset, charge.Currency, c.Language))
}

// chargeTitle stands for a charge in a quote.
func (c Context) chargeTitle(charge content.Charge) string {
	if !charge.PixFirst || len(charge.Pix) == 0 {
		return "🛒 " + c.Texts.Text("order")
	}
	if charge.Pix[0].Code != "" {
		return "💠 " + c.Texts.Text("pix.code")
	}
	return "💠 " + c.Texts.Text("pix.key")
}
