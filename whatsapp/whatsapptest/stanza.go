package whatsapptest

import (
	"net/http"
	"slices"
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
)

// Stanza sends a stanza of WhatsApp's own to the account's clients as it is: a
// notification, or a call. Without an id and a time it gets those of now. The clients
// get it until they have acknowledged it.
func (p *Peer) Stanza(node waBinary.Node) {
	attrs := waBinary.Attrs{"id": p.srv.stanzaID(), "t": p.srv.opts.Now().Unix()}
	for key, value := range node.Attrs {
		attrs[key] = value
	}
	node.Attrs = attrs
	for _, device := range p.Companions() {
		device.push(node)
	}
}

// Ring calls another account, and returns the call's id; what are children of the offer,
// such as "video".
func (p *Peer) Ring(to *Peer, what ...string) (id string) {
	id = "CALL" + p.srv.stanzaID()
	children := []waBinary.Node{{Tag: "audio", Attrs: waBinary.Attrs{"enc": "opus", "rate": "16000"}}}
	for _, tag := range what {
		children = append(children, waBinary.Node{Tag: tag})
	}
	p.call(to, p, "offer", id, nil, children)
	return id
}

// HangUp ends a call for a reason of WhatsApp's, such as "timeout".
func (p *Peer) HangUp(to *Peer, id, reason string) {
	p.call(to, p, "terminate", id, waBinary.Attrs{"reason": reason}, nil)
}

// Answer answers a call on the own phone, and Decline declines it there: the linked
// clients hear of that.
func (p *Peer) Answer(from *Peer, id string)  { from.call(p, p, "accept", id, nil, nil) }
func (p *Peer) Decline(from *Peer, id string) { from.call(p, p, "reject", id, nil, nil) }

func (p *Peer) call(to, by *Peer, step, id string, attrs waBinary.Attrs, children []waBinary.Node) {
	inner := waBinary.Attrs{"call-creator": p.LID(), "call-id": id, "caller_pn": p.JID()}
	for key, value := range attrs {
		inner[key] = value
	}
	child := waBinary.Node{Tag: step, Attrs: inner}
	if children != nil {
		child.Content = children
	}
	to.Stanza(waBinary.Node{
		Tag: "call", Attrs: waBinary.Attrs{"from": by.LID(), "platform": "android", "version": "2.26.30.1", "notify": by.Name(), "e": "0"},
		Content: []waBinary.Node{child},
	})
}

// handleCall notes what a client does to a call.
func (c *conn) handleCall(node *waBinary.Node) {
	reject, ok := node.GetOptionalChildByTag("reject")
	if !ok {
		c.srv.noteUnknown(describe(node))
		return
	}
	p := c.device.account
	p.mu.Lock()
	p.refused = append(p.refused, attrText(&reject, "call-id"))
	p.mu.Unlock()
	p.changed.broadcast()
}

// Refused lists the ids of the calls that the account's clients have refused.
func (p *Peer) Refused() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.refused)
}

// WaitRefused waits until a client has refused a call.
func (p *Peer) WaitRefused(timeout time.Duration, id string) error {
	return p.changed.wait(timeout, "the call refused", func() bool { return slices.Contains(p.Refused(), id) })
}

func controlRefused(p *Peer, _ *http.Request) (any, error) {
	return append([]string{}, p.Refused()...), nil
}
