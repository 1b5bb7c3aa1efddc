package render

import (
	"strings"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// paymentTitles says what is said about a payment.
var paymentTitles = map[content.PaymentKind]struct{ icon, key string }{
	content.PaymentRequested: {"💳", "payment"},
	content.PaymentSent:      {"💸", "payment.sent"},
	content.PaymentDeclined:  {"🚫", "payment.declined"},
	content.PaymentCancelled: {"🚫", "payment.cancelled"},
	content.PaymentInvited:   {"💳", "payment.invite"},
	content.PaymentReminded:  {"⏰", "payment.reminder"},
}

// payment is what the phone alone can pay.
func (c Context) payment(p content.Payment) string {
	title := paymentTitles[p.What]
	first := c.Texts.Text(title.key)
	switch {
	case p.Amount != nil:
		first += ": " + Money(p.Amount.Value, p.Amount.Offset, p.Amount.Currency, c.Language)
	case p.Service != "":
		first += ": " + p.Service
	}
	out := title.icon + " " + markup.Bold(first)
	for _, key := range []string{everyKeys[p.Every], paymentStates[p.Status]} {
		if key != "" {
			out += " · " + markup.Literal(c.Texts.Text(key))
		}
	}
	out = stacked(out, c.text(p.Note))
	last := ""
	switch {
	case !p.Until.IsZero() && p.What == content.PaymentRequested:
		last = markup.Literal(c.Texts.Text("due", "date", c.dayOf(p.Until)))
	case !p.Until.IsZero():
		last = markup.Literal(c.Texts.Text("invite.expires", "date", c.dayOf(p.Until)))
	}
	out = ended(p.Note, out, last)
	if p.What == content.PaymentSent || p.What == content.PaymentInvited {
		out = ended(p.Note, out, c.Texts.Text("open.phone")) // where the amount is
	}
	return out
}

var everyKeys = map[content.PaymentInterval]string{
	content.Weekly: "every.week", content.BiWeekly: "every.fortnight", content.Monthly: "every.month", content.Quarterly: "every.quarter",
}

var paymentStates = map[content.PaymentStatus]string{
	content.StatusCancelled: "event.cancelled", content.StatusStopped: "payment.stopped", content.StatusExpired: "payment.expired", content.StatusPaid: "payment.paid",
}

// splitBill is a bill that some people pay together, and who has paid.
func (c Context) splitBill(m content.Message, s content.SplitBill) string {
	title := c.Texts.Text("split")
	if s.Total != nil {
		title += ": " + Money(s.Total.Value, s.Total.Offset, s.Total.Currency, c.Language)
	}
	out := stacked("🧾 "+markup.Bold(title), c.text(s.Note))
	var parts []string
	for _, part := range s.Parts {
		line := []string{"☐"}
		if part.Paid {
			line[0] = "☑"
		}
		if who := c.whoOf(m, part.JID); who != "" {
			line = append(line, markup.Literal(markup.Name(who)))
		}
		if part.Amount != nil {
			if len(line) > 1 {
				line = append(line, "·")
			}
			line = append(line, c.sum(part.Amount))
		}
		if part.Paid {
			line = append(line, "("+markup.Literal(c.Texts.Text("payment.paid"))+")")
		}
		parts = append(parts, strings.Join(line, " "))
	}
	if s.More {
		parts = append(parts, c.more())
	}
	return ended(s.Note, out, strings.Join(parts, "\n"))
}

func (c Context) splitPaid(m content.Message, s content.SplitPaid) string {
	out := "🧾 " + markup.Bold(c.Texts.Text("split.paid"))
	if who := c.whoOf(m, s.JID); who != "" {
		out += "\n" + markup.Literal(markup.Name(who))
	}
	return out
}

// whoOf names somebody whom a message speaks of: its sender by name, others by number.
// It is empty for who is known by nothing that people know.
func (c Context) whoOf(m content.Message, jid string) string {
	switch {
	case jid != "" && (jid == m.Sender.JID || jid == m.Sender.Alt) && (m.FromMe || m.PushName != ""):
		return c.author(m.FromMe, m.PushName, jid)
	case strings.HasSuffix(jid, "@s.whatsapp.net"):
		return "+" + user(jid)
	}
	return ""
}
