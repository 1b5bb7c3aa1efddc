package render

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// groupMember is who of a group wrote, each part ready for a line of ours, or "".
type groupMember struct {
	name, number, tag string
	// named says that the name is no number, saved that the phone has it.
	named, saved bool
}

// groupMember is what is known of who of a group wrote.
func (c Context) groupMember(m content.Message) groupMember {
	var who groupMember
	who.number = markup.Name(phoneNumber(m.Sender))
	for _, jid := range []string{m.Sender.JID, m.Sender.Alt} {
		person := c.People[jid]
		if name := markup.Name(person.Name); person.Saved && name != "" && !who.saved {
			who.name, who.named, who.saved = name, true, true
		}
		if who.number == "" && person.Number != "" {
			who.number = markup.Name("+" + person.Number)
		}
	}
	if name := markup.Name(m.PushName); name != "" && !who.saved {
		who.name, who.named = "~"+name, true
	}
	if !who.named {
		who.name = cmp.Or(who.number, unknownPerson)
	}
	who.tag = markup.Name(c.Tag)
	return who
}

// groupSender is the line that says who of a group wrote.
func (c Context) groupSender(m content.Message) string {
	who := c.groupMember(m)
	if c.GroupSender != "" {
		if line := who.in(c.GroupSender); line != "" {
			return line
		}
	}
	number := ""
	if who.named && !who.saved && who.number != "" {
		number = " (" + markup.Literal(who.number) + ")"
	}
	tag := ""
	if who.tag != "" {
		tag = " · " + markup.Literal(who.tag)
	}
	if number == "" && tag == "" {
		return markup.Bold(who.name + ":")
	}
	return markup.Bold(who.name) + number + tag + ":"
}

// senderPlaceholder is what a template may have filled in.
var senderPlaceholder = regexp.MustCompile(`\{(?:name|number|tag)\}`)

// in is a line's own template with the person filled in. A part of which nothing is known
// takes with it what surrounds it and what separates it from the part before: of
// "{name} ({number}) · {tag}:" there may be no more than the name and the colon. It is ""
// if the template shows nothing of this person.
func (w groupMember) in(template string) string {
	values := map[string]string{"{name}": w.name, "{number}": w.number, "{tag}": w.tag}
	if !w.named && w.name == w.number && strings.Contains(template, "{name}") {
		values["{number}"] = "" // it stands there as the name
	}
	var before strings.Builder
	shown := false
	rest := template
	for {
		at := senderPlaceholder.FindStringIndex(rest)
		if at == nil {
			break
		}
		value := values[rest[at[0]:at[1]]]
		head := rest[:at[0]]
		rest = rest[at[1]:]
		if value != "" {
			shown = true
			before.WriteString(head + markup.Literal(value))
			continue
		}
		head, rest = unsurrounded(head, rest)
		head = strings.TrimRight(head, separators)
		if before.Len() == 0 && head == "" {
			rest = strings.TrimLeft(rest, separators)
		}
		before.WriteString(head)
	}
	if !shown {
		return ""
	}
	return strings.TrimSpace(before.String() + rest)
}

// separators are what stands between two parts of a line.
const separators = " ·•–—-|/,;"

// surrounds are what may stand around a part, on either side of it.
var surrounds = [][2]string{{"(", ")"}, {"[", "]"}, {"<", ">"}, {"“", "”"}, {`"`, `"`}, {"**", "**"}, {"__", "__"}, {"~~", "~~"}, {"*", "*"}, {"_", "_"}, {"`", "`"}}

// unsurrounded is what stands before and after a part without what surrounds that.
func unsurrounded(before, after string) (string, string) {
	for {
		found := false
		for _, pair := range surrounds {
			b, opened := strings.CutSuffix(before, pair[0])
			a, closed := strings.CutPrefix(after, pair[1])
			if opened && closed {
				before, after, found = b, a, true
				break
			}
		}
		if !found {
			return before, after
		}
	}
}
