package markup

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ToMarkdown turns a WhatsApp text into the content of a Chatwoot message.
func ToMarkdown(text string) string { return convert(text, true) }

// Escape turns a plain text into content that shows it as it is, without any
// formatting.
func Escape(text string) string { return convert(text, false) }

// Bold shows a plain text in bold.
func Bold(text string) string {
	text = strings.TrimSpace(Escape(strings.ReplaceAll(text, "\n", " ")))
	if text == "" {
		return ""
	}
	return "**" + text + "**"
}

const nbsp = "\u00a0"

func convert(text string, formatting bool) string {
	text = strings.NewReplacer("\x00", "", "\r\n", "\n", "\r", "\n").Replace(text)
	var out strings.Builder
	out.Grow(len(text) + len(text)/8)
	links := strings.Contains(text, "](") || strings.Contains(text, "]:") || strings.Contains(text, "][")
	for text != "" {
		before, code, after, found := cutFence(text, formatting)
		writeLines(&out, before, formatting, links)
		if found {
			writeFence(&out, code)
		}
		text = after
	}
	return strings.TrimRight(out.String(), " \n")
}

// cutFence splits a text at its first ```monospace```.
func cutFence(text string, formatting bool) (before, code, after string, found bool) {
	if !formatting {
		return text, "", "", false
	}
	before, rest, ok := strings.Cut(text, "```")
	if !ok {
		return text, "", "", false
	}
	code, after, ok = strings.Cut(rest, "```")
	if !ok || strings.TrimSpace(code) == "" || strings.HasPrefix(code, "`") || strings.HasSuffix(code, "`") || strings.HasPrefix(after, "`") {
		return text, "", "", false
	}
	return before, code, after, true
}

// writeFence writes monospace text: a span within a line, a block for more.
func writeFence(out *strings.Builder, code string) {
	if !strings.Contains(code, "\n") {
		out.WriteString("``` " + strings.TrimSpace(code) + " ```")
		return
	}
	if out.Len() > 0 && !strings.HasSuffix(out.String(), "\n") {
		out.WriteString("\n")
	}
	out.WriteString("```\n" + strings.Trim(code, "\n") + "\n```\n")
}

func writeLines(out *strings.Builder, text string, formatting, links bool) {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if i > 0 {
			out.WriteString("\n")
		}
		atStart := out.Len() == 0 || strings.HasSuffix(out.String(), "\n")
		if strings.TrimSpace(line) == "" {
			if atStart && i > 0 && i < len(lines)-1 && (blank(lines[i-1]) || blank(lines[i+1])) {
				out.WriteString(nbsp) // or several empty lines become one
			} else if line != "" && !atStart {
				out.WriteString(" ")
			}
			continue
		}
		if atStart {
			line = writeLineStart(out, line)
		}
		writeInline(out, line, formatting, links)
	}
}

func blank(line string) bool { return strings.TrimSpace(line) == "" }

var (
	bullet    = regexp.MustCompile(`^[-+*](\s|$)`)
	number    = regexp.MustCompile(`^(\d{1,9})([.)])(\s|$)`)
	heading   = regexp.MustCompile(`^#{1,6}(\s|$)`)
	underline = regexp.MustCompile(`^(=+|-[- ]*)\s*$`)
	tableRow  = regexp.MustCompile(`^[|:\s-]*-[|:\s-]*$`)
)

// writeLineStart keeps a line from being indented away or taken for a block,
// and gives what is left of it.
func writeLineStart(out *strings.Builder, line string) string {
	for line != "" && strings.IndexByte(" \t\v\f", line[0]) >= 0 {
		if line[0] == '\t' {
			out.WriteString(strings.Repeat(nbsp, 4))
		} else {
			out.WriteString(nbsp)
		}
		line = line[1:]
	}
	if m := number.FindStringSubmatch(line); m != nil {
		out.WriteString(m[1] + `\` + m[2])
		return line[len(m[1])+1:]
	}
	if line[0] == '>' || bullet.MatchString(line) || heading.MatchString(line) || underline.MatchString(line) || tableRow.MatchString(line) {
		out.WriteString(`\` + line[:1])
		return line[1:]
	}
	return line
}

// writeInline writes the rest of a line.
func writeInline(out *strings.Builder, line string, formatting, links bool) {
	previous := ' '
	for i := 0; i < len(line); {
		if !isWord(previous) { // first, so that a text is not searched to its end again and again
			if address := webAddress(line[i:]); writeAddress(out, address) {
				i += len(address)
				previous = 'x'
				continue
			}
		}
		if formatting {
			if n := writeMark(out, line, i, previous, links); n > 0 {
				i += n
				previous = rune(line[i-1])
				continue
			}
		}
		r, size := utf8.DecodeRuneInString(line[i:])
		writeRune(out, line, i, r, previous, links)
		previous = r
		i += size
	}
}

// marks are WhatsApp's formatting characters and their markdown.
var marks = map[byte]string{'*': "**", '_': "_", '~': "~~"}

// writeMark writes a formatted span that begins at i, and gives its length, or
// 0 when none begins there.
func writeMark(out *strings.Builder, line string, i int, previous rune, links bool) int {
	c := line[i]
	if !isBorder(previous) {
		return 0
	}
	if c == '`' {
		end := strings.IndexByte(line[i+1:], '`')
		if end <= 0 || line[i+1] == ' ' || line[i+end] == ' ' || strings.HasPrefix(line[i+end+1:], "``") {
			return 0
		}
		out.WriteString(line[i : i+end+2])
		return end + 2
	}
	mark, ok := marks[c]
	if !ok {
		return 0
	}
	end := closing(line, i)
	if end < 0 {
		return 0
	}
	inner := line[i+1 : end]
	out.WriteString(mark)
	writeInline(out, inner, true, links)
	out.WriteString(mark)
	return end - i + 1
}

// maxSpan bounds how far a closing mark is looked for, so that a text full of
// opening ones stays cheap.
const maxSpan = 4096

// closing finds the mark that closes the one at i.
func closing(line string, i int) int {
	c := line[i]
	if i+1 >= len(line) || line[i+1] == c {
		return -1
	}
	if first, _ := utf8.DecodeRuneInString(line[i+1:]); unicode.IsSpace(first) {
		return -1
	}
	for j := i + 2; j < len(line) && j < i+maxSpan; j++ {
		if line[j] != c {
			continue
		}
		last, _ := utf8.DecodeLastRuneInString(line[:j])
		next, _ := utf8.DecodeRuneInString(line[j+1:])
		if j+1 == len(line) {
			next = ' '
		}
		if !unicode.IsSpace(last) && isBorder(next) && next != rune(c) && last != rune(c) && last != '\\' {
			return j
		}
	}
	return -1
}

// isBorder reports whether a mark beside r opens or closes, both on WhatsApp
// and in the dashboard.
func isBorder(r rune) bool { return unicode.IsSpace(r) || (r < utf8.RuneSelf && isPunct(r)) }

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func isPunct(r rune) bool {
	return r > ' ' && r < 0x7f && !isWord(r)
}
