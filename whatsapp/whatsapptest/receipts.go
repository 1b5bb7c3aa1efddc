package whatsapptest

import (
	"fmt"
	"slices"
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// Receipt is a tick that a peer has seen for one of its messages.
type Receipt struct {
	ID string
	// From is who has received or read the message, Device with which device.
	From   *Peer
	Device uint16
	// Type is types.ReceiptTypeDelivered (empty), Read, Played, Inactive...
	Type types.ReceiptType
	Time time.Time
	// Group is set for a message to a group.
	Group *Group
}

// Receipts lists the ticks for this peer's messages, in order.
func (p *Peer) Receipts() []Receipt {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.receipts)
}

// WaitReceipt waits for a receipt of the given type for a message. For
// types.ReceiptTypeDelivered an inactive receipt counts too: it means the same,
// from a client that nobody looks at.
func (p *Peer) WaitReceipt(timeout time.Duration, id string, kind types.ReceiptType) (Receipt, error) {
	var found Receipt
	err := p.changed.wait(timeout, fmt.Sprintf("a receipt of type %q", kind), func() bool {
		for _, receipt := range p.Receipts() {
			if receipt.ID == id && (receipt.Type == kind || kind == types.ReceiptTypeDelivered && receipt.Type == types.ReceiptTypeInactive) {
				found = receipt
				return true
			}
		}
		return false
	})
	return found, err
}

func (p *Peer) addReceipt(r Receipt) {
	p.mu.Lock()
	p.receipts = append(p.receipts, r)
	p.mu.Unlock()
	p.changed.broadcast()
}

// MarkRead sends read receipts for messages the peer has received.
func (p *Peer) MarkRead(ids ...string) { p.mark(types.ReceiptTypeRead, ids) }

// MarkPlayed sends played receipts for voice messages.
func (p *Peer) MarkPlayed(ids ...string) { p.mark(types.ReceiptTypePlayed, ids) }

// MarkDelivered sends delivery receipts; for peers that do not do so by themselves.
func (p *Peer) MarkDelivered(ids ...string) { p.mark(types.ReceiptTypeDelivered, ids) }

// mark sends one receipt for each run of messages of the same sender and chat.
func (p *Peer) mark(kind types.ReceiptType, ids []string) {
	var run []Received
	flush := func() {
		if len(run) > 0 {
			p.sendReceipt(run[0], kind, run[1:]...)
		}
		run = nil
	}
	for _, id := range ids {
		message, ok := p.find(id)
		if !ok {
			p.fail("mark %s: message %s was not received", kind, id)
			continue
		}
		if len(run) > 0 && (run[0].From != message.From || run[0].Chat != message.Chat) {
			flush()
		}
		run = append(run, message)
	}
	flush()
}

func (p *Peer) find(id string) (Received, bool) {
	for _, message := range p.Messages() {
		if message.ID == id {
			return message, true
		}
	}
	return Received{}, false
}

// history finds a message on the phone, received or written by its owner.
func (p *Peer) history(id string) (Received, bool) {
	if message, ok := p.find(id); ok {
		return message, true
	}
	return p.Sent(id)
}

// sendReceipt tells the author of messages, on all its devices, what happened
// to them. It comes from the address that the author wrote to.
func (p *Peer) sendReceipt(first Received, kind types.ReceiptType, more ...Received) {
	now := p.srv.opts.Now()
	attrs := waBinary.Attrs{"id": first.ID, "t": now.Unix()}
	if kind != types.ReceiptTypeDelivered {
		attrs["type"] = string(kind)
	}
	if first.Group != nil {
		attrs["from"], attrs["participant"] = first.Group.JID(), first.Group.addressOf(p)
	} else {
		attrs["from"] = addressedBy(p, first.Sender.Server == types.HiddenUserServer)
	}
	node := waBinary.Node{Tag: "receipt", Attrs: attrs}
	var items []waBinary.Node
	for _, message := range more {
		items = append(items, waBinary.Node{Tag: "item", Attrs: waBinary.Attrs{"id": message.ID}})
	}
	if len(items) > 0 {
		node.Content = []waBinary.Node{{Tag: "list", Content: items}}
	}
	for _, device := range first.From.Companions() {
		device.push(node)
	}
	for _, message := range append([]Received{first}, more...) {
		first.From.addReceipt(Receipt{ID: message.ID, From: p, Type: kind, Time: now, Group: first.Group})
	}
}

// handleReceipt takes a client's receipt: it settles the message and goes on to
// its author.
func (c *conn) handleReceipt(node *waBinary.Node) {
	to, participant := attrJID(node, "to"), attrJID(node, "participant")
	kind := types.ReceiptType(attrText(node, "type"))
	ids := receiptIDs(node)
	if kind != types.ReceiptTypeRetry {
		for _, id := range ids {
			c.device.settle("message", id, "", to, participant)
		}
	}
	ack := waBinary.Attrs{"class": "receipt", "id": ids[0], "from": to}
	if kind != "" {
		ack["type"] = string(kind)
	}
	if !participant.IsEmpty() {
		ack["participant"] = participant
	}
	c.device.sendAck(c, waBinary.Node{Tag: "ack", Attrs: ack})

	author := c.srv.lookup(to)
	group := c.srv.group(to)
	if group != nil {
		author = c.srv.lookup(participant)
	}
	switch {
	case author == nil:
		return
	case kind == types.ReceiptTypeRetry:
		author.handleRetry(c.device, node, ids[0])
	case kind == types.ReceiptTypeServerError:
		author.handleMediaRetry(c.device, node, ids[0])
	case author == c.device.account:
		author.addOwnReceipt(c.device, kind, ids)
	default:
		c.passReceipt(author, group, kind, ids)
	}
}

// passReceipt shows the author the receipt, on the phone and on companions.
func (c *conn) passReceipt(author *Peer, group *Group, kind types.ReceiptType, ids []string) {
	now := c.srv.opts.Now()
	for _, id := range ids {
		author.addReceipt(Receipt{ID: id, From: c.device.account, Device: c.device.id, Type: kind, Time: now, Group: group})
	}
	for _, device := range author.Companions() {
		for _, id := range ids {
			attrs := waBinary.Attrs{"id": id, "t": now.Unix(), "from": c.device.LID()}
			if kind != "" {
				attrs["type"] = string(kind)
			}
			if group != nil {
				attrs["from"], attrs["participant"] = group.JID(), withDevice(group.addressOf(c.device.account), c.device.id)
			}
			device.push(waBinary.Node{Tag: "receipt", Attrs: attrs})
		}
	}
}

// addOwnReceipt notes a receipt that a companion has sent to its own account:
// for peer messages, history and messages typed on the phone.
func (p *Peer) addOwnReceipt(device *Device, kind types.ReceiptType, ids []string) {
	for _, id := range ids {
		p.addReceipt(Receipt{ID: id, From: p, Device: device.id, Type: kind, Time: p.srv.opts.Now()})
	}
}

func receiptIDs(node *waBinary.Node) []string {
	ids := []string{attrText(node, "id")}
	list := node.GetChildByTag("list")
	for _, item := range list.GetChildren() {
		ids = append(ids, attrText(&item, "id"))
	}
	return ids
}
