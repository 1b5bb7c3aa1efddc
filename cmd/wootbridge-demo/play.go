package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/bridge/bridgetest"
	"github.com/wootbridge/wootbridge/bridge/config"
	"github.com/wootbridge/wootbridge/bridge/daemon"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// patience bounds every step; a step takes a second at most.
const patience = time.Minute

const (
	lineName                     = "Corner Bakery"
	customerNumber, customerName = "5521988880002", "Maria"
)

// play is the demo while it runs. Its bridge is the same process as wootbridge
// serve runs.
type play struct {
	*bridgetest.Stack
	control *control
	data    string // the bridge's folder
	log     *os.File
	maria   *bridgetest.Conversation
	done    []exchange
}

// newPlay starts the simulators, with everything below a folder.
func newPlay(dir string) (_ *play, err error) {
	p := &play{data: filepath.Join(dir, "data")}
	if p.log, err = os.Create(filepath.Join(dir, "bridge.log")); err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	p.Stack, err = bridgetest.New(bridgetest.Options{Dir: dir, LineName: lineName, Patience: patience, Program: &daemon.Options{
		Config: config.Config{Listen: "127.0.0.1:0", DataDir: p.data, KeepDone: 24 * time.Hour},
		Log:    slog.New(slog.NewTextHandler(p.log, nil)), Command: "wootbridge", Version: "demo",
	}})
	if err != nil {
		return nil, errors.Join(err, p.log.Close())
	}
	if p.control, err = serveControl(p.Stack); err != nil {
		return nil, errors.Join(err, p.Close(), p.log.Close())
	}
	return p, nil
}

// end stops everything, the bridge first.
func (p *play) end() error {
	return errors.Join(p.Stop(), p.control.close(), p.Close(), p.log.Close())
}

// begin starts the bridge, which makes an inbox in Chatwoot.
func (p *play) begin(ctx context.Context) error {
	if err := p.Start(ctx); err != nil {
		return err
	}
	if err := p.MakeLine(ctx); err != nil {
		return err
	}
	p.maria = p.Customer(customerNumber, customerName)
	return nil
}

// exchange is what became of a line on both sides.
type exchange struct {
	line
	wa       string // WhatsApp's id, "" for a note
	chatwoot int    // Chatwoot's id
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
		if err := p.Chatwoot.WaitIdle(ctx); err != nil {
			return fmt.Errorf("wait for the webhooks: %w", err)
		}
		if err := p.Stop(); err != nil {
			return err
		}
	}
	e := exchange{line: l}
	var err error
	if l.by == customer {
		e.wa, err = p.customerSends(l)
	} else {
		e.chatwoot, err = p.agentSends(l)
	}
	if err != nil {
		return fmt.Errorf("send %q: %w", l.phone, err)
	}
	if l.offline {
		if err := p.Start(ctx); err != nil {
			return err
		}
		if err := p.WaitConnected(ctx, p.Line); err != nil {
			return err
		}
	}
	switch l.by {
	case customer:
		var m chatwoottest.Message
		m, err = p.maria.Arrived(e.wa)
		e.chatwoot = m.ID
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
	if l.message != nil {
		return p.maria.Send(p.Phone, l.message, options...), nil
	}
	if l.file == nil {
		return p.maria.SendText(p.Phone, l.phone, options...), nil
	}
	options = append(options, whatsapptest.WithCaption(l.phone), whatsapptest.WithFileName(l.file.name), whatsapptest.WithMimetype(l.file.mime))
	return p.maria.SendFile(p.Phone, l.file.kind, bytes.NewReader(l.file.content), options...)
}

func (p *play) agentSends(l line) (int, error) {
	var options []chatwoottest.MessageOption
	if quoted, ok := p.find(l.quotes); ok {
		options = append(options, chatwoottest.Quoting(quoted.chatwoot))
	}
	if l.file != nil {
		options = append(options, chatwoottest.WithFile(l.file.name, l.file.mime, l.file.content))
	}
	if l.by == note {
		m, err := p.Chatwoot.Note(p.maria.ID, l.chatwoot, options...)
		return m.ID, err
	}
	m, err := p.maria.Say(l.chatwoot, options...)
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
		if _, err := p.WaitStatus(e.chatwoot, status); err != nil {
			return fmt.Errorf("wait for the ticks in Chatwoot: %w", err)
		}
	}
	return p.Chatwoot.Resolve(p.maria.ID)
}
