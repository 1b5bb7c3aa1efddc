package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// terminal writes for people; colours only where somebody sees them.
type terminal struct {
	out     io.Writer
	colours bool
}

func newTerminal(out io.Writer) terminal {
	file, ok := out.(*os.File)
	return terminal{out, ok && term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == ""}
}

const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func (t terminal) paint(colour, text string) string {
	if !t.colours {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

func (t terminal) println(format string, args ...any) { fmt.Fprintf(t.out, format+"\n", args...) }

// view prints a conversation as chatwoottest and phoneView show it: a heading,
// then a line per message, the name and the rest two spaces apart. Long
// messages go on below their beginning.
func (t terminal) view(title, conversation string) {
	rows := strings.Split(strings.TrimRight(conversation, "\n"), "\n")
	t.println("")
	t.println("%s  %s", t.paint(bold, title), t.paint(dim, rows[0]))
	for _, row := range rows[1:] {
		row = strings.TrimLeft(row, " ")
		name, rest, isMessage := strings.Cut(row, "  ")
		if !isMessage {
			t.println("  %s", t.paint(dim, row))
			continue
		}
		text := strings.TrimLeft(rest, " ")
		column := utf8.RuneCountInString(row) - utf8.RuneCountInString(text)
		colour := cyan
		switch {
		case strings.HasSuffix(name, "(note)"):
			colour = yellow
		case name == customerName:
			colour = green
		}
		padding := strings.Repeat(" ", column-utf8.RuneCountInString(name))
		for i, part := range wrap(text, lineWidth-column-2) {
			if i == 0 {
				t.println("  %s%s%s", t.paint(colour, name), padding, part)
			} else {
				t.println("  %s%s", strings.Repeat(" ", column), part)
			}
		}
	}
}

const lineWidth = 80

// wrap breaks a text between words.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
