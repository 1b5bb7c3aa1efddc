package content

import (
	"cmp"
	"time"

	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
)

// Payment is about money that somebody sends, or asks for, by means of WhatsApp, which
// only the phone can do.
type Payment struct {
	What PaymentKind
	// Amount is nil where the message does not say it.
	Amount *Sum
	Note   string
	// Picture is what is sent along with the note; nil for nothing.
	Picture *Media
	// Until is when a request or an invitation ends, zero if it does not.
	Until time.Time
	// Target is the id of the message that asked for the payment, if the message says so.
	Target string
	// Service is how the money would go, of an invitation; empty if that is not said.
	Service string
	// Every and Status are of a reminder.
	Every  PaymentInterval
	Status PaymentStatus
}

// PaymentKind is what a message says about a payment.
type PaymentKind string

// What is said about payments.
const (
	PaymentRequested PaymentKind = "requested"
	PaymentSent      PaymentKind = "sent"
	PaymentDeclined  PaymentKind = "declined"
	PaymentCancelled PaymentKind = "cancelled"
	PaymentInvited   PaymentKind = "invited"
	PaymentReminded  PaymentKind = "reminded"
)

// PaymentInterval is how often somebody is reminded of a payment.
type PaymentInterval string

// The intervals.
const (
	Weekly    PaymentInterval = "week"
	BiWeekly  PaymentInterval = "fortnight"
	Monthly   PaymentInterval = "month"
	Quarterly PaymentInterval = "quarter"
)

// PaymentStatus is what has become of a reminder, or of somebody's part of a bill.
type PaymentStatus string

// The states; what is still open has none.
const (
	StatusCancelled PaymentStatus = "cancelled"
	StatusStopped   PaymentStatus = "stopped"
	StatusExpired   PaymentStatus = "expired"
	StatusPaid      PaymentStatus = "paid"
)

// SplitBill is a bill that some people pay together.
type SplitBill struct {
	Total *Sum
	Note  string
	Parts []BillPart
	// More says that there are more parts than are taken over.
	More bool
}

// BillPart is what one of them pays.
type BillPart struct {
	JID    string
	Amount *Sum
	Paid   bool
}

// SplitPaid says that somebody has paid their part of a bill.
type SplitPaid struct{ JID string }

func (p Payment) parts() []*Media { return []*Media{p.Picture} }

func (Payment) isContent()   {}
func (SplitBill) isContent() {}
func (SplitPaid) isContent() {}

func paymentRequest(x *waE2E.RequestPaymentMessage) (Content, *waE2E.ContextInfo) {
	p := Payment{What: PaymentRequested, Amount: sum(x.GetAmount()), Until: moment(x.GetExpiryTimestamp())}
	if p.Amount == nil {
		p.Amount = thousandths(unsigned(x.GetAmount1000()), x.GetCurrencyCodeIso4217())
	} else {
		p.Amount.Currency = cmp.Or(p.Amount.Currency, clean(x.GetCurrencyCodeIso4217()))
	}
	note, context := noteIn(x.GetNoteMessage())
	p.Note, p.Picture = note, pictureIn(x.GetNoteMessage())
	return p, context
}

func paymentSent(x *waE2E.SendPaymentMessage) (Content, *waE2E.ContextInfo) {
	note, context := noteIn(x.GetNoteMessage())
	return Payment{
		What: PaymentSent, Note: note, Picture: pictureIn(x.GetNoteMessage()), Target: targetOf(x.GetRequestMessageKey()),
	}, context
}

func paymentDeclined(x *waE2E.DeclinePaymentRequestMessage) (Content, *waE2E.ContextInfo) {
	return Payment{What: PaymentDeclined, Target: targetOf(x.GetKey())}, nil
}

func paymentCancelled(x *waE2E.CancelPaymentRequestMessage) (Content, *waE2E.ContextInfo) {
	return Payment{What: PaymentCancelled, Target: targetOf(x.GetKey())}, nil
}

func paymentInvite(x *waE2E.PaymentInviteMessage) (Content, *waE2E.ContextInfo) {
	p := Payment{What: PaymentInvited, Until: moment(x.GetExpiryTimestamp())}
	switch x.GetServiceType() {
	case waE2E.PaymentInviteMessage_FBPAY:
		p.Service = "Meta Pay"
	case waE2E.PaymentInviteMessage_NOVI:
		p.Service = "Novi"
	case waE2E.PaymentInviteMessage_UPI:
		p.Service = "UPI"
	case waE2E.PaymentInviteMessage_PIX:
		p.Service = "Pix"
	}
	return p, nil
}

func paymentReminder(x *waE2E.PaymentReminderMessage) (Content, *waE2E.ContextInfo) {
	p := Payment{What: PaymentReminded, Amount: sum(x.GetAmount()), Note: clean(x.GetDescription())}
	switch x.GetFrequency() {
	case waE2E.PaymentReminderMessage_WEEKLY:
		p.Every = Weekly
	case waE2E.PaymentReminderMessage_BI_WEEKLY:
		p.Every = BiWeekly
	case waE2E.PaymentReminderMessage_MONTHLY:
		p.Every = Monthly
	case waE2E.PaymentReminderMessage_QUARTERLY:
		p.Every = Quarterly
	}
	switch x.GetStatus() {
	case waE2E.PaymentReminderMessage_CANCELLED_BY_CREATOR:
		p.Status = StatusCancelled
	case waE2E.PaymentReminderMessage_STOPPED_BY_RECEIVER:
		p.Status = StatusStopped
	case waE2E.PaymentReminderMessage_EXPIRED:
		p.Status = StatusExpired
	case waE2E.PaymentReminderMessage_PAID:
		p.Status = StatusPaid
	}
	return p, nil
}

func splitBill(x *waE2E.SplitPaymentMessage) (Content, *waE2E.ContextInfo) {
	all := x.GetParticipants()
	s := SplitBill{Total: sum(x.GetTotalAmount()), Note: clean(x.GetDescription()), More: len(all) > mostOptions}
	for _, part := range all[:min(mostOptions, len(all))] {
		s.Parts = append(s.Parts, BillPart{
			JID: withoutDevice(part.GetJID()), Amount: sum(part.GetAmount()), Paid: part.GetStatus() == waE2E.SplitPaymentParticipant_PAID,
		})
	}
	return s, x.GetContextInfo()
}

func splitPaid(x *waE2E.SplitPaymentUpdateMessage) (Content, *waE2E.ContextInfo) {
	return SplitPaid{JID: withoutDevice(x.GetParticipantJID())}, nil
}

// targetOf is the message that a key names. Whether it is of oneself is said from either
// side's view, so that only its id counts.
func targetOf(key *waCommon.MessageKey) string { return key.GetID() }

// noteIn is the text that goes with something else as a message of its own, be it beside
// a file, and its context. It does not look into what has a message inside again.
func noteIn(m *waE2E.Message) (string, *waE2E.ContextInfo) {
	for _, note := range []struct {
		text    string
		context *waE2E.ContextInfo
	}{
		{m.GetExtendedTextMessage().GetText(), m.GetExtendedTextMessage().GetContextInfo()},
		{m.GetConversation(), nil},
		{m.GetImageMessage().GetCaption(), m.GetImageMessage().GetContextInfo()},
		{m.GetVideoMessage().GetCaption(), m.GetVideoMessage().GetContextInfo()},
		{m.GetDocumentMessage().GetCaption(), m.GetDocumentMessage().GetContextInfo()},
		{m.GetStickerMessage().GetAccessibilityLabel(), m.GetStickerMessage().GetContextInfo()},
	} {
		if note.text != "" || note.context != nil {
			return clean(note.text), note.context
		}
	}
	return "", nil
}

// pictureIn is the picture, film or sticker that goes with something else; nil if there is
// none.
func pictureIn(m *waE2E.Message) *Media {
	var shown Content
	switch {
	case m.GetStickerMessage().GetDirectPath() != "":
		shown, _ = sticker(m.GetStickerMessage())
	case m.GetVideoMessage().GetDirectPath() != "":
		shown, _ = video(m.GetVideoMessage())
	default:
		return picture(m.GetImageMessage())
	}
	file, ok := shown.(Media)
	if !ok || file.File == nil {
		return nil
	}
	file.Caption = ""
	return &file
}

// moment reads a time, which some programs write in milliseconds instead of seconds;
// zero for what is no time of people.
func moment(stamp int64) time.Time {
	const latest = 1 << 36 // in the year 4147; as milliseconds, in 1972
	switch {
	case stamp <= 0:
		return time.Time{}
	case stamp < latest:
		return time.Unix(stamp, 0).UTC()
	case stamp < latest*1000:
		return time.UnixMilli(stamp).UTC()
	}
	return time.Time{}
}
