package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// patience bounds every step; a step takes a second at most.
const patience = time.Minute

// play is the demo while it runs.
type play struct {
	*simulators
	office *office
	shop   *whatsapptest.Peer
	maria  *whatsapptest.Peer
	done   []exchange
}

// exchange is what became of a line on both sides.
type exchange struct {
	line
	wa   string // WhatsApp's id, "" for a note
	desk int    // Chatwoot's id
}

func (p *play) find(key string) (exchange, bool) {
	for _, e := range p.done {
		if key != "" && e.key == key {
			return e, true
		}
	}
	return exchange{}, false
}

// say plays one line and waits until it is on the other side.
func (p *play) say(ctx context.Context, l line) error {
	if l.offline {
		// Chatwoot marks a message whose webhook meets a closed door as failed.
		if err := p.chatwoot.WaitIdle(ctx); err != nil {
			return fmt.Errorf("wait for the webhooks: %w", err)
		}
		if err := p.office.stop(); err != nil {
			return err
		}
	}
	e := exchange{line: l}
	var err error
	if l.by == customer {
		e.wa, err = p.customerSends(l)
	} else {
		e.desk, err = p.agentSends(l)
	}
	if err != nil {
		return fmt.Errorf("send %q: %w", l.phone, err)
	}
	if l.offline {
		if err := p.office.start(ctx); err != nil {
			return err
		}
		if err := p.office.connected(ctx); err != nil {
			return err
		}
	}
	switch l.by {
	case customer:
		e.desk, err = p.deskReceives(e.wa)
	case agent:
		e.wa, err = p.phoneReceives()
	case note:
	}
	if err != nil {
		return fmt.Errorf("deliver %q: %w", l.phone, err)
	}
	p.done = append(p.done, e)
	return nil
}

func (p *play) customerSends(l line) (string, error) {
	var options []whatsapptest.SendOption
	if quoted, ok := p.find(l.quotes); ok {
		for _, m := range p.maria.Messages() {
			if m.ID == quoted.wa {
				options = append(options, whatsapptest.WithQuote(m))
			}
		}
	}
	if l.file == nil {
		return p.maria.SendText(p.shop, l.phone, options...), nil
	}
	options = append(options, whatsapptest.WithCaption(l.phone), whatsapptest.WithFileName(l.file.name), whatsapptest.WithMimetype(l.file.mime))
	return p.maria.SendFile(p.shop, l.file.kind, bytes.NewReader(l.file.content), options...)
}

func (p *play) agentSends(l line) (int, error) {
	var options []chatwoottest.MessageOption
	if quoted, ok := p.find(l.quotes); ok {
		options = append(options, chatwoottest.Quoting(quoted.desk))
	}
	if l.file != nil {
		options = append(options, chatwoottest.WithFile(l.file.name, l.file.mime, l.file.content))
	}
	conversation := p.chatwoot.Conversations()[0].ID
	if l.by == note {
		m, err := p.chatwoot.Note(conversation, l.desk, options...)
		return m.ID, err
	}
	m, err := p.chatwoot.Reply(conversation, l.desk, options...)
	return m.ID, err
}

func (p *play) deskReceives(wa string) (int, error) {
	m, err := p.chatwoot.WaitMessage(patience, func(m chatwoottest.Message) bool { return m.SourceID == "WAID:"+wa })
	return m.ID, err
}

// phoneReceives waits for the next message on the customer's phone.
func (p *play) phoneReceives() (string, error) {
	before := 0
	for _, e := range p.done {
		if e.by == agent {
			before++
		}
	}
	if err := p.maria.WaitCount(patience, before+1); err != nil {
		return "", err
	}
	return p.maria.Messages()[before].ID, nil
}

// settle lets the customer read all but the last message, waits for the ticks
// on both sides and lets the agent close the conversation.
func (p *play) settle() error {
	var sent []exchange
	for _, e := range p.done {
		switch e.by {
		case agent:
			sent = append(sent, e)
		case customer:
			if _, err := p.maria.WaitReceipt(patience, e.wa, types.ReceiptTypeDelivered); err != nil {
				return fmt.Errorf("wait for the ticks on the phone: %w", err)
			}
		}
	}
	for i, e := range sent {
		status := "delivered"
		if i < len(sent)-1 {
			status = "read"
			p.maria.MarkRead(e.wa)
		}
		_, err := p.chatwoot.WaitMessage(patience, func(m chatwoottest.Message) bool { return m.ID == e.desk && m.Status == status })
		if err != nil {
			return fmt.Errorf("wait for the ticks in Chatwoot: %w", err)
		}
	}
	return p.chatwoot.Resolve(p.chatwoot.Conversations()[0].ID)
}
