package whatsapp

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Decode reads the payload of an EnvMessage. It is pure: the same payload
// always gives the same message, so a later release may decode it better.
func Decode(raw []byte) (Message, error) {
	var p payload
	if err := json.Unmarshal(raw, &p); err != nil {
		return Message{}, fmt.Errorf("decode message: %w", err)
	}
	var m Message
	switch p.Trouble {
	case "":
		var content waE2E.Message
		if err := proto.Unmarshal(p.Proto, &content); err != nil {
			return Message{}, fmt.Errorf("decode message: %w", err)
		}
		m = decodeContent(&content, 0)
	case troubleUndecryptable:
		m = Message{Kind: KindUndecryptable}
	default:
		m = Message{Kind: KindUnavailable, Unavailable: p.Trouble}
	}
	m.ID, m.Chat, m.Sender, m.FromMe, m.Group, m.PushName, m.At = p.ID, p.Chat, p.Sender, p.FromMe, p.Group, clean(p.Push), p.At
	return m, nil
}

// maxWrappers bounds how deep a message may be wrapped in others.
const maxWrappers = 8

// decodeContent tells what a message is. One place classifies; a content
// without a converter keeps its name for people and its raw event for later.
func decodeContent(m *waE2E.Message, depth int) Message {
	if inner, viewOnce := unwrap(m); inner != nil && depth < maxWrappers {
		decoded := decodeContent(inner, depth+1)
		if viewOnce && decoded.Media != nil {
			decoded.Kind = KindViewOnce
		}
		return decoded
	}
	switch {
	case m.GetConversation() != "":
		return Message{Kind: KindText, KindName: "conversation", Text: clean(m.GetConversation())}
	case m.GetExtendedTextMessage() != nil:
		text := m.GetExtendedTextMessage()
		return Message{Kind: KindText, KindName: "extendedTextMessage", Text: clean(text.GetText()), Quote: quote(text.GetContextInfo())}
	case m.GetProtocolMessage() != nil:
		return decodeProtocol(m.GetProtocolMessage())
	}
	if media, ok := decodeMedia(m); ok {
		return media
	}
	name := contentName(m)
	if name == "" {
		return Message{Kind: KindProtocol}
	}
	return Message{Kind: KindUnknown, KindName: name}
}

func decodeProtocol(p *waE2E.ProtocolMessage) Message {
	// The type is REVOKE, too, where none is set.
	if p.GetType() == waE2E.ProtocolMessage_REVOKE && p.GetKey().GetID() != "" {
		return Message{Kind: KindRevoke, KindName: "revoke", Target: p.GetKey().GetID()}
	}
	if p.GetEditedMessage() != nil {
		return Message{Kind: KindUnknown, KindName: "edit"}
	}
	return Message{Kind: KindProtocol}
}

// unwrap gives the message inside a wrapper, and whether it is view-once.
func unwrap(m *waE2E.Message) (inner *waE2E.Message, viewOnce bool) {
	if sent := m.GetDeviceSentMessage().GetMessage(); sent != nil {
		return sent, false
	}
	for _, once := range []*waE2E.FutureProofMessage{m.GetViewOnceMessage(), m.GetViewOnceMessageV2(), m.GetViewOnceMessageV2Extension()} {
		if once.GetMessage() != nil {
			return once.GetMessage(), true
		}
	}
	for _, wrapped := range []*waE2E.FutureProofMessage{
		m.GetEphemeralMessage(), m.GetDocumentWithCaptionMessage(), m.GetEditedMessage(), m.GetGroupMentionedMessage(),
		m.GetBotInvokeMessage(), m.GetLottieStickerMessage(), m.GetAssociatedChildMessage(),
	} {
		if wrapped.GetMessage() != nil {
			return wrapped.GetMessage(), false
		}
	}
	return nil, false
}

// plumbing are the fields that carry nothing for people.
var plumbing = map[protoreflect.Name]bool{
	"senderKeyDistributionMessage":               true,
	"fastRatchetKeySenderKeyDistributionMessage": true,
	"messageContextInfo":                         true,
	"protocolMessage":                            true,
	"deviceSentMessage":                          true,
	"keepInChatMessage":                          true,
}

// contentName is the protocol's name of the one content field that is set.
func contentName(m *waE2E.Message) string {
	name := ""
	m.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if plumbing[field.Name()] {
			return true
		}
		name = string(field.Name())
		return false
	})
	if name == "" && len(m.ProtoReflect().GetUnknown()) > 0 && !carriesKeys(m) {
		return unknownField
	}
	return name
}

// unknownField names a content that this release has no name for.
const unknownField = "unknown field"

// carriesKeys says that the message for people comes after this one, under the
// same id.
func carriesKeys(m *waE2E.Message) bool {
	return m.GetSenderKeyDistributionMessage() != nil || m.GetFastRatchetKeySenderKeyDistributionMessage() != nil
}

func quote(c *waE2E.ContextInfo) *Quote {
	if c.GetStanzaID() == "" {
		return nil
	}
	q := &Quote{ID: c.GetStanzaID(), Sender: withoutDevice(c.GetParticipant())}
	if c.GetQuotedMessage() != nil {
		quoted := decodeContent(c.GetQuotedMessage(), maxWrappers/2)
		q.Kind, q.Text = quoted.Kind, quoted.Text
	}
	return q
}

func withoutDevice(jid string) string {
	user, server, ok := strings.Cut(jid, "@")
	if !ok {
		return jid
	}
	user, _, _ = strings.Cut(user, ":")
	return user + "@" + server
}

// clean removes what neither JSON nor Postgres nor Chatwoot can hold.
func clean(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\uFFFD")
}
