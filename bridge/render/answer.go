package render

import (
	"strings"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// answer is what an AI has answered. What it writes is Markdown, which passes through
// WhatsApp's marks, so that it can do no more than a person's text.
func (c Context) answer(a content.Answer) string {
	var parts []string
	for _, part := range a.Parts {
		switch part.Kind {
		case content.AnswerCode:
			parts = append(parts, fenced(part.Text))
		case content.AnswerTable:
			parts = append(parts, answerTable(part))
		case content.AnswerImage:
			parts = append(parts, strings.TrimSpace("📷 "+c.Texts.Text("kind.photo")+" "+part.Text))
		default:
			parts = append(parts, c.fromMarkdown(part.Text))
		}
	}
	out := stacked("🤖 "+markup.Bold(c.Texts.Text("ai")), c.text(strings.Join(parts, "\n\n")))
	if a.More {
		out = above(out, c.more())
	}
	if len(a.Parts) == 0 {
		out = stacked(out, c.Texts.Text("open.phone"))
	}
	return out
}

// fromMarkdown writes a text of Markdown with WhatsApp's marks.
func (c Context) fromMarkdown(text string) string {
	if !c.Formatting {
		return text
	}
	return markup.ToWhatsApp(text)
}

const answerFence = "```"

// brokenFence looks as answerFence does, and ends nothing.
const brokenFence = "`\u200b`\u200b`"

// fenced is a piece of a program. One that has the answerFence itself in it would end
// there, and what follows in the answer would be turned inside out.
func fenced(code string) string {
	code = strings.Trim(code, "\n")
	for strings.Contains(code, answerFence) { // again where more of its signs stand in a row
		code = strings.ReplaceAll(code, answerFence, brokenFence)
	}
	return answerFence + "\n" + code + "\n" + answerFence
}

// answerTable is a row in each line: as a table it would break on a phone.
func answerTable(t content.AnswerPart) string {
	var rows []string
	for i, cells := range t.Rows {
		var row []string
		for _, cell := range cells {
			row = append(row, strings.Join(strings.Fields(cell), " "))
		}
		line := strings.Join(row, " · ")
		if i == 0 && t.Headed && !strings.Contains(line, "*") {
			line = "*" + line + "*"
		}
		rows = append(rows, line)
	}
	return strings.Join(rows, "\n")
}
