package render

import (
	"html"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

const (
	// peopleNamed is how many people a line names; of the others it says how many.
	peopleNamed = 5
	// longestChange is how much of a text a line shows, in characters.
	longestChange = 160
)

// happening is one small line for what happened at once.
func (c Context) happening(m content.Message, h content.Happening) []Post {
	var told []string
	for _, change := range h.Changes {
		if text := c.change(m, h, change); text != "" && !slices.Contains(told, text) {
			told = append(told, text)
		}
	}
	if len(told) == 0 {
		return nil
	}
	p := Post{SourceID: sourceid.Of(m.ID), Form: Pill, Content: html.EscapeString(strings.Join(told, " · "))}
	if c.EventsAsNotes {
		p.Form, p.Content = Note, markup.ProtectLiquid(markup.Literal(strings.Join(told, " · ")))
	}
	return []Post{p}
}

// numbered are changes in which a single person has a sentence of its own if it is the
// line's account, and several have another one.
var numbered = map[content.ChangeKind]bool{
	content.GroupJoined: true, content.GroupLeft: true, content.GroupAdmin: true, content.GroupNoAdmin: true,
	content.GroupAdded: true, content.GroupRemoved: true, content.GroupRequested: true,
}

// change says one change, as plain text.
func (c Context) change(m content.Message, h content.Happening, change content.Change) string {
	actor := h.By
	if actor.Address.JID == "" {
		actor = content.Party{Address: m.Sender, Name: m.PushName}
	}
	if change.Kind == content.GroupAddedHere && (h.By.Own || h.By.Address.JID == "") { // by an invitation
		change.Kind, change.People = content.GroupJoined, []content.Party{{Own: true}}
	}
	key := string(change.Kind)
	if numbered[change.Kind] {
		switch several := len(change.People)+change.More > 1; {
		case several && c.Texts.Has(key+".many"):
			key += ".many"
		case !several && change.People[0].Own && c.Texts.Has(key+".you"):
			key += ".you"
		}
	}
	by, name := c.whom(actor), c.people(change)
	if name == "" {
		name = by // whoever did it is all there is to name
	}
	text := markup.Line(change.Text, longestChange)
	return c.Texts.Text(key, "actor", by, "name", name, "subject", text, "text", text, "time", c.lasting(change.Seconds))
}

// whom names somebody as plain text, without ever showing a hidden id.
func (c Context) whom(p content.Party) string {
	if p.Own {
		return c.Texts.Text("you")
	}
	if name := markup.Name(p.Name); name != "" {
		return name
	}
	if number := numberOf(p.Address); number != "" {
		return markup.Name(number)
	}
	return c.Texts.Text("somebody")
}

// numberOf is the number in an address, or "".
func numberOf(a content.Address) string {
	for _, jid := range []string{a.JID, a.Alt} {
		if strings.HasSuffix(jid, "@s.whatsapp.net") {
			return "+" + user(jid)
		}
	}
	return ""
}

// people lists whom a change is about. Where a number changed, numbers are what matters.
func (c Context) people(change content.Change) string {
	names := make([]string, 0, peopleNamed)
	for i, p := range change.People {
		if i == peopleNamed {
			break
		}
		if number := numberOf(p.Address); number != "" && (change.Kind == content.GroupNumber || change.Kind == content.NumberChanged) {
			p = content.Party{Name: number}
		}
		names = append(names, c.whom(p))
	}
	return c.enumerate(names, len(change.People)-len(names)+change.More)
}

// enumerate lists names as people do, and says how many more there are.
func (c Context) enumerate(names []string, more int) string {
	switch last := len(names) - 1; {
	case last < 0:
		return ""
	case more > 0:
		return c.Texts.Text("people.more", "names", strings.Join(names, ", "), "n", strconv.Itoa(more))
	case last == 0:
		return names[0]
	default:
		return c.Texts.Text("people.and", "names", strings.Join(names[:last], ", "), "name", names[last])
	}
}

// lasting is how long something lasts, at most a hundred years.
func (c Context) lasting(seconds int64) string {
	const century = 100 * 365 * 24 * 60 * 60
	return c.duration(time.Duration(min(seconds, century)) * time.Second)
}
