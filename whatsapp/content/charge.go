package content

import (
	"cmp"
	"math"
	"strconv"
	"strings"
	"time"
)

// Charge is what a business asks to be paid, or says about an order of its own.
type Charge struct {
	// PixFirst says that it is about the way to pay rather than about an order.
	PixFirst                                 bool
	Reference                                string
	Currency                                 string // as sent, perhaps empty
	Total, Subtotal, Tax, Shipping, Discount *Amount
	TaxWords, ShippingWords, DiscountWords   string
	Items                                    []ChargeItem
	MoreItems                                bool   // than are taken over
	Status                                   string // the protocol's, of the order; empty for none
	Payment                                  string // the protocol's, of the payment; empty for none
	Method                                   string // with which was paid; the protocol's
	Notes                                    []string
	Expires                                  time.Time // zero for never
	Pix                                      []Pix
	Links, Codes                             []string // pages to pay on, and the lines of bank slips
}

// ChargeItem is one of what is to be paid.
type ChargeItem struct {
	Name     string
	Quantity int64
	Price    *Amount // of one
}

// Amount is an amount of money: Value divided by Offset.
type Amount struct{ Value, Offset int64 }

// Pix is a way to pay in Brazil: by a key, which is an address of the payee's, or by a
// code, in which the amount is.
type Pix struct {
	Key, KeyType, Code string
	Payee              string
}

// mostItems is how many items of a charge are taken over.
const mostItems = 100

// usualOffset is WhatsApp's own: amounts are in hundredths.
const usualOffset = 100

// charge reads what a button for payments says; nil if that is nothing.
func charge(button string, v loose) *Charge {
	order := v.at("order")
	c := Charge{
		PixFirst: button != "review_and_pay" && button != "review_order", Reference: v.first("reference_id", "order_id"), Currency: v.at("currency").text,
		Total: amount(v.at("total_amount")), Subtotal: amount(order.at("subtotal")), Tax: amount(order.at("tax")),
		Shipping: amount(order.at("shipping")), Discount: amount(order.at("discount")),
		TaxWords: order.at("tax", "description").text, ShippingWords: order.at("shipping", "description").text,
		DiscountWords: cmp.Or(order.at("discount", "description").text, order.at("discount", "discount_program_name").text),
		Status:        order.at("status").text, Payment: cmp.Or(v.first("payment_status"), v.at("payment", "status").text),
		Method: v.first("payment_method"),
	}
	for _, note := range []string{order.at("description").text, v.first("additional_note", "note")} {
		if strings.TrimSpace(note) != "" {
			c.Notes = append(c.Notes, note)
		}
	}
	c.items(order.at("items").list)
	if at, ok := order.at("expiration", "timestamp").number(); ok && at > 0 && at < math.MaxInt32*2 {
		c.Expires = time.Unix(at, 0).UTC()
	}
	c.ways(v)
	return &c
}

func (c *Charge) items(all []loose) {
	for _, one := range all {
		item := ChargeItem{Name: label(one.first("name", "title")), Price: amount(one.at("sale_amount"))}
		if item.Price == nil {
			item.Price = amount(one.at("amount"))
		}
		item.Quantity, _ = one.at("quantity").number()
		if strings.TrimSpace(item.Name) == "" && item.Price == nil {
			continue // apps send one where there is none
		}
		if len(c.Items) == mostItems {
			c.MoreItems = true
			return
		}
		c.Items = append(c.Items, item)
	}
}

// ways reads how can be paid. Each is in a list under its type's name.
func (c *Charge) ways(v loose) {
	const most = 10
	all := v.at("payment_settings").list
	for _, one := range append(all[:min(most, len(all))], v) {
		for _, name := range []string{"pix_static_code", "pix_dynamic_code", "pix_code"} {
			way := one.at(name)
			pix := Pix{Key: way.at("key").text, KeyType: way.at("key_type").text, Code: way.first("code", "qr_code"), Payee: way.at("merchant_name").text}
			if (pix.Key != "" || pix.Code != "") && len(c.Pix) < most {
				c.Pix = append(c.Pix, pix)
			}
		}
		if link := cmp.Or(one.at("payment_link", "uri").text, one.at("payment_link", "url").text, one.at("upi_intent_link", "link").text); link != "" {
			c.Links = append(c.Links, link)
		}
		if line := cmp.Or(one.at("boleto", "digitable_line").text, one.at("boleto", "barcode").text); line != "" {
			c.Codes = append(c.Codes, line)
		}
	}
}

// saysNothing reports whether there is nothing in it for people.
func (c *Charge) saysNothing() bool {
	return c.Reference == "" && c.Total == nil && len(c.Items) == 0 && len(c.Notes) == 0 && c.Payment == "" &&
		len(c.Pix) == 0 && len(c.Links) == 0 && len(c.Codes) == 0 && c.Status == ""
}

// amount is an amount of money; nil for none: the apps send a zero where a price is not
// known.
func amount(v loose) *Amount {
	value, ok := v.at("value").number()
	if !ok || value == 0 {
		return nil
	}
	offset, ok := v.at("offset").number()
	if !ok {
		offset = usualOffset
	}
	return &Amount{Value: value, Offset: max(offset, 1)}
}

// stampOf is a time in milliseconds or seconds, as forms send it.
func stampOf(text string) (time.Time, bool) {
	const shortest, longest = 12, 13 // digits of a time in milliseconds since 1973
	if len(text) < shortest || len(text) > longest {
		return time.Time{}, false
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil || ms <= 0 {
		return time.Time{}, false
	}
	return time.UnixMilli(ms).UTC(), true
}
