package markup

import (
	"regexp"
	"strings"
	"unicode"
)

// ToMarkdown turns a WhatsApp text into the content of a Chatwoot message.
func ToMarkdown(text string) string { return convert(text, style{formatting: true, links: true}) }

// Escape turns a plain text into content that shows it as it is, without any
// formatting.
func Escape(text string) string { return convert(text, style{links: true}) }

// style is what a text may become besides letters.
type style struct {
	formatting bool // WhatsApp's marks are markdown's
	links      bool // addresses are links
	bare       bool // it is only letters, and no markdown: formatting is left out
}

const nbsp = "\u00a0"

func convert(text string, s style) string {
	out := &writer{style: s}
	out.text(plain(text))
	return out.String()
}

// plain is a text in which lines end in one way, without characters that command
// a terminal: what parsers make of them differs, and nobody sees them.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune("\r\v\f\u0085", r):
			return '\n'
		case r != '\n' && r != '\t' && unicode.IsControl(r):
			return -1
		}
		return r
	}, strings.NewReplacer("\x00", "", "\r\n", "\n").Replace(text))
}

// text writes a whole text.
func (w *writer) text(text string) {
	w.grow(len(text))
	w.defines = strings.Contains(text, "]:")
	w.steps += len(text)
	for text != "" {
		before, code, after := w.cutBlock(text)
		w.lines(before)
		if code != "" {
			w.block(code)
		}
		text = after
	}
}

const fence = "```"

// cutBlock splits a text at its first monospace block of several lines.
func (w *writer) cutBlock(text string) (before, code, after string) {
	if !w.formatting {
		return text, "", ""
	}
	for from := 0; ; {
		open := strings.Index(text[from:], fence)
		if open < 0 {
			return text, "", ""
		}
		open += from
		inside := text[open+len(fence):]
		length := strings.Index(inside, fence)
		if length < 0 {
			return text, "", ""
		}
		after := inside[length+len(fence):]
		w.steps += open - from + length
		if !isMonospace(inside[:length], after) {
			from = open + len(fence)
			continue
		}
		if strings.Contains(inside[:length], "\n") {
			return text[:open], inside[:length], after
		}
		from = len(text) - len(after) // within its line: see line.go
	}
}

// isMonospace reports whether what stands between two fences is code.
func isMonospace(code, after string) bool {
	return strings.TrimSpace(code) != "" && code[0] != '`' && code[len(code)-1] != '`' && !strings.HasPrefix(after, "`")
}

// block writes monospace text of several lines.
func (w *writer) block(code string) {
	if w.Len() > 0 && !w.atLineStart() {
		w.newline()
	}
	w.format(fence + "\n")
	w.mark(strings.Trim(code, "\n") + "\n")
	w.format(fence + "\n")
}

func (w *writer) lines(text string) {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if i > 0 {
			w.newline()
		}
		if isBlank(line) {
			if w.atLineStart() && i > 0 && i < len(lines)-1 && (isBlank(lines[i-1]) || isBlank(lines[i+1]) || isIndented(lines[i+1])) {
				w.mark(nbsp) // or several empty lines become one, and an indented paragraph loses its indent
			} else if line != "" && !w.atLineStart() {
				w.mark(" ")
			}
			continue
		}
		start := 0
		if w.atLineStart() {
			start = w.lineStart(line)
		}
		w.line(line, start)
	}
}

func isBlank(line string) bool { return strings.TrimSpace(line) == "" }

func isIndented(line string) bool { return line[0] == ' ' || line[0] == '\t' }

var (
	bullet    = regexp.MustCompile(`^[-+*](\s|$)`)
	number    = regexp.MustCompile(`^(\d{1,9})([.)])(\s|$)`)
	heading   = regexp.MustCompile(`^#{1,6}(\s|$)`)
	underline = regexp.MustCompile(`^(=+|-[- ]*)\s*$`)
	tableRow  = regexp.MustCompile(`^[|:\s-]*-[|:\s-]*$`)
)

// lineStart keeps a line from being indented away or taken for a block, and gives
// how much of it is written.
func (w *writer) lineStart(line string) int {
	w.steps += len(line)
	start := 0
	for ; line[start] == ' ' || line[start] == '\t'; start++ {
		if line[start] == '\t' {
			w.mark(strings.Repeat(nbsp, 4))
		} else {
			w.mark(nbsp)
		}
	}
	line = line[start:]
	if m := number.FindStringSubmatch(line); m != nil {
		w.mark(m[1])
		w.escaped(m[2])
		return start + len(m[1]) + 1
	}
	if line[0] == '>' || line[0] == '[' && w.defines || bullet.MatchString(line) || heading.MatchString(line) || underline.MatchString(line) || tableRow.MatchString(line) {
		w.escaped(line[:1])
		return start + 1
	}
	return start
}
