package lines

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/catalogue"
)

// Document is docs/settings.md: the table of settings for people.
func Document(language string) string {
	var out strings.Builder
	out.WriteString("# Settings of a line\n\n" +
		"Every line has these settings. They are changed while the bridge runs, with\n" +
		"`wootbridge lines set LINE NAME=VALUE`, or by `PATCH /api/v1/lines/{id}`. This page is\n" +
		"made from the program's own table.\n\n" +
		"| setting | type | default | may be | what it does |\n|---|---|---|---|---|\n")
	for _, row := range Table() {
		fmt.Fprintf(&out, "| `%s` | %s | `%s` | %s | %s |\n", row.Name, row.Type, row.Default, row.Allowed, row.Help(language))
	}
	return out.String()
}

// TextsDocument is docs/texts.md: what a line may say in words of its own.
func TextsDocument() string {
	var out strings.Builder
	out.WriteString("# Texts that agents read\n\n" +
		"What the bridge itself says in Chatwoot, in the line's language. The setting `texts` replaces\n" +
		"texts of a line by your own:\n\n" +
		"    wootbridge lines set LINE 'texts={\"deleted\":\"{name} took this message back\"}'\n\n" +
		"The object is taken as a whole: `texts={}` brings all texts of the language back. Placeholders\n" +
		"such as `{name}` stay. A text is one line of at most 500 characters, 120 for those that begin with\n" +
		"`fail.`. This page is made from the program's own texts.\n\n" +
		"| key | English | Português (Brasil) | Español |\n|---|---|---|---|\n")
	for _, key := range slices.Sorted(slices.Values(catalogue.For("en").Keys())) {
		if !catalogue.Overridable(key) {
			continue
		}
		fmt.Fprintf(&out, "| `%s` |", key)
		for _, language := range []string{"en", "pt-BR", "es"} {
			fmt.Fprintf(&out, " %s |", catalogue.For(language).Text(key))
		}
		out.WriteString("\n")
	}
	return out.String()
}
