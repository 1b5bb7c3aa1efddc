package compose

import (
	"strings"
	"unicode/utf8"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

const (
	// LargestCards is how large a file of contacts may be to be sent as such, in bytes.
	LargestCards = 512 << 10
	// mostCards is how many contacts are sent as such.
	mostCards = 250
)

// Cards are the contacts in a file, nil where it is not wholly made of them.
func Cards(file []byte) []content.OutgoingCard {
	text := string(file)
	if len(file) > LargestCards || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return nil
	}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(text, "\uFEFF"))
	var cards []content.OutgoingCard
	var lines []string
	depth := 0
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch property := strings.ToUpper(strings.ReplaceAll(line, " ", "")); {
		case property == "BEGIN:VCARD":
			depth++
			lines = append(lines, line)
		case property == "END:VCARD" && depth > 0:
			lines = append(lines, line)
			if depth--; depth > 0 {
				continue
			}
			name := cardName(lines)
			if name == "" || len(cards) == mostCards {
				return nil
			}
			cards = append(cards, content.OutgoingCard{Name: name, VCard: strings.Join(lines, "\n")})
			lines = nil
		case depth > 0:
			lines = append(lines, line)
		case property != "":
			return nil
		}
	}
	if depth > 0 {
		return nil
	}
	return cards
}

// cardName is what a contact is called, else its organisation or number.
func cardName(lines []string) string {
	found := map[string]string{}
	for i := 0; i < len(lines); i++ {
		key, value, ok := strings.Cut(lines[i], ":")
		if !ok {
			continue
		}
		for i+1 < len(lines) && (strings.HasPrefix(lines[i+1], " ") || strings.HasPrefix(lines[i+1], "\t")) {
			i++
			value += lines[i][1:]
		}
		key, parameters, _ := strings.Cut(strings.ToUpper(key), ";")
		if _, property, grouped := strings.Cut(key, "."); grouped {
			key = property
		}
		if strings.Contains(parameters, "QUOTED-PRINTABLE") {
			value = unquoted(value)
		}
		if value = plainValue(key, value); found[key] == "" {
			found[key] = value
		}
	}
	return firstOf(found["FN"], found["N"], found["ORG"], found["TEL"])
}

// plainValue is a property's value as people read it.
func plainValue(key, value string) string {
	value = strings.NewReplacer(`\n`, " ", `\N`, " ", `\,`, ",", `\;`, "\x01", `\\`, `\`).Replace(value)
	if key == "N" { // family;given;additional;…
		parts := strings.Split(value, ";")
		if len(parts) > 1 {
			parts[0], parts[1] = parts[1], parts[0]
		}
		value = strings.Join(parts, " ")
	}
	value = strings.ReplaceAll(strings.ReplaceAll(value, ";", " "), "\x01", ";")
	value = oneLine(value)
	runes := []rune(value)
	return strings.TrimSpace(string(runes[:min(len(runes), longestName)]))
}

// unquoted decodes what old phones write, "=C3=A9" for "é".
func unquoted(value string) string {
	var out strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] == '=' && i+2 < len(value) {
			high, low := hex(value[i+1]), hex(value[i+2])
			if high >= 0 && low >= 0 {
				out.WriteByte(byte(high<<4 | low))
				i += 2
				continue
			}
		}
		out.WriteByte(value[i])
	}
	return strings.ToValidUTF8(out.String(), "")
}

func hex(c byte) int { return strings.IndexByte("0123456789ABCDEF", upper(c)) }

func upper(c byte) byte {
	if c >= 'a' && c <= 'f' {
		return c - 'a' + 'A'
	}
	return c
}
