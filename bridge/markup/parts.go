package markup

import "strings"

// part is as much of a text as a tree is made of at once.
type part struct {
	text    string
	literal bool // it is too full of marks to mean any of them
}

// The cost of a tree grows with the product of length and marks, so both are bounded.
const (
	longestPart = 8192
	mostMarks   = 1000
)

// parts cuts a text into what trees are made of: at empty lines, where it is long,
// and around monospace text that WhatsApp knows and markdown does not. What an agent
// types is usually one.
func parts(text string) []part {
	var all []part
	for text != "" {
		start, stop := monospaceWithin(text)
		for before := text[:start]; before != ""; {
			end := len(before)
			if end > longestPart {
				end = cutAt(before)
			}
			all = append(all, part{before[:end], countMarks(before[:end]) > mostMarks})
			before = before[end:]
		}
		if start < stop {
			all = append(all, part{text[start:stop], true})
		}
		text = text[stop:]
	}
	return all
}

// monospaceWithin finds ```text``` of several lines that begins within a line; markdown
// knows it only from the beginning of one.
func monospaceWithin(text string) (start, stop int) {
	block := "" // the mark of the block of code that a line stands in
	for line := 0; line < len(text); {
		next := len(text)
		if length := strings.IndexByte(text[line:], '\n'); length >= 0 {
			next = line + length + 1
		}
		current := strings.TrimSpace(text[line:next])
		switch {
		case block != "":
			if strings.HasPrefix(current, block) {
				block = ""
			}
		case strings.HasPrefix(current, "~~~"), strings.HasPrefix(current, fence) && !strings.Contains(strings.TrimLeft(current, "`"), "`"):
			block = current[:len(fence)]
		case strings.Count(current, fence)%2 == 1:
			start := line + strings.LastIndex(text[line:next], fence)
			if length := strings.Index(text[next:], fence); length >= 0 {
				return start, next + length + len(fence)
			}
			return len(text), len(text)
		}
		line = next
	}
	return len(text), len(text)
}

// cutAt is where a long text is cut: after the last empty line outside of monospace
// blocks, else the last line, else the last space.
func cutAt(text string) int {
	window := text[:longestPart]
	at, line, fenced := 0, 0, false
	for line < len(window) {
		length := strings.IndexByte(window[line:], '\n')
		if length < 0 {
			break
		}
		current := strings.TrimSpace(window[line : line+length])
		fenced = fenced != (strings.HasPrefix(current, fence) || strings.HasPrefix(current, "~~~"))
		line += length + 1
		if current == "" && !fenced {
			at = line
		}
	}
	if at > 0 {
		return at
	}
	if line > 0 {
		return line
	}
	if space := strings.LastIndexByte(window, ' '); space > 0 {
		return space + 1
	}
	for end := longestPart; ; end-- {
		if text[end]&0xC0 != 0x80 { // no character is cut
			return end
		}
	}
}

// countMarks counts what may be a mark of a span or a block.
func countMarks(text string) int {
	n := 0
	for i := range len(text) {
		c, next := text[i], byte(' ')
		if i+1 < len(text) {
			next = text[i+1]
		}
		if strings.IndexByte("*_~`<!#&\\", c) >= 0 && next != c || strings.IndexByte("[]>", c) >= 0 || strings.IndexByte("-+.)", c) >= 0 && next == ' ' {
			n++
		}
	}
	return n
}
