package render

import (
	"strings"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// longestAnswer is how much of what somebody filled into a field is shown.
const longestAnswer = 1000

// form is what somebody has filled in, a line for each field.
func (c Context) form(f content.Form) string {
	first := "📝 " + markup.Bold(c.Texts.Text("flow.answered"))
	if title := markup.Line(f.Title, longestOption); title != "" {
		first += " · " + markup.Literal(title)
	}
	lines := []string{first}
	for _, field := range f.Fields {
		name := strings.ReplaceAll(markup.Line(field.Name, c.share(longestOption)), "_", " ")
		lines = append(lines, markup.Literal(name)+": "+c.answerOf(field))
	}
	if f.More {
		lines = append(lines, c.more())
	}
	out := strings.Join(lines, "\n")
	if len(f.Fields) == 0 && f.Text != "" {
		out += "\n" + c.text(f.Text)
	}
	return out
}

func (c Context) answerOf(field content.FormField) string {
	switch {
	case field.Tick != nil && *field.Tick:
		return markup.Literal(c.Texts.Text("yes"))
	case field.Tick != nil:
		return markup.Literal(c.Texts.Text("no"))
	case !field.Date.IsZero():
		return markup.Literal(date(field.Date, c.Language))
	default:
		return markup.Literal(markup.Line(field.Value, c.share(longestAnswer)))
	}
}
