package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/api"
)

var pairCommand = command{
	name:    "pair",
	summary: "Link a phone to a line",
	help: `
Usage:
  wootbridge pair [--line LINE]
      Show a QR code. On the phone: WhatsApp, Settings, Linked devices, Link a
      device, and point the camera at it.
  wootbridge pair [--line LINE] --code PHONE
      Show a code to type instead. PHONE is the phone's own number in
      international form, such as +5511999998888.

LINE is a line's id, the beginning of it, or its name; it may be left out when
there is only one.
`,
	run: func(ctx context.Context, p *program, args []string) error {
		flags := flag.NewFlagSet("pair", flag.ContinueOnError)
		word := flags.String("line", "", "")
		number := flags.String("code", "", "")
		if err := parseNone(flags, args); err != nil {
			return err
		}
		return p.call(func(client *api.Client) error {
			line, err := p.findLine(ctx, client, *word)
			if err != nil {
				return err
			}
			if line.JID != "" {
				fmt.Fprintf(p.stdout, "The line %s is linked to %s already. %s\nTo link another phone, first: %s lines logout %s\n",
					line.Name, phone(line.Phone), line.Sentence, p.name, line.ID)
				return nil
			}
			ask := api.Pair{Method: api.PairQR}
			if *number != "" {
				ask = api.Pair{Method: api.PairCode, Phone: *number}
			}
			pairing := &pairing{p: p, client: client, line: line, ask: ask, screen: screen{out: p.stdout, redraw: isTerminal(p.stdout)}}
			return pairing.run(ctx)
		})
	},
}

const (
	// codeWait is how long WhatsApp may take to give a code.
	codeWait = time.Minute
	// codeRounds is how often codes are asked for anew when nobody used them; a
	// round is some minutes.
	codeRounds = 5
)

// pairing links a phone to a line: it asks for codes and shows them until the
// line is connected.
type pairing struct {
	p      *program
	client *api.Client
	line   api.Line
	ask    api.Pair
	screen screen

	rounds int
	shown  string // the code that was shown last
	taken  bool   // by the phone
}

var errNoCode = errors.New("WhatsApp gave no code within a minute. Can the machine of the bridge reach the internet? Its log says more. Then try again")

func (l *pairing) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	patience := time.AfterFunc(codeWait, func() { cancel(errNoCode) })
	defer patience.Stop()
	err := l.client.Events(ctx, l.line.ID, func(e api.Event) error {
		if l.rounds == 0 { // the stream is open: no change is missed
			if err := l.again(ctx); err != nil {
				return err
			}
		}
		err := l.handle(ctx, e)
		if l.shown != "" || err != nil {
			patience.Stop()
		}
		return err
	})
	switch {
	case errors.Is(err, errLinked):
		l.farewell()
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, io.EOF):
		return errors.New("the bridge stopped or the line was removed meanwhile. Try again")
	}
	return err
}

// errLinked ends the stream when all is well.
var errLinked = errors.New("linked")

// again asks for codes.
func (l *pairing) again(ctx context.Context) error {
	l.rounds++
	return l.client.Pair(ctx, l.line.ID, l.ask)
}

// handle shows what is new; errLinked means that the phone is linked.
func (l *pairing) handle(ctx context.Context, e api.Event) error {
	switch e.Name {
	case api.EventQR:
		var code api.QREvent
		if err := json.Unmarshal(e.Data, &code); err != nil {
			return fmt.Errorf("read the bridge's answer: %w", err)
		}
		return l.show(code)
	case api.EventState:
		var state api.StateEvent
		if err := json.Unmarshal(e.Data, &state); err != nil {
			return fmt.Errorf("read the bridge's answer: %w", err)
		}
		return l.follow(ctx, state)
	}
	return nil
}

func (l *pairing) show(code api.QREvent) error {
	text := code.QR + code.PairingCode
	if text == "" || text == l.shown {
		return nil
	}
	again := ""
	if code.PairingCode == "" && sameOffer(text, l.shown) {
		again = "WhatsApp wants another code: if the phone could not link, let it scan this one."
	}
	l.shown = text
	if code.PairingCode != "" {
		return l.screen.draw(fmt.Sprintf("\nOn the phone %s: WhatsApp, Settings, Linked devices, Link a device,\nLink with phone number instead. Then type:\n\n    %s\n\n", l.ask.Phone, code.PairingCode))
	}
	drawn, err := drawQR(code.QR, l.screen.redraw)
	if err != nil {
		return err
	}
	return l.screen.draw(fmt.Sprintf("\nOn the phone: WhatsApp, Settings, Linked devices, Link a device.\nThen point its camera here (line %s):\n%s\n%s\nWaiting for the phone. Ctrl-C ends this.\n", l.line.Name, again, drawn))
}

// sameOffer reports whether two codes differ in their secret only: WhatsApp
// retires a code's secret once a phone has scanned it, and the phone then says
// that it could not link.
func sameOffer(code, other string) bool {
	offer, _, some := strings.Cut(code, ",")
	before, _, _ := strings.Cut(other, ",")
	return some && offer == before
}

func (l *pairing) follow(ctx context.Context, state api.StateEvent) error {
	switch state.State {
	case "connected":
		l.line.Phone = state.Phone
		return errLinked
	case "connecting", "disconnected":
		if state.JID != "" && !l.taken {
			l.taken = true
			fmt.Fprintln(l.p.stdout, "The phone has taken the code. Connecting.")
		}
	case "new", "logged_out":
		if l.shown == "" {
			return nil // not begun yet
		}
		if l.rounds == codeRounds {
			return fmt.Errorf("no phone took a code. When you have it at hand:\n  %s pair --line %s", l.p.name, l.line.ID)
		}
		l.shown = ""
		fmt.Fprintln(l.p.stdout, "The code was not used in time. Asking for a new one.")
		l.screen.keep()
		return l.again(ctx)
	case "paused", "banned", "outdated", "replaced":
		return errors.New(state.Sentence)
	}
	return nil
}

// farewell tells that all is well.
func (l *pairing) farewell() {
	fmt.Fprintf(l.p.stdout, "\nDone: %s is connected to the line %s. Messages now go to inbox %d of %s.\n",
		phone(l.line.Phone), l.line.Name, l.line.Chatwoot.InboxID, l.line.Chatwoot.URL)
}
