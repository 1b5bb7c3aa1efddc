package render

import (
	"html"
	"time"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// Late is the line before a message that came late: it says when the message was
// sent, in the time zone of the agents and as people who speak the language
// write a date. form is Pill or Note.
func Late(m content.Message, zone *time.Location, language string, form Form, c Context) Post {
	sent := m.At.In(zone)
	text := c.Texts.Text("late", "date", date(sent, language), "time", sent.Format("15:04"))
	p := Post{SourceID: sourceid.Derived(m.ID, sourceid.Late), Form: form, Content: html.EscapeString(text)}
	if form == Note {
		p.Content = markup.Escape(text)
	}
	return p
}

// date writes a day as people who speak the language do.
func date(day time.Time, language string) string {
	if language == "pt-BR" || language == "es" {
		return day.Format("02/01/2006")
	}
	return day.Format("2 January 2006")
}
