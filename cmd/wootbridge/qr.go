package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mdp/qrterminal/v3"
)

// longestQR is more than WhatsApp's codes have, and fits into a QR code.
const longestQR = 1000

// drawQR draws a code with half blocks. With colour it is black on white
// whatever the terminal's colours are: phones do not read it the other way
// round.
func drawQR(text string, colour bool) (string, error) {
	if len(text) > longestQR {
		return "", errors.New("the code of WhatsApp is too long to be drawn. Update Wootbridge")
	}
	var b strings.Builder
	qrterminal.GenerateWithConfig(text, qrterminal.Config{Level: qrterminal.L, Writer: &b, HalfBlocks: true, QuietZone: 2})
	if !colour {
		return b.String(), nil
	}
	const whiteOnBlack, plain = "\x1b[97;40m", "\x1b[0m"
	var painted strings.Builder
	for line := range strings.Lines(b.String()) {
		painted.WriteString(whiteOnBlack + strings.TrimSuffix(line, "\n") + plain + "\n")
	}
	return painted.String(), nil
}

// screen shows one text in the place of the one before.
type screen struct {
	out    io.Writer
	redraw bool // out is a terminal
	lines  int  // of the text that stands there
}

func (s *screen) draw(text string) error {
	if s.redraw && s.lines > 0 {
		// Up to where the text began, and away with it.
		if _, err := fmt.Fprintf(s.out, "\x1b[%dA\x1b[J", s.lines); err != nil {
			return err
		}
	}
	s.lines = strings.Count(text, "\n")
	_, err := io.WriteString(s.out, text)
	return err
}

// keep leaves the text on the screen.
func (s *screen) keep() { s.lines = 0 }
