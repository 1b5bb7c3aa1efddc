package compose

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// Mentioned is a text in which members of a group are named as WhatsApp does it.
type Mentioned struct {
	Text      string
	JIDs      []string // of whom the text names
	Everybody bool
}

const (
	// mostMentions bounds how many of a text's "@" are looked at.
	mostMentions = 500
	// shortestNumber is the least number of digits that can be meant as a member's.
	shortestNumber = 5
)

// Mention turns "@name", "@number" and "@all" of a text into mentions of a group's members.
// What names nobody, or more than one, stays as it is.
func Mention(text string, members []content.Member) Mentioned {
	if !strings.Contains(text, "@") || len(members) == 0 {
		return Mentioned{Text: text}
	}
	d := newDirectory(members)
	runes, looked := []rune(text), 0
	var out strings.Builder
	m := Mentioned{}
	for i := 0; i < len(runes); i++ {
		if runes[i] != '@' || looked == mostMentions || i > 0 && joins(runes[i-1]) {
			out.WriteRune(runes[i])
			continue
		}
		looked++
		jid, everybody, length := d.find(runes[i+1:])
		switch {
		case everybody:
			m.Everybody = true
			out.WriteRune('@')
		case jid != "":
			m.JIDs = append(m.JIDs, jid)
			out.WriteString("@" + userOf(jid))
			i += length
		default:
			out.WriteRune('@')
		}
	}
	if m.Text = out.String(); m.Everybody {
		m.JIDs = nil
		for _, member := range members {
			m.JIDs = append(m.JIDs, member.JID)
		}
	}
	slices.Sort(m.JIDs)
	m.JIDs = slices.Compact(m.JIDs)
	return m
}

// joins reports whether a sign before an "@" makes it part of a word, as in an e-mail
// address or a link.
func joins(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("@/.+-%&=#", r)
}

// inWord reports whether a sign goes on with the word before it.
func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

// directory finds members by what agents call them.
type directory struct {
	numbers map[string]string // digits to JID
	names   []named           // the longest first
}

type named struct {
	runes []rune // in lower case
	jid   string // "" = of more than one
}

func newDirectory(members []content.Member) directory {
	d := directory{numbers: map[string]string{}}
	whole, first := map[string]string{}, map[string]string{}
	add := func(names map[string]string, name, jid string) {
		if name == "" {
			return
		}
		if other, taken := names[name]; taken && other != jid {
			jid = ""
		}
		names[name] = jid
	}
	for _, m := range members {
		for _, jid := range []string{m.JID, m.Alt} {
			if user := userOf(jid); user != "" {
				d.numbers[user] = m.JID
				if strings.HasSuffix(jid, "@s.whatsapp.net") {
					for _, form := range content.OtherForms(user) {
						if _, taken := d.numbers[form]; !taken {
							d.numbers[form] = m.JID
						}
					}
				}
			}
		}
		for _, name := range m.Names {
			name = lower(strings.Join(strings.Fields(name), " "))
			add(whole, name, m.JID)
			if word, _, more := strings.Cut(name, " "); more {
				add(first, word, m.JID)
			}
		}
	}
	for name, jid := range first { // a whole name counts for more
		if _, taken := whole[name]; !taken {
			whole[name] = jid
		}
	}
	for name, jid := range whole {
		d.names = append(d.names, named{[]rune(name), jid})
	}
	slices.SortFunc(d.names, func(a, b named) int {
		return cmp.Or(cmp.Compare(len(b.runes), len(a.runes)), slices.Compare(a.runes, b.runes))
	})
	return d
}

// find gives whom the words after an "@" name, and how long the name is.
func (d directory) find(words []rune) (jid string, everybody bool, length int) {
	if begins(words, []rune("all")) {
		return "", true, 0
	}
	from := 0
	if len(words) > 0 && words[0] == '+' {
		from = 1
	}
	to := from
	for to < len(words) && words[to] >= '0' && words[to] <= '9' {
		to++
	}
	if to-from >= shortestNumber && (to == len(words) || !inWord(words[to])) {
		if jid := d.numbers[string(words[from:to])]; jid != "" {
			return jid, false, to
		}
	}
	for _, n := range d.names {
		if begins(words, n.runes) {
			return n.jid, false, len(n.runes)
		}
	}
	return "", false, 0
}

// begins reports whether words begin with a name, in whatever case, and the name ends there.
func begins(words, name []rune) bool {
	if len(words) < len(name) || len(words) > len(name) && inWord(words[len(name)]) {
		return false
	}
	for i, r := range name {
		if unicode.ToLower(words[i]) != r {
			return false
		}
	}
	return true
}

func lower(text string) string { return strings.Map(unicode.ToLower, text) }

func userOf(jid string) string {
	user, _, _ := strings.Cut(jid, "@")
	user, _, _ = strings.Cut(user, ":")
	return user
}
