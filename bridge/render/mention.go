package render

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wootbridge/wootbridge/bridge/markup"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// mentionToken is where a text names somebody by an address, or a group.
var mentionToken = regexp.MustCompile(`@([0-9][0-9-]*)(@g\.us)?`)

const (
	numberServer = "@s.whatsapp.net"
	lidServer    = "@lid"
	groupServer  = "@g.us"
	botServer    = "@bot"
)

// mostLookups is how many people are looked up for a message.
const mostLookups = 1024

// Named are the JIDs of the people whom a message names, to be looked up before it is
// rendered: who of a group wrote it, whom it answers, and whom its text mentions.
func Named(m content.Message) []string {
	var jids []string
	add := func(jid string) {
		if jid != "" && len(jids) < mostLookups && !strings.HasSuffix(jid, groupServer) {
			jids = append(jids, jid)
		}
	}
	if m.Group && !m.FromMe {
		add(m.Sender.JID)
		add(m.Sender.Alt)
	}
	texts, mentions := []string{textOf(m.Content)}, m.Mentions
	if m.Quote != nil {
		add(m.Quote.Sender)
		texts, mentions = append(texts, textOf(m.Quote.Content)), append(mentions[:len(mentions):len(mentions)], m.Quote.Mentions...)
	}
	if len(mentions) == 0 {
		return jids
	}
	named := mentionsByUser(mentions)
	for _, mention := range mentions {
		add(mention.JID)
	}
	for _, text := range texts { // some name somebody by one address, and write the other one
		for _, token := range mentionToken.FindAllStringSubmatch(text, mostLookups) {
			if _, known := named[token[1]]; !known {
				add(token[1] + lidServer)
				add(token[1] + numberServer)
			}
		}
	}
	return jids
}

func mentionsByUser(mentions []content.Mention) map[string]content.Mention {
	if len(mentions) == 0 {
		return nil
	}
	named := make(map[string]content.Mention, len(mentions))
	for _, mention := range mentions {
		if _, known := named[user(mention.JID)]; !known {
			named[user(mention.JID)] = mention
		}
	}
	return named
}

// mentioning is the context of a text that names somebody.
func (c Context) mentioning(mentions []content.Mention) Context {
	c.mentions = mentionsByUser(mentions)
	return c
}

// nameOf is somebody's name, else the number; ok is false if neither is known. A LID is
// nothing that people know.
func (c Context) nameOf(jid string) (name string, ok bool) {
	p := c.People[jid]
	switch {
	case p.Own:
		return c.Texts.Text("you"), true
	case p.Name != "":
		return markup.Name(p.Name), true
	case p.Number != "":
		return "+" + p.Number, true
	case strings.HasSuffix(jid, numberServer):
		return "+" + user(jid), true
	case strings.HasSuffix(jid, botServer):
		return metaAI, true
	default:
		return "", false
	}
}

// metaAI is what WhatsApp calls its bots.
const metaAI = "Meta AI"

// mentioned is what to write for the address behind an "@", if it names anybody.
func (c Context) mentioned(address string) (name string, ok bool) {
	if mention, known := c.mentions[address]; known {
		if strings.HasSuffix(mention.JID, groupServer) {
			if name = markup.Name(mention.Name); name == "" {
				name = c.Texts.Text("group")
			}
			return name, true
		}
		if name, ok = c.nameOf(mention.JID); !ok {
			name = c.Texts.Text("someone")
		}
		return name, true
	}
	for _, server := range []string{lidServer, numberServer} {
		if _, known := c.People[address+server]; known {
			return c.nameOf(address + server)
		}
	}
	return "", false
}

// replaceMentions writes, for each address in a text that names somebody, what with
// gives for the name. Only whole ones are taken, and none within a word.
func (c Context) replaceMentions(text string, with func(name string) string) string {
	if len(c.mentions) == 0 || !strings.Contains(text, "@") {
		return text
	}
	var out strings.Builder
	done := 0
	for _, at := range mentionToken.FindAllStringSubmatchIndex(text, -1) {
		if before, _ := utf8.DecodeLastRuneInString(text[:at[0]]); unicode.IsLetter(before) || unicode.IsDigit(before) {
			continue
		}
		name, ok := c.mentioned(text[at[2]:at[3]])
		if !ok {
			continue
		}
		out.WriteString(text[done:at[0]] + "@" + with(name))
		done = at[1]
	}
	return out.String() + text[done:]
}

// named is a text of one line with names in the place of addresses, not converted yet.
func (c Context) named(text string) string {
	return c.replaceMentions(text, func(name string) string { return name })
}

// standIns take the places of names while a text is converted, so that a name becomes
// neither formatting nor a link, whatever stands around it.
type standIns struct {
	used  map[rune]string
	names map[string]rune
	next  rune
	text  string
}

// firstStandIn begins a plane of characters that nobody uses.
const firstStandIn, lastStandIn = '\U000F0000', '\U000FFFFD'

func (s *standIns) of(name string) string {
	r, known := s.names[name]
	if known {
		return string(r)
	}
	for s.next <= lastStandIn && strings.ContainsRune(s.text, s.next) {
		s.next++
	}
	if s.next > lastStandIn {
		return name
	}
	r = s.next
	s.next++
	s.names[name], s.used[r] = r, name
	return string(r)
}

// hideNames puts stand-ins for the names into a text; show puts the names back into
// what it was converted to.
func (c Context) hideNames(text string) (hidden string, show func(converted string) string) {
	s := &standIns{used: map[rune]string{}, names: map[string]rune{}, next: firstStandIn, text: text}
	hidden = c.replaceMentions(text, s.of)
	if len(s.used) == 0 {
		return hidden, func(converted string) string { return converted }
	}
	return hidden, func(converted string) string {
		var out strings.Builder
		for _, r := range converted {
			if name, is := s.used[r]; is {
				// A tick would end the code around it, where nothing can be escaped.
				out.WriteString(markup.Literal(strings.ReplaceAll(name, "`", "'")))
				continue
			}
			out.WriteRune(r)
		}
		return out.String()
	}
}
