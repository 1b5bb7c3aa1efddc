package chatwoot

import (
	"encoding/json"

	"github.com/tidwall/gjson"
)

// The content types of messages whose attributes hold what people are to see.
const (
	ContentSelect  = "input_select"
	ContentCards   = "cards"
	ContentForm    = "form"
	ContentArticle = "article"
)

// Item is an entry of a bot's message: an answer to choose, a card, a field of a
// form or an article.
type Item struct {
	Title       string   `json:"title,omitempty"`
	Value       string   `json:"value,omitempty"`
	Description string   `json:"description,omitempty"`
	Link        string   `json:"link,omitempty"`
	Label       string   `json:"label,omitempty"`
	Name        string   `json:"name,omitempty"`
	Placeholder string   `json:"placeholder,omitempty"`
	Options     []Option `json:"options,omitempty"`
	Actions     []Action `json:"actions,omitempty"`
}

// Option is an answer to a field of a form.
type Option struct {
	Label string `json:"label,omitempty"`
	Value string `json:"value,omitempty"`
}

// Action is a button of a card.
type Action struct {
	Text string `json:"text,omitempty"`
	URI  string `json:"uri,omitempty"`
}

// Items are the entries of a bot's message.
type Items []Item

// mostItems is how many entries are read of a message or of one of its items. Nobody
// reads as many on a phone.
const mostItems = 100

// UnmarshalJSON implements json.Unmarshaler. Bots write what they like: what is of
// another form than it should be is left out, and nothing is lost for it.
func (i *Items) UnmarshalJSON(raw []byte) error {
	*i = nil
	eachEntry(gjson.ParseBytes(raw), func(entry gjson.Result) {
		item := Item{
			Title: word(entry, "title"), Value: word(entry, "value"), Description: word(entry, "description"), Link: word(entry, "link"),
			Label: word(entry, "label"), Name: word(entry, "name"), Placeholder: word(entry, "placeholder"),
		}
		eachEntry(entry.Get("options"), func(o gjson.Result) {
			item.Options = append(item.Options, Option{Label: word(o, "label"), Value: word(o, "value")})
		})
		eachEntry(entry.Get("actions"), func(a gjson.Result) {
			item.Actions = append(item.Actions, Action{Text: word(a, "text"), URI: word(a, "uri")})
		})
		*i = append(*i, item)
	})
	return nil
}

// eachEntry reads the objects of a list, as many as can be meant.
func eachEntry(list gjson.Result, read func(entry gjson.Result)) {
	if !list.IsArray() {
		return
	}
	n := 0
	list.ForEach(func(_, entry gjson.Result) bool {
		if entry.IsObject() {
			read(entry)
			n++
		}
		return n < mostItems
	})
}

// word is a text or a number of an object.
func word(object gjson.Result, key string) string {
	switch value := object.Get(key); value.Type {
	case gjson.String, gjson.Number:
		return value.String()
	default:
		return ""
	}
}

// Author is who wrote a message.
type Author struct {
	ID   int64  `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
	Type string `json:"type,omitempty"` // user, agent_bot, contact
}

// UnmarshalJSON implements json.Unmarshaler. Automation and templates have no author, and
// one of another form counts as none.
func (a *Author) UnmarshalJSON(raw []byte) error {
	*a = Author{}
	type plain Author
	var p plain
	if json.Unmarshal(raw, &p) == nil {
		*a = Author(p)
	}
	return nil
}
