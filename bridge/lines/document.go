package lines

import (
	"fmt"
	"strings"
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
