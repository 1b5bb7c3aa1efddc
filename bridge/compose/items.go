package compose

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// longestItems bounds what the entries of a bot's message take of a text; WhatsApp takes
// about twice as much.
const longestItems = 30_000

// itemsOf are the entries of a bot's message as numbered lines, or "". A phone shows no
// buttons for them: people answer by the number or the words.
func itemsOf(m chatwoot.Message) string {
	var out strings.Builder
	number := 0
	for _, item := range m.Attributes.Items {
		lines := itemLines(m.ContentType, item)
		if len(lines) == 0 {
			continue
		}
		number++
		text := strconv.Itoa(number) + ". " + strings.Join(lines, "\n") + "\n"
		if out.Len()+len(text) > longestItems {
			break
		}
		if number > 1 && (m.ContentType == chatwoot.ContentCards || m.ContentType == chatwoot.ContentArticle) {
			out.WriteByte('\n')
		}
		out.WriteString(text)
	}
	return strings.TrimRight(out.String(), "\n")
}

// withItems is a message's text with its entries below it.
func withItems(text string, m chatwoot.Message) string {
	items := itemsOf(m)
	switch {
	case items == "":
		return text
	case strings.TrimSpace(text) == "":
		return items
	}
	return text + "\n\n" + items
}

// itemLines are the lines of one entry, without the empty ones.
func itemLines(kind string, item chatwoot.Item) (lines []string) {
	add := func(line string) {
		if line = oneLine(line); line != "" {
			lines = append(lines, line)
		}
	}
	switch kind {
	case chatwoot.ContentSelect:
		add(firstOf(item.Title, item.Value))
	case chatwoot.ContentCards:
		add(item.Title)
		add(item.Description)
		for _, action := range item.Actions {
			add(button(action))
		}
	case chatwoot.ContentForm:
		add(field(item))
		for _, option := range item.Options {
			if label := oneLine(firstOf(option.Label, option.Value)); label != "" {
				lines = append(lines, "   - "+label)
			}
		}
	case chatwoot.ContentArticle:
		add(item.Title)
		add(item.Description)
		add(item.Link)
	}
	return lines
}

// field is a field of a form: its label, and what is asked for where that says more.
func field(item chatwoot.Item) string {
	label, hint := oneLine(firstOf(item.Label, item.Name)), oneLine(item.Placeholder)
	switch {
	case label == "":
		return hint
	case hint == "" || strings.EqualFold(hint, label):
		return label
	}
	return label + " (" + hint + ")"
}

// button is a card's button: its words, and where it leads.
func button(a chatwoot.Action) string {
	text, to := oneLine(a.Text), oneLine(a.URI)
	switch {
	case text == "" || text == to:
		return to
	case to == "":
		return text
	}
	return text + ": " + to
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if strings.TrimSpace(text) != "" {
			return text
		}
	}
	return ""
}

// longestLine bounds one line of an entry, in bytes.
const longestLine = 4000

// oneLine makes a line of what a bot has written: nothing of it may look like the next
// entry.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(strings.ReplaceAll(text, "\x00", "")), " ")
	if len(text) > longestLine {
		text = text[:longestLine]
		for !utf8.ValidString(text) && text != "" {
			text = text[:len(text)-1]
		}
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
