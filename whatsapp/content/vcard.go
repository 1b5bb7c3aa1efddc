package content

import (
	"encoding/base64"
	"io"
	"iter"
	"mime/quotedprintable"
	"strings"
	"unicode/utf8"
)

// vCard is what people read of a card. Phones, programs and old address books write
// cards in three versions of the format, and seldom keep to one: whatever cannot be read
// of one is left out, and the rest is there.
type vCard struct {
	formatted, structured, nickname, business, organisation string
	numbers, mails                                          []string
	moreNumbers                                             bool
}

// mostNumbers is how many numbers, and how many addresses, are taken over from a card.
const mostNumbers = 20

// readVCard reads the first card in a text.
func readVCard(text string) vCard {
	var card vCard
	for line := range vCardLines(text) {
		property, ok := readProperty(line)
		if !ok {
			continue
		}
		switch property.name {
		case "END":
			return card
		case "FN":
			keepFirst(&card.formatted, unescaped(property.text()))
		case "N":
			keepFirst(&card.structured, structuredName(property.text()))
		case "NICKNAME":
			keepFirst(&card.nickname, unescaped(property.text()))
		case "X-WA-BIZ-NAME":
			keepFirst(&card.business, unescaped(property.text()))
		case "ORG":
			keepFirst(&card.organisation, joined(components(property.text()), ", "))
		case "TEL":
			card.numbers = keepNew(card.numbers, property.number(), &card.moreNumbers)
		case "EMAIL":
			card.mails = keepNew(card.mails, oneLine(unescaped(property.text())), new(bool))
		}
	}
	return card
}

func keepFirst(into *string, text string) {
	if *into == "" {
		*into = PersonName(text)
	}
}

func keepNew(all []string, one string, more *bool) []string {
	if one == "" {
		return all
	}
	for _, known := range all {
		if known == one {
			return all
		}
	}
	if len(all) == mostNumbers {
		*more = true
		return all
	}
	return append(all, one)
}

// vCardLines gives the lines of a card, put together where they are folded: the next
// line begins with a blank, or the last one ends, in quoted-printable, with "=".
func vCardLines(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(text, "\uFEFF"))
		var whole strings.Builder
		quoted, began := false, false
		for line := range strings.SplitSeq(text, "\n") {
			switch {
			case quoted && strings.HasSuffix(whole.String(), "="):
				whole.WriteString("\n" + line)
			case began && line != "" && (line[0] == ' ' || line[0] == '\t'):
				whole.WriteString(line[1:])
			default:
				if began && !yield(whole.String()) {
					return
				}
				whole.Reset()
				whole.WriteString(line)
				began, quoted = true, isQuotedPrintable(line)
			}
		}
		if began {
			yield(whole.String())
		}
	}
}

func isQuotedPrintable(line string) bool {
	head, _, _ := strings.Cut(line, ":")
	return strings.Contains(strings.ToUpper(head), "QUOTED-PRINTABLE")
}

// property is a line of a card: item1.TEL;waid=5511999990003;type=CELL:+55 11 …
type property struct {
	name, value string
	parameters  []string // as written
}

func readProperty(line string) (property, bool) {
	head, value, ok := cutUnquoted(line, ':')
	if !ok {
		return property{}, false
	}
	name, rest, _ := cutUnquoted(head, ';')
	if at := strings.LastIndexByte(name, '.'); at >= 0 { // a group
		name = name[at+1:]
	}
	p := property{name: strings.ToUpper(strings.TrimSpace(name)), value: value}
	const mostParameters = 32
	for rest != "" && len(p.parameters) < mostParameters {
		var one string
		one, rest, _ = cutUnquoted(rest, ';')
		p.parameters = append(p.parameters, strings.TrimSpace(one))
	}
	return p, true
}

// cutUnquoted is strings.Cut at a character that is not between quotes.
func cutUnquoted(text string, at byte) (before, after string, found bool) {
	quoted := false
	for i := range len(text) {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == at && !quoted:
			return text[:i], text[i+1:], true
		}
	}
	if quoted { // a quote that nobody ends quotes nothing
		return strings.Cut(text, string(at))
	}
	return text, "", false
}

// parameter is the value of a parameter, and whether it is there. The oldest cards name
// only the value: FN;QUOTED-PRINTABLE.
func (p property) parameter(name string) (string, bool) {
	for _, parameter := range p.parameters {
		key, value, _ := strings.Cut(parameter, "=")
		if strings.EqualFold(key, name) {
			return strings.Trim(value, `" `), true
		}
	}
	return "", false
}

func (p property) encoded(as string) bool {
	encoding, named := p.parameter("ENCODING")
	_, bare := p.parameter(as)
	return named && strings.EqualFold(encoding, as) || bare
}

// longestProperty is how much of a value is read. Pictures are longer; nobody reads them.
const longestProperty = 16 << 10

// text is the value in UTF-8, with its own escapes still in it.
func (p property) text() string {
	text := p.value
	if len(text) > longestProperty {
		text = text[:longestProperty]
	}
	switch {
	case p.encoded("QUOTED-PRINTABLE"):
		// What is read until a mistake is good.
		plain, _ := io.ReadAll(quotedprintable.NewReader(strings.NewReader(text)))
		text = string(plain)
	case p.encoded("BASE64"), p.encoded("B"):
		plain, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil {
			return ""
		}
		text = string(plain)
	}
	charset, _ := p.parameter("CHARSET")
	if strings.EqualFold(charset, "ISO-8859-1") || strings.EqualFold(charset, "WINDOWS-1252") || !utf8.ValidString(text) && len(p.value) <= longestProperty {
		text = fromLatin1(text)
	}
	return clean(text)
}

// fromLatin1 reads the letters of western Europe, each of which is a byte.
func fromLatin1(text string) string {
	runes := make([]rune, len(text))
	for i := range len(text) {
		runes[i] = rune(text[i])
	}
	return string(runes)
}

// number is a telephone number as the card has it; where that says nothing of the
// country, as WhatsApp knows it.
func (p property) number() string {
	number := oneLine(unescaped(p.text()))
	if rest, uri := cutPrefixFold(number, "tel:"); uri {
		number, _, _ = strings.Cut(rest, ";")
	}
	waid, _ := p.parameter("waid")
	if !strings.HasPrefix(number, "+") && isNumber(waid) {
		return "+" + waid
	}
	return cut(number, longestNumber)
}

const longestNumber = 40

func isNumber(digits string) bool {
	const shortest, longest = 5, 20
	if len(digits) < shortest || len(digits) > longest {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}

func cutPrefixFold(text, prefix string) (string, bool) {
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return text, false
	}
	return text[len(prefix):], true
}

// oneLine is a text in one line, without what commands the display.
func oneLine(text string) string { return PersonName(text) }

// components are the parts of a value between semicolons.
func components(text string) []string {
	const most = 16
	var all []string
	for len(all) < most {
		end := 0
		for end < len(text) && text[end] != ';' {
			if text[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end, len(text))
		all = append(all, unescaped(text[:end]))
		if end == len(text) {
			break
		}
		text = text[end+1:]
	}
	return all
}

// unescaped resolves \n, \, and the like.
func unescaped(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			out.WriteByte(text[i])
			continue
		}
		i++
		switch text[i] {
		case 'n', 'N':
			out.WriteByte('\n')
		case '\\', ',', ';', ':':
			out.WriteByte(text[i])
		default:
			out.WriteString(text[i-1 : i+1])
		}
	}
	return out.String()
}

// structuredName puts a name together whose parts are family, given, further names,
// what stands before and what after.
func structuredName(text string) string {
	parts := append(components(text), "", "", "", "", "")
	return joined([]string{parts[3], parts[1], parts[2], parts[0], parts[4]}, " ")
}

func joined(parts []string, by string) string {
	var full []string
	for _, part := range parts {
		if part = strings.TrimSpace(part); part != "" {
			full = append(full, part)
		}
	}
	return strings.Join(full, by)
}
