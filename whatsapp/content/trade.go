package content

import (
	"cmp"
	"math"
	"strings"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
)

// Cart is what somebody wants to buy from a catalogue. The message says how many items
// there are, and neither which nor what each costs.
type Cart struct {
	Number, Title string
	Items         int // 0 if the message does not say
	Total         *Sum
	Status        CartStatus
	Note          string
}

// CartStatus is what the seller has said to an order.
type CartStatus string

// What a seller says; an order that is new has no status.
const (
	CartAccepted CartStatus = "accepted"
	CartDeclined CartStatus = "declined"
)

// Product is one of a catalogue, or the whole catalogue.
type Product struct {
	Catalogue          bool
	Title, Description string
	Price, SalePrice   *Sum
	// URL is the seller's page about it, else where it is in WhatsApp's catalogue.
	URL          string
	Body, Footer string
	Picture      *Media // nil if there is none
}

// Invoice is a bill, mostly with a file.
type Invoice struct {
	Note  string
	Paper *Media // nil if there is none
}

func (p Product) parts() []*Media { return []*Media{p.Picture} }
func (i Invoice) parts() []*Media { return []*Media{i.Paper} }

// Sum is an amount of money: Value divided by Offset, which is 0 for a whole one.
type Sum struct {
	Value, Offset int64
	Currency      string // as sent, perhaps empty
}

func (Cart) isContent()    {}
func (Product) isContent() {}
func (Invoice) isContent() {}

func cart(x *waE2E.OrderMessage) (Content, *waE2E.ContextInfo) {
	c := Cart{
		Number: clean(x.GetOrderID()), Title: clean(x.GetOrderTitle()), Items: max(0, int(x.GetItemCount())),
		Total: thousandths(x.GetTotalAmount1000(), x.GetTotalCurrencyCode()), Note: clean(x.GetMessage()),
	}
	switch x.GetStatus() {
	case waE2E.OrderMessage_ACCEPTED:
		c.Status = CartAccepted
	case waE2E.OrderMessage_DECLINED:
		c.Status = CartDeclined
	}
	return c, x.GetContextInfo()
}

func product(x *waE2E.ProductMessage) (Content, *waE2E.ContextInfo) {
	p := Product{Body: clean(x.GetBody()), Footer: clean(x.GetFooter())}
	if c := x.GetCatalog(); c != nil && x.GetProduct() == nil {
		p.Catalogue, p.Title, p.Description = true, clean(c.GetTitle()), clean(c.GetDescription())
		p.Picture, p.URL = picture(c.GetCatalogImage()), catalogueURL(x.GetBusinessOwnerJID(), "")
		return p, x.GetContextInfo()
	}
	one := x.GetProduct()
	p.Title, p.Description = clean(one.GetTitle()), clean(one.GetDescription())
	p.URL = clean(cmp.Or(one.GetURL(), one.GetSignedURL(), catalogueURL(x.GetBusinessOwnerJID(), one.GetProductID())))
	p.Price = thousandths(one.GetPriceAmount1000(), one.GetCurrencyCode())
	p.SalePrice = thousandths(one.GetSalePriceAmount1000(), one.GetCurrencyCode())
	p.Picture = picture(one.GetProductImage())
	return p, x.GetContextInfo()
}

// catalogueURL is WhatsApp's own address of a seller's product, or of the whole catalogue;
// empty if who sells it is not known by number.
func catalogueURL(owner, product string) string {
	number, server, _ := strings.Cut(withoutDevice(owner), "@")
	switch {
	case server != types.DefaultUserServer || !isDigits(number):
		return ""
	case product == "":
		return "https://wa.me/c/" + number
	case isDigits(product):
		return "https://wa.me/p/" + product + "/" + number
	}
	return ""
}

func isDigits(text string) bool {
	const most = 32
	return text != "" && len(text) <= most && strings.Trim(text, "0123456789") == ""
}

// picture is one that goes with something else, whose words are not its own; nil if
// there is none on WhatsApp's servers.
func picture(x *waE2E.ImageMessage) *Media {
	if x.GetDirectPath() == "" && x.GetURL() == "" {
		return nil
	}
	return &Media{Kind: Image, File: &File{MIME: x.GetMimetype(), Size: size(x.GetFileLength()), source: x}}
}

// invoice decodes a bill. Its file is described like a document's or picture's, in
// fields of its own.
func invoice(x *waE2E.InvoiceMessage) (Content, *waE2E.ContextInfo) {
	i := Invoice{Note: clean(x.GetNote())}
	if x.GetAttachmentDirectPath() == "" || len(x.GetAttachmentMediaKey()) == 0 {
		return i, nil
	}
	mime := clean(x.GetAttachmentMimetype())
	if strings.HasPrefix(mime, "image/") || mime == "" && x.AttachmentType != nil && x.GetAttachmentType() == waE2E.InvoiceMessage_IMAGE {
		source := &waE2E.ImageMessage{
			Mimetype: &mime, DirectPath: x.AttachmentDirectPath, MediaKey: x.GetAttachmentMediaKey(), MediaKeyTimestamp: x.AttachmentMediaKeyTimestamp,
			FileSHA256: x.GetAttachmentFileSHA256(), FileEncSHA256: x.GetAttachmentFileEncSHA256(),
		}
		i.Paper = &Media{Kind: Image, File: &File{MIME: mime, source: source}}
		return i, nil
	}
	mime = cmp.Or(mime, "application/pdf")
	source := &waE2E.DocumentMessage{
		Mimetype: &mime, DirectPath: x.AttachmentDirectPath, MediaKey: x.GetAttachmentMediaKey(), MediaKeyTimestamp: x.AttachmentMediaKeyTimestamp,
		FileSHA256: x.GetAttachmentFileSHA256(), FileEncSHA256: x.GetAttachmentFileEncSHA256(),
	}
	i.Paper = &Media{Kind: Document, File: &File{MIME: mime, source: source}}
	return i, nil
}

// thousandths is an amount that a field says in thousandths; nil for none: the apps
// write an explicit zero where there is no price.
func thousandths(value int64, currency string) *Sum {
	const offset = 1000
	if value == 0 {
		return nil
	}
	return &Sum{Value: value, Offset: offset, Currency: clean(currency)}
}

// sum is an amount of money; nil for none.
func sum(x *waE2E.Money) *Sum {
	if x.GetValue() == 0 {
		return nil
	}
	return &Sum{Value: x.GetValue(), Offset: int64(x.GetOffset()), Currency: clean(x.GetCurrencyCode())}
}

// unsigned reads a number that the protocol does not sign.
func unsigned(x uint64) int64 { return int64(min(x, math.MaxInt64)) }
