package whatsapptest

import (
	"context"

	waBinary "go.mau.fi/whatsmeow/binary"
)

// handleRetry answers a client that could not read one of the peer's messages.
// The first time the message is encrypted again in the session there is; when
// the client sends its keys, a new session is begun.
func (p *Peer) handleRetry(device *Device, receipt *waBinary.Node, id string) {
	p.mu.Lock()
	sent := p.sent[id]
	p.served++
	p.mu.Unlock()
	if sent == nil {
		p.srv.log.Debug("retry for a message that is not known", "id", id)
		return
	}
	retry := receipt.GetChildByTag("retry")
	count := max(attrInt(&retry, "count"), 1)
	p.crypt.Lock()
	defer p.crypt.Unlock()
	if keys, ok := bundleFromRetry(receipt); ok {
		if err := p.restart(context.Background(), device, keys); err != nil {
			p.fail("begin session after retry receipt: %w", err)
			return
		}
	}
	if group, ok := sent.to.(*Group); ok {
		p.resendToGroup(device, group, sent, count)
		return
	}
	p.sendTo(device, sent, count)
}

// RetriesServed counts the retry receipts that have come for the peer's messages.
func (p *Peer) RetriesServed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.served
}
