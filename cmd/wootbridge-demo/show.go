package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/daemon"
)

// show plays the demo and prints what both sides see. The error says that they
// do not match, or what went wrong. With stay it goes on until ctx ends.
func show(ctx context.Context, stdout io.Writer, stay bool) (err error) {
	dir, err := os.MkdirTemp("", "wootbridge-demo-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer func() {
		if err != nil && ctx.Err() == nil {
			err = fmt.Errorf("%w\nthe bridge's log is in %s/bridge.log", err, dir)
			return
		}
		err = errors.Join(err, os.RemoveAll(dir))
	}()
	t := newTerminal(stdout)
	t.println("%s", t.paint(bold, "Wootbridge, between a simulated phone and a simulated Chatwoot"))
	t.println("%s", t.paint(dim, "The bridge, its WhatsApp library, the encryption and all HTTP between them are real."))
	t.println("")

	p, err := newPlay(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.end()) }()
	if err := p.run(ctx, t); err != nil {
		return err
	}
	t.view("Maria's phone", p.phoneView())
	t.view("Ana's Chatwoot", p.Chatwoot.View())
	t.println("")
	if differences := p.differences(); len(differences) > 0 {
		t.println("%s", t.paint(red, "✗ the sides do not match:"))
		return errors.New(strings.Join(differences, "\n  "))
	}
	messages, files := p.count()
	t.println("%s", t.paint(green, fmt.Sprintf("✓ Both sides match: %d messages, %d files; nothing lost, twice or out of order.", messages, files)))
	if stay {
		p.invite(t)
		<-ctx.Done()
	}
	return nil
}

// run plays the script, one printed line per act.
func (p *play) run(ctx context.Context, t terminal) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	lines, err := script()
	if err != nil {
		return err
	}
	more := kinds()
	restart := slices.IndexFunc(lines, func(l line) bool { return l.offline })
	acts := []struct {
		title string
		play  func() error
	}{
		{"The bridge starts and makes an inbox in Chatwoot.", func() error { return p.begin(ctx) }},
		{"The shop's phone is linked by scanning a QR code.", func() error { return p.Pair(ctx, p.Line, p.Phone) }},
		{"Maria and Ana talk.", func() error { return p.talk(ctx, lines[:restart]) }},
		{"The bridge is stopped, Maria goes on writing, the bridge is back.", func() error { return p.talk(ctx, lines[restart:restart+1]) }},
		{"They talk on.", func() error { return p.talk(ctx, lines[restart+1:]) }},
		{"Maria sends a place, a contact, a poll and what else a phone can.", func() error { return p.talk(ctx, more) }},
		{"Maria reads, ticks arrive on both sides, Ana closes the conversation.", p.settle},
	}
	for _, act := range acts {
		started := time.Now()
		if err := act.play(); err != nil {
			return err
		}
		t.println("  %-70s %s", act.title, t.paint(dim, fmt.Sprintf("%4.1f s", time.Since(started).Seconds())))
	}
	return nil
}

func (p *play) talk(ctx context.Context, lines []line) error {
	for _, l := range lines {
		if err := p.say(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// count counts what crossed the bridge.
func (p *play) count() (messages, files int) {
	for _, e := range p.done {
		if e.by == note {
			continue
		}
		messages++
		if files += e.attached; e.file != nil {
			files++
		}
	}
	return messages, files
}

// invite says where everything is.
func (p *play) invite(t terminal) {
	at := p.control.addresses()
	t.println("")
	t.println("It all stays until you press Ctrl-C:")
	for _, row := range [][2]string{
		{"the bridge", p.Process.URL()},
		{"its admin token", "in " + daemon.TokenPath(p.data)},
		{"its log", p.log.Name()},
		{"Chatwoot's API", at.ChatwootURL + " (header Api-Access-Token: " + at.ChatwootToken + ")"},
		{"Maria's messages", at.ControlURL + "/whatsapp/peers/" + customerNumber + "/messages"},
		{"Ana's screen", at.ControlURL + "/chatwoot/view"},
	} {
		t.println("  %-18s %s", row[0], row[1])
	}
	t.println("")
	t.println("Write as Maria:")
	t.println("  curl -d '{\"to\":\"%s\",\"text\":\"hello\"}' %s/whatsapp/peers/%s/send", p.Phone.Number(), at.ControlURL, customerNumber)
	t.println("Answer as Ana:")
	t.println("  curl -d '{\"text\":\"good day\"}' %s/chatwoot/conversations/%d/messages", at.ControlURL, p.maria.ID)
}
