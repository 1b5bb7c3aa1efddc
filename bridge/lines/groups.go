package lines

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// Which groups come into Chatwoot.
const (
	GroupsOff       = "off"
	GroupsAll       = "all"
	GroupsMentioned = "mentioned" // only what mentions the line's number, or answers it
	GroupsListed    = "list"
)

var groupPolicies = []string{GroupsOff, GroupsAll, GroupsMentioned, GroupsListed}

// GroupList says which groups come in, and which do not: ids of groups, in which * and ?
// stand for others, after ! or - for those that stay out.
type GroupList []string

// UnmarshalJSON takes a list, or a text with commas.
func (l *GroupList) UnmarshalJSON(raw []byte) error {
	var text string
	var entries []string
	if json.Unmarshal(raw, &text) == nil {
		entries = strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(", \n\r\t;", r) })
	} else if err := json.Unmarshal(raw, &entries); err != nil {
		return err
	}
	*l = GroupList{} // never another one's
	for _, entry := range entries {
		if entry = strings.TrimSpace(entry); entry != "" {
			*l = append(*l, entry)
		}
	}
	return nil
}

// MarshalJSON gives a list, be it empty.
func (l GroupList) MarshalJSON() ([]byte, error) { return json.Marshal(append([]string{}, l...)) }

const (
	groupListMost = 1000
	groupServer   = "@g.us"
)

// listedGroup is an entry of the list: the user part of a group's JID, of digits, of
// older ones with a dash in it.
var listedGroup = regexp.MustCompile(`^[!-]?[0-9*?][0-9*?-]{0,63}(@g\.us)?$`)

func (l GroupList) valid() bool {
	return len(l) <= groupListMost && !slices.ContainsFunc(l, func(entry string) bool { return !listedGroup.MatchString(entry) })
}

// Allows reports whether a group comes in. What is kept out stays out; where only such
// entries are listed, all others come in.
func (l GroupList) Allows(jid string) bool {
	id := strings.TrimSuffix(jid, groupServer)
	allowed, listed := false, false
	for _, entry := range l {
		entry = strings.TrimSuffix(entry, groupServer)
		pattern := strings.TrimLeft(entry, "!-")
		switch {
		case pattern != entry:
			if matches(pattern, id) {
				return false
			}
		default:
			listed = true
			allowed = allowed || matches(pattern, id)
		}
	}
	return allowed || !listed && len(l) > 0
}

// matches compares a text with a pattern in linear time and space.
func matches(pattern, text string) bool {
	p, t, star, from := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p, t = p+1, t+1
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// TakesGroup reports whether what happens in a group comes in; mentioned says that it is
// for the line's own number.
func (s Settings) TakesGroup(jid string, mentioned bool) bool {
	switch s.Groups {
	case GroupsAll:
		return true
	case GroupsMentioned:
		return mentioned
	case GroupsListed:
		return s.GroupsList.Allows(jid)
	default:
		return false
	}
}
