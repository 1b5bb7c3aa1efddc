package markup

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// line is one line of a text, on its way into the content.
type line struct {
	*writer
	text string
	// fixed are the parts that nothing is formatted in, in order; next is the first
	// that was not written.
	fixed []span
	next  int
	// ends are the places where a span of a mark may end, in order, without those
	// that were passed.
	ends [3][]int
	// first is where each mark stands first, -1 for nowhere.
	first [3]int
}

// marks are WhatsApp's formatting characters.
const marks = "*_~"

// line writes a line from a place on.
func (w *writer) line(text string, start int) {
	l := &line{writer: w, text: text}
	if !w.links {
		l.plain(start)
		return
	}
	l.fix(start)
	if w.formatting {
		l.findEnds(start)
	}
	l.write(start, len(text), "")
}

// fix finds code and addresses.
func (l *line) fix(start int) {
	for i := range marks {
		l.first[i] = strings.IndexByte(l.text, marks[i])
	}
	address, more := l.nextAddress(start)
	tick := l.nextTick(start)
	for more || tick < len(l.text) {
		if more && address.start < tick {
			l.fixed = append(l.fixed, address)
		} else if end := l.codeEnd(tick); end > 0 {
			l.fixed = append(l.fixed, span{code, tick, end})
		} else {
			tick = l.nextTick(tick + 1)
			continue
		}
		end := l.fixed[len(l.fixed)-1].end
		if tick < end {
			tick = l.nextTick(end)
		}
		if more && address.start < end {
			address, more = l.nextAddress(end)
		}
	}
}

// nextTick is where the next backtick is that may begin code, or the end.
func (l *line) nextTick(from int) int {
	if !l.formatting {
		return len(l.text)
	}
	i := strings.IndexByte(l.text[from:], '`')
	if i < 0 {
		i = len(l.text) - from
	}
	l.steps += i
	return from + i
}

// codeEnd is where the code ends that begins with the tick at i, or -1.
func (l *line) codeEnd(i int) int {
	if before := runeBefore(l.text, i); isWord(before) || before == '`' {
		return -1
	}
	rest := l.text[i+1:]
	if strings.HasPrefix(rest, "``") {
		rest = rest[2:]
		length := strings.Index(rest, fence)
		if length < 0 || !isMonospace(rest[:length], rest[length+len(fence):]) {
			return -1
		}
		l.steps += length
		return i + len(fence) + length + len(fence)
	}
	length := strings.IndexByte(rest, '`')
	l.steps += max(length, 0)
	if length <= 0 || rest[0] == ' ' || rest[length-1] == ' ' || strings.HasPrefix(rest[length+1:], "`") {
		return -1
	}
	return i + 1 + length + 1
}

// findEnds finds the places where formatted spans may end.
func (l *line) findEnds(start int) {
	fixed := l.fixed
	for i := start; i < len(l.text); i++ {
		for len(fixed) > 0 && i >= fixed[0].end {
			fixed = fixed[1:]
		}
		if len(fixed) > 0 && i >= fixed[0].start {
			i = fixed[0].end - 1
			continue
		}
		l.steps++
		c := l.text[i]
		which := strings.IndexByte(marks, c)
		if which < 0 || runeBefore(l.text, i) == rune(c) || runeAt(l.text, i+1) == rune(c) {
			continue
		}
		if closes(l.before(i), l.after(i+1)) {
			l.ends[which] = append(l.ends[which], i)
		}
	}
}

// before is what stands before i, which is not within a fixed part.
func (l *line) before(i int) around {
	if i == 0 {
		return nothing
	}
	at, _ := slices.BinarySearchFunc(l.fixed, i, func(s span, i int) int { return cmp.Compare(s.end, i) })
	return around{runeBefore(l.text, i), at < len(l.fixed) && l.fixed[at].end == i && l.fixed[at].kind != code}
}

// after is what stands at i.
func (l *line) after(i int) around {
	if i >= len(l.text) {
		return nothing
	}
	at, found := l.fixedFrom(i)
	return around{runeAt(l.text, i), found && l.fixed[at].kind != code}
}

// fixedFrom finds the fixed part that begins at i.
func (l *line) fixedFrom(i int) (at int, found bool) {
	return slices.BinarySearchFunc(l.fixed, i, func(s span, i int) int { return cmp.Compare(s.start, i) })
}

// write writes a part of the line. within are the marks of the spans around it.
func (l *line) write(i, end int, within string) {
	for i < end {
		if l.next < len(l.fixed) && l.fixed[l.next].start == i {
			s := l.fixed[l.next]
			l.next++
			if s.kind == code {
				l.code(l.text[s.start:s.end])
			} else {
				l.address(s)
			}
			i = s.end
			continue
		}
		if close := l.spanEnd(i, end, within); close > 0 {
			mark := l.markOf(i, close)
			l.border(i, mark)
			l.write(i+1, close, within+l.text[i:i+1])
			l.border(close, mark)
			i = close + 1
			continue
		}
		i = l.literal(i, end)
	}
}

// code writes code within a line.
func (l *line) code(text string) {
	inside := strings.Trim(text, "`")
	ticks := text[:(len(text)-len(inside))/2]
	if pad := strings.TrimSpace(inside); pad != inside {
		inside = " " + pad + " " // of which the dashboard takes one away on both sides
	}
	l.format(ticks)
	l.mark(inside)
	l.format(ticks)
}

// border writes the mark at i as markdown's, or as it is where there is none.
func (l *line) border(i int, mark string) {
	if mark == "" {
		l.literal(i, i+1)
	} else {
		l.format(mark)
	}
}

// spanEnd is where the formatted span ends that begins at i, or 0.
func (l *line) spanEnd(i, end int, within string) int {
	c := l.text[i]
	which := strings.IndexByte(marks, c)
	if !l.formatting || which < 0 || strings.IndexByte(within, c) >= 0 || runeBefore(l.text, i) == rune(c) || runeAt(l.text, i+1) == rune(c) || !opens(l.before(i), l.after(i+1)) {
		return 0
	}
	ends := l.ends[which]
	for len(ends) > 0 && ends[0] < i+2 {
		ends = ends[1:]
	}
	l.ends[which] = ends
	if len(ends) == 0 || ends[0] >= end {
		return 0
	}
	return ends[0]
}

// markOf is how the span between two of WhatsApp's marks is marked in markdown; "" if
// it cannot be.
func (l *line) markOf(i, close int) string {
	opening, openingUnderscore := isRead(l.after(i+1), l.before(i))
	closing, closingUnderscore := isRead(l.before(close), l.after(close+1))
	switch c := l.text[i]; {
	case !opening || !closing:
		return ""
	case c == '*':
		return "**"
	case c == '~':
		return "~~"
	case openingUnderscore && closingUnderscore:
		return "_"
	case runeBefore(l.text, i) == '*' || runeAt(l.text, close+1) == '*':
		return "" // the two would be read as one
	}
	return "*"
}

// runAt is where a run of some characters ends that begins at i.
func (l *line) runAt(i, end int, in string) int {
	j := i
	for j < end && strings.IndexByte(in, l.text[j]) >= 0 {
		j++
	}
	l.steps += j - i
	return j
}

// characterEnd is where the character at i ends.
func (l *line) characterEnd(i int) int {
	_, size := utf8.DecodeRuneInString(l.text[i:])
	l.steps += size
	return i + size
}
