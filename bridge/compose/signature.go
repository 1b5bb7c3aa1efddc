package compose

import (
	"strings"
	"unicode"

	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// longestName bounds an agent's name in a signature, in characters.
const longestName = 80

// Signature is what stands above an agent's message, or "". Bots, automation and templates
// are nobody who signs. last is the person whose name stood above the message before.
func Signature(author chatwoot.Author, s lines.Settings, last int64) string {
	name := signedName(author.Name)
	if s.Signature == lines.SignatureOff || author.Type != "user" || name == "" {
		return ""
	}
	if s.SignatureWhen == lines.SignAgentChanged && author.ID == last {
		return ""
	}
	if s.Signature == lines.SignatureName {
		return "*" + name + ":*"
	}
	return strings.ReplaceAll(s.SignatureTemplate, "{name}", name)
}

// signedName is a name that stays within its line and its bold.
func signedName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune("*_~`", r), unicode.In(r, unicode.Cf):
			return -1
		case unicode.IsSpace(r), unicode.IsControl(r):
			return ' '
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	runes := []rune(strings.Join(strings.Fields(name), " "))
	return strings.TrimSpace(string(runes[:min(len(runes), longestName)]))
}

// Signed is a text below its signature. What begins a block on WhatsApp, such as a list
// or a quote, does so on a line of its own there too.
func Signed(signature, text string) string {
	if signature == "" || strings.TrimSpace(text) == "" {
		return text
	}
	return signature + "\n" + text
}
