package markup

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/util"

	"github.com/wootbridge/wootbridge/internal/visible"
)

// kind is what a span of a line is that nothing is formatted in.
type kind int

const (
	web  kind = iota // an address with its scheme
	mail             // the address of a mailbox
	host             // an address without a scheme
	code             // `code` or ```code```
)

// span is a part of a line.
type span struct {
	kind       kind
	start, end int
}

// nextAddress finds the first thing at or after from that the dashboard may make a
// link of.
func (l *line) nextAddress(from int) (span, bool) {
	name, box := -1, -1 // where the name of a host, or of a mailbox, that is being read begins
	for i := from; i < len(l.text); {
		r, size := utf8.DecodeRuneInString(l.text[i:])
		l.steps += size
		inName := isOfHost(r)
		switch {
		case r == ':' && strings.HasPrefix(l.text[i:], "://"):
			if start := schemeStart(l.text, i); start >= from {
				if end := l.addressEnd(i+len("://"), start); end > i+len("://") {
					return span{web, start, end}, true
				}
			}
		case r == '@' && box >= 0:
			if end := l.hostEnd(i + 1); isHostName(strings.TrimRight(l.text[i+1:end], ".")) {
				return span{mail, box, i + 1 + len(strings.TrimRight(l.text[i+1:end], "."))}, true
			}
		case !inName && name >= 0:
			if found, ok := l.hostAt(name, i); ok {
				return found, true
			}
		}
		name, box = begun(name, i, inName), begun(box, i, r < utf8.RuneSelf && (isLetterOrDigit(r) || strings.ContainsRune("-;:&=+$,._", r)))
		i += size
	}
	if name >= 0 {
		return l.hostAt(name, len(l.text))
	}
	return span{}, false
}

// begun is where a run began that goes on at i, or -1.
func begun(start, i int, in bool) int {
	switch {
	case !in:
		return -1
	case start < 0:
		return i
	}
	return start
}

var schemes = []string{"https", "http", "ftp"}

// schemeStart is where the scheme before a colon begins, or -1.
func schemeStart(text string, colon int) int {
	for _, scheme := range schemes {
		start := colon - len(scheme)
		if start < 0 || !strings.EqualFold(text[start:colon], scheme) {
			continue
		}
		if !isLetterOrDigit(runeBefore(text, start)) {
			return start
		}
	}
	return -1
}

// hostAt is the address that begins with the name in [start, end).
func (l *line) hostAt(start, end int) (span, bool) {
	name := strings.TrimRight(l.text[start:end], ".")
	after := l.text[start+len(name):]
	switch before := l.text[:start]; {
	case !isHostName(name):
		return span{}, false
	case strings.HasSuffix(before, "//") && !strings.HasSuffix(before, "://"):
		start -= len("//")
		name = "//" + name
	case strings.ContainsRune(`.:/-_@\`, runeBefore(l.text, start)):
		return span{}, false
	}
	if len(name) < end-start || after == "" {
		return span{host, start, start + len(name)}, true
	}
	switch {
	case strings.IndexByte("/?#", after[0]) >= 0, after[0] == ':' && len(after) > 1 && after[1] >= '0' && after[1] <= '9':
		return span{host, start, l.addressEnd(end, start)}, true
	case after[0] == '_':
		return span{}, false
	}
	return span{host, start, end}, true
}

// hostEnd is where the name of a host ends that begins at i.
func (l *line) hostEnd(i int) int {
	for i < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[i:])
		l.steps += size
		if !isOfHost(r) {
			break
		}
		i += size
	}
	return i
}

// isOfHost reports whether a character may be a part of the name of a host. Of those
// beyond ASCII the dashboard takes emoji, too.
func isOfHost(r rune) bool {
	return r == '-' || r == '.' || isLetterOrDigit(r) || r > unicode.MaxASCII && !endsAddress(r) && !unicode.IsPunct(r)
}

// topLevels are the names of more than two letters that the dashboard takes for
// the end of an address without a scheme.
var topLevels = []string{"biz", "com", "edu", "gov", "net", "org", "pro", "web", "xxx", "aero", "asia", "coop", "info", "museum", "name", "shop", "рф"}

// isHostName reports whether a name without a scheme is made a link.
func isHostName(name string) bool {
	dot := strings.LastIndexByte(name, '.')
	if dot <= 0 || dot == len(name)-1 {
		return false
	}
	return len(name) > 4 && strings.EqualFold(name[:4], "www.") || isTopLevel(name[dot+1:])
}

func isTopLevel(label string) bool {
	label = strings.ToLower(label)
	return strings.HasPrefix(label, "xn--") || len(label) == 2 && isLetter(label[0]) && isLetter(label[1]) || slices.Contains(topLevels, label)
}

func isLetter(c byte) bool { return isLetterOrDigit(rune(c)) && c > '9' }

// addressEnd is where an address ends whose path is read from i on, without the
// punctuation that belongs to the sentence around it.
func (l *line) addressEnd(i, start int) int {
	end := len(l.text)
	if length := strings.IndexFunc(l.text[i:], endsAddress); length >= 0 {
		end = i + length
	}
	l.steps += 2 * (end - i)
	return start + len(trimAddress(l.text[start:end], l.begunBefore(start)))
}

func endsAddress(r rune) bool {
	return r == '<' || r == '>' || r == '\uff5c' || unicode.IsControl(r) || unicode.In(r, unicode.Z)
}

// closers are brackets that end a sentence's, unless they are opened in the address.
var closers = map[byte]string{')': "(", ']': "[", '}': "{"}

// begunBefore are the marks of spans that may end with an address at start. An
// asterisk ends none, and yet the dashboard never takes it for the end of an address.
func (l *line) begunBefore(start int) string {
	begun := "*"
	for i, first := range l.first {
		if first >= 0 && first < start {
			begun += marks[i : i+1]
		}
	}
	return begun
}

// trimAddress takes the punctuation off an address that belongs to the sentence
// around it, and the marks of spans that began before it.
func trimAddress(address, begun string) string {
	unopened := map[byte]int{}
	for closer, opener := range closers {
		unopened[closer] = strings.Count(address, string(closer)) - strings.Count(address, opener)
	}
	for address != "" {
		last, size := utf8.DecodeLastRuneInString(address)
		_, isCloser := closers[byte(last)]
		switch {
		case size == 1 && isCloser:
			if unopened[byte(last)] <= 0 {
				return address
			}
			unopened[byte(last)]--
		case size == 1 && strings.IndexByte("([{", byte(last)) >= 0:
			for closer, opener := range closers {
				if opener == string(last) {
					unopened[closer]++
				}
			}
		case strings.ContainsRune(`.,;:!?'"\`+"`", last), strings.ContainsRune(begun, last), last > unicode.MaxASCII && unicode.IsPunct(last):
		default:
			return address
		}
		address = address[:len(address)-size]
	}
	return address
}

// address writes an address so that it is shown and opens as it is: bare where that
// is safe, in angle brackets where a character of it means something, without a
// link where only a part of it would be one, or it would not be shown as it is.
func (l *line) address(s span) {
	address := l.text[s.start:s.end]
	l.steps += 4 * len(address)
	switch {
	case l.writer.bare:
		l.mark(address)
	case strings.ContainsFunc(address, visible.Control), s.kind == web && !hasPlainHost(address), s.kind == mail && strings.Contains(address, ":@"):
		l.unlinked(s.start, s.end)
	case s.kind == web && isBare(address) && endsBare(l.text[s.end:]), s.kind != web && l.isClean(s):
		l.mark(address)
	case s.kind == web && util.FindURLIndex([]byte(address)) == len(address), s.kind == mail && util.FindEmailIndex([]byte(address)) == len(address):
		l.mark("<" + address + ">") // this is what a CommonMark parser itself asks of an autolink
	default:
		l.unlinked(s.start, s.end)
	}
}

// hasPlainHost reports whether an address has the name of a host, and nothing
// before it that could pass for one.
func hasPlainHost(address string) bool {
	_, rest, _ := strings.Cut(address, "://")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	name, port, _ := strings.Cut(rest, ":")
	isPort := func(r rune) bool { return r >= '0' && r <= '9' }
	return strings.Trim(name, ".-") != "" && strings.IndexFunc(name, func(r rune) bool { return !isWord(r) && r != '-' && r != '.' }) < 0 &&
		strings.TrimFunc(port, isPort) == ""
}

// isBare reports whether an address with its scheme is linked as a whole without
// anything around it.
func isBare(address string) bool {
	return !strings.ContainsAny(address, "*_~`\"'[](){}|\\&^") && !hasRuns(address) && strings.IndexFunc(address, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

// hasRuns reports whether the typographer would change a text, or the dashboard end
// an address in it.
func hasRuns(text string) bool {
	for _, run := range []string{"--", "..", ",,", "+-", "!", "?!", "??"} {
		if strings.Contains(text, run) {
			return true
		}
	}
	return false
}

// endsBare reports whether a bare address ends where it should before such a text.
func endsBare(after string) bool {
	if after == "" || after[0] == ')' {
		return true
	}
	r, _ := utf8.DecodeRuneInString(after)
	if strings.IndexByte(".,;!?", after[0]) >= 0 {
		r = runeAt(after, 1)
	}
	return unicode.IsSpace(r)
}

// isClean reports whether an address without a scheme is shown as it is, and linked
// as a whole.
func (l *line) isClean(s span) bool {
	for i := s.start; i < s.end; i++ {
		if c := l.text[i]; strings.IndexByte("[]{}|\\", c) >= 0 || l.means(i, c) {
			return false
		}
	}
	return !hasRuns(l.text[s.start:s.end])
}
