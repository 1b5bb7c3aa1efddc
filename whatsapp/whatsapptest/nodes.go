package whatsapptest

import (
	"fmt"
	"strconv"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

func attrText(node *waBinary.Node, name string) string {
	switch value := node.Attrs[name].(type) {
	case string:
		return value
	case fmt.Stringer:
		return value.String()
	case nil:
		return ""
	default:
		return fmt.Sprint(value)
	}
}

func attrJID(node *waBinary.Node, name string) types.JID {
	switch value := node.Attrs[name].(type) {
	case types.JID:
		return value
	case string:
		jid, err := types.ParseJID(value)
		if err == nil {
			return jid
		}
	}
	return types.EmptyJID
}

func attrInt(node *waBinary.Node, name string) int {
	value, _ := strconv.Atoi(attrText(node, name))
	return value
}

func childBytes(node *waBinary.Node, path ...string) []byte {
	child, ok := node.GetOptionalChildByTag(path...)
	if !ok {
		return nil
	}
	switch content := child.Content.(type) {
	case []byte:
		return content
	case string:
		return []byte(content)
	}
	return nil
}

// withDevice returns the address of one device of a user.
func withDevice(user types.JID, device uint16) types.JID {
	user.Device = device
	return user
}

func userText(number uint64) string { return strconv.FormatUint(number, 10) }

// describe names a stanza without its content.
func describe(node *waBinary.Node) string {
	text := "<" + node.Tag
	for _, name := range []string{"xmlns", "type", "class"} {
		if value := attrText(node, name); value != "" {
			text += " " + name + "=" + value
		}
	}
	text += ">"
	for _, child := range node.GetChildren() {
		text += "<" + child.Tag + ">"
	}
	return text
}

// unavailable is a message without its content.
func unavailable(attrs waBinary.Attrs, kind string) waBinary.Node {
	why := waBinary.Attrs{}
	if kind != "" {
		why["type"] = kind
	}
	return waBinary.Node{Tag: "message", Attrs: attrs, Content: []waBinary.Node{{Tag: "unavailable", Attrs: why}}}
}
