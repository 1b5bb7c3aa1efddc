package content

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// stanza is what WhatsApp tells beside messages, as it came but for what is far too
// much: that is cut, and counted.
type stanza struct {
	Tag      string            `json:"tag"`
	Attrs    map[string]string `json:"attrs,omitempty"`
	Children []stanza          `json:"children,omitempty"`
	// Left is how many more children there were.
	Left int    `json:"left,omitempty"`
	Text string `json:"text,omitempty"`
}

const (
	// stanzaChildren, stanzaText and stanzaDepth bound what is kept of one.
	stanzaChildren = 100
	stanzaText     = 4096
	stanzaDepth    = 6
)

// stanzaOf is a node in the form that is stored.
func stanzaOf(node *waBinary.Node, depth int) stanza {
	s := stanza{Tag: short(node.Tag)}
	for key, value := range node.Attrs {
		if s.Attrs == nil {
			s.Attrs = map[string]string{}
		}
		s.Attrs[short(key)] = short(attribute(value))
	}
	switch inner := node.Content.(type) {
	case []waBinary.Node:
		for i := range inner {
			if i >= stanzaChildren || depth >= stanzaDepth {
				s.Left = len(inner) - i
				break
			}
			s.Children = append(s.Children, stanzaOf(&inner[i], depth+1))
		}
	case []byte:
		if utf8.Valid(inner) {
			s.Text = short(string(inner))
		}
	case string:
		s.Text = short(inner)
	}
	return s
}

func attribute(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case types.JID:
		return value.String()
	case nil:
		return ""
	default:
		return fmt.Sprint(value)
	}
}

// short is the beginning of a text that may be of any length.
func short(text string) string {
	text = strings.ToValidUTF8(text, "")
	if len(text) <= stanzaText {
		return text
	}
	return strings.ToValidUTF8(text[:stanzaText], "")
}

// attr is an attribute, or "".
func (s stanza) attr(name string) string { return s.Attrs[name] }

// jid is an attribute as an address, or the empty one.
func (s stanza) jid(name string) types.JID {
	jid, err := types.ParseJID(s.attr(name))
	if err != nil || jid.User == "" {
		return types.EmptyJID
	}
	return jid
}

// at is an attribute as a time in Unix seconds, or the zero time.
func (s stanza) at(name string) time.Time {
	const latest = 1 << 40 // seconds that a database can hold
	seconds, err := strconv.ParseInt(s.attr(name), 10, 64)
	if err != nil || seconds <= 0 || seconds > latest {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// child is the first child with a tag.
func (s stanza) child(tag string) (stanza, bool) {
	i := slices.IndexFunc(s.Children, func(c stanza) bool { return c.Tag == tag })
	if i < 0 {
		return stanza{}, false
	}
	return s.Children[i], true
}

// retold are attributes in which two copies of a stanza may differ: whether it
// waited, and what its sender is called by now.
var retold = map[string]bool{"offline": true, "notify": true, "e": true}

// digest names a stanza: copies of one have the same. An id alone does not do, because
// it is whatever its sender makes of it.
func (s stanza) digest() (string, error) {
	kept := map[string]string{}
	for key, value := range s.Attrs {
		if !retold[key] {
			kept[key] = value
		}
	}
	s.Attrs = kept
	raw, err := json.Marshal(s) // the keys of a map are in order
	if err != nil {
		return "", fmt.Errorf("encode a stanza: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16]), nil
}
