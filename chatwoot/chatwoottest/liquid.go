package chatwoottest

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	backticks = regexp.MustCompile("(?s)`(.*?)`")
	endRaw    = regexp.MustCompile(`\{%-?\s*endraw\s*-?%\}`)
	variable  = regexp.MustCompile(`^[\w.-]+$`)
)

// renderLiquid fills in an outgoing message as Chatwoot does when it stores
// it: variables, {% raw %}, comments. Spans in backticks are protected, and a
// template that does not parse stays as it is.
func renderLiquid(text string, variables map[string]string) string {
	source := backticks.ReplaceAllString(text, "{% raw %}`$1`{% endraw %}")
	var out strings.Builder
	for {
		i := strings.Index(source, "{")
		if i < 0 || i+1 == len(source) {
			out.WriteString(source)
			return out.String()
		}
		out.WriteString(source[:i])
		source = source[i:]
		switch source[1] {
		case '{':
			end := strings.Index(source, "}}")
			if end < 0 {
				return text
			}
			out.WriteString(lookUp(source[2:end], variables))
			source = source[end+2:]
		case '%':
			end := strings.Index(source, "%}")
			if end < 0 {
				return text
			}
			tag := strings.Trim(source[2:end], "- \t\r\n")
			source = source[end+2:]
			switch tag {
			case "raw":
				close := endRaw.FindStringIndex(source)
				if close == nil {
					return text
				}
				out.WriteString(source[:close[0]])
				source = source[close[1]:]
			default:
				return text // a tag nobody knows is a parse error
			}
		default:
			out.WriteByte('{')
			source = source[1:]
		}
	}
}

// lookUp is one {{ … }}: unknown names are empty.
func lookUp(expression string, variables map[string]string) string {
	name, filters, _ := strings.Cut(expression, "|")
	name = strings.Trim(name, "- \t\r\n")
	value := ""
	switch {
	case len(name) > 1 && (name[0] == '"' || name[0] == '\'') && name[len(name)-1] == name[0]:
		value = name[1 : len(name)-1]
	case variable.MatchString(name):
		value = variables[name]
	}
	for filter := range strings.SplitSeq(filters, "|") {
		switch f, argument, _ := strings.Cut(strings.TrimSpace(filter), ":"); f {
		case "upcase":
			value = strings.ToUpper(value)
		case "downcase":
			value = strings.ToLower(value)
		case "default":
			if value == "" {
				value = strings.Trim(argument, " '\"")
			}
		}
	}
	return value
}

// liquidVariables are the drops of a message, flattened.
func (s *Server) liquidVariables(conv *conversation, actor *user) map[string]string {
	who := s.db.contact(conv.contact)
	firstName, lastName, _ := strings.Cut(who.name, " ")
	v := map[string]string{
		"contact.name": who.name, "contact.first_name": firstName, "contact.last_name": lastName,
		"contact.email": deref(who.email), "contact.phone_number": deref(who.phone),
		"conversation.display_id": strconv.Itoa(conv.display),
		"inbox.name":              s.db.inbox(conv.inbox).name(),
		"account.name":            s.db.account(conv.account).name,
	}
	for _, m := range who.custom {
		v["contact.custom_attribute."+m.key] = str(m.value)
	}
	if actor != nil {
		agentFirst, agentLast, _ := strings.Cut(actor.name, " ")
		v["agent.name"], v["agent.first_name"], v["agent.last_name"], v["agent.email"] =
			actor.name, agentFirst, agentLast, actor.email
	}
	return v
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
