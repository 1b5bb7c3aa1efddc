package render

import (
	"strings"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// longestOption is how much of an answer or a row is shown, longestQuestion of what is
// asked. WhatsApp itself allows 100 and 255.
const longestOption, longestQuestion = 100, 255

// poll is a question and its answers, each in a line: as a list they would be pale and
// twice as high. The question stands first, as the list of conversations shows that.
func (c Context) poll(p content.Poll) string {
	lines := []string{"📊"}
	if question := markup.Line(c.named(p.Question), longestQuestion); question != "" {
		lines[0] += " " + markup.Bold(question)
	}
	for _, option := range p.Options {
		lines = append(lines, "☐ "+markup.Literal(markup.Line(c.named(option), longestOption)))
	}
	if p.More {
		lines = append(lines, c.more())
	}
	how := "poll.many"
	if p.One {
		how = "poll.one"
	}
	return strings.Join(append(lines, "*"+markup.Literal(c.Texts.Text(how))+"*"), "\n")
}

// more stands below what is not all.
func (c Context) more() string { return "… " + c.Texts.Text("open.phone") }

// choice is what somebody has chosen, which nobody is to take for typed text.
func (c Context) choice(chosen content.Choice) string {
	out := "☑"
	if title := markup.Line(chosen.Title, longestQuestion); title != "" {
		out += " " + markup.Bold(title)
	}
	if chosen.Description != "" {
		out += "\n" + c.text(chosen.Description)
	}
	return out
}
