package whatsapptest

import (
	"slices"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
)

// Received is a message as its recipient has it.
type Received struct {
	ID string
	// From is the account that wrote it, FromDevice which of its devices: 0 is
	// the phone.
	From       *Peer
	FromDevice uint16
	// FromMe marks the copy, on the own phone, of what a companion has sent.
	FromMe bool
	// Sender and Chat are the addresses shown; Chat is the other person or the
	// group.
	Sender types.JID
	Chat   types.JID
	// Group is set for a group message.
	Group   *Group
	Message *waE2E.Message
	Time    time.Time
	// PushName is the name that came with it.
	PushName string
	// Retry is the number of the retry that brought it, 0 for the first attempt.
	Retry int
}

// Text is the text or caption.
func (r Received) Text() string { return textOf(r.Message) }

// Kind names the content: the "mediatype", "reaction", "poll", "revoke", "edit"
// or "text".
func (r Received) Kind() string {
	switch editAttr(r.Message) {
	case "1":
		return "edit"
	case "7", "8":
		if r.Message.GetReactionMessage() == nil {
			return "revoke"
		}
	}
	if kind := mediaType(r.Message); kind != "" {
		return kind
	}
	return messageType(r.Message)
}

// Quoted returns what the message says about the one it answers; nil when it
// answers none.
func (r Received) Quoted() *waE2E.ContextInfo {
	info := contextOf(r.Message)
	if info.GetStanzaID() == "" {
		return nil
	}
	return info
}

// Target is the id that a revoke, an edit or a reaction is about.
func (r Received) Target() string {
	inner := unwrap(r.Message)
	if key := inner.GetProtocolMessage().GetKey(); key != nil {
		return key.GetID()
	}
	return inner.GetReactionMessage().GetKey().GetID()
}

// Messages lists what the peer has received, in order.
func (p *Peer) Messages() []Received {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.received)
}

// Texts lists the texts that the peer has received from others, in order.
func (p *Peer) Texts() []string {
	var texts []string
	for _, message := range p.Messages() {
		if !message.FromMe {
			texts = append(texts, message.Text())
		}
	}
	return texts
}

// WaitMessage waits for a message for which the function is true.
func (p *Peer) WaitMessage(timeout time.Duration, want func(Received) bool) (Received, error) {
	var found Received
	err := p.changed.wait(timeout, "a message to "+p.Name(), func() bool {
		for _, message := range p.Messages() {
			if want(message) {
				found = message
				return true
			}
		}
		return false
	})
	return found, err
}

// WaitText waits for a message with the given text or caption.
func (p *Peer) WaitText(timeout time.Duration, text string) (Received, error) {
	return p.WaitMessage(timeout, func(r Received) bool { return r.Text() == text })
}

// WaitKind waits for a message of the given kind.
func (p *Peer) WaitKind(timeout time.Duration, kind string) (Received, error) {
	return p.WaitMessage(timeout, func(r Received) bool { return r.Kind() == kind })
}

// WaitCount waits until at least n messages from others have come.
func (p *Peer) WaitCount(timeout time.Duration, n int) error {
	return p.changed.wait(timeout, "more messages to "+p.Name(), func() bool { return len(p.Texts()) >= n })
}

// take stores a message and sends the receipts that follow by themselves.
func (p *Peer) take(r Received) {
	p.mu.Lock()
	p.received = append(p.received, r)
	settings := p.settings
	linked := len(p.devices) > 0
	p.mu.Unlock()
	p.changed.broadcast()
	if r.FromMe || linked {
		// The phone of a linked account lies in a pocket: its companions answer.
		return
	}
	if !settings.noDelivery {
		p.sendReceipt(r, types.ReceiptTypeDelivered)
	}
	if settings.autoRead {
		p.sendReceipt(r, types.ReceiptTypeRead)
	}
}
