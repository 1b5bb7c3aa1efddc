package markup

import "strings"

// writer collects content, in one pass over the text.
type writer struct {
	style
	out strings.Builder
	// last is the last byte written, 0 at the beginning.
	last byte
	// slash says that it is a backslash that stands for itself. Before punctuation
	// and line ends it has to be escaped.
	slash bool
	// defines says that a line that begins with a bracket may be taken for the
	// definition of a link, of which nothing is shown.
	defines bool
	// steps counts the bytes that were looked at.
	steps int
}

// Len is how much was written.
func (w *writer) Len() int { return w.out.Len() }

// String is the content.
func (w *writer) String() string {
	w.settle()
	return strings.TrimRight(w.out.String(), " \n")
}

func (w *writer) grow(n int) { w.out.Grow(n + n/8) }

func (w *writer) atLineStart() bool { return w.last == 0 || w.last == '\n' }

func (w *writer) newline() { w.mark("\n") }

// settle escapes a backslash before something that it would take the meaning from.
func (w *writer) settle() {
	if w.slash && !w.bare {
		w.out.WriteByte('\\')
		w.slash = false
	}
}

// mark writes what the dashboard reads as markdown, or what surely stands for
// itself.
func (w *writer) mark(s string) {
	if s == "" {
		return
	}
	w.settle()
	w.out.WriteString(s)
	w.last = s[len(s)-1]
}

// escaped writes one character of punctuation that stands for itself.
func (w *writer) escaped(s string) {
	if w.bare {
		w.mark(s)
	} else {
		w.mark(`\` + s)
	}
}

// format writes a mark of formatting.
func (w *writer) format(s string) {
	if !w.bare {
		w.mark(s)
	}
}

// letter writes a character, or the same one several times, that stands for itself
// without a backslash.
func (w *writer) letter(s string) {
	if s == "" {
		return
	}
	if isPunct(rune(s[0])) {
		w.settle()
	}
	w.slash = s == `\`
	w.out.WriteString(s)
	w.last = s[len(s)-1]
}
