package content

import (
	"strconv"
	"strings"

	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
)

// Key names an earlier message as whoever refers to it sees it: FromMe says that it is
// his own, Chat may be ours or his, Participant may be missing. Only the ID is sure.
type Key struct {
	ID          string
	Chat        string // JID
	Participant string // JID of who wrote it, in a group
	FromMe      bool
}

func keyOf(k *waCommon.MessageKey) Key {
	return Key{ID: k.GetID(), Chat: k.GetRemoteJID(), Participant: withoutDevice(k.GetParticipant()), FromMe: k.GetFromMe()}
}

// Reaction is somebody's emoji at an earlier message; without an emoji it is taken back.
type Reaction struct {
	Target string // the id of the message
	Emoji  string
	Status bool // the message is one of our stories
}

// Edit is an earlier message as its author wants it to be.
type Edit struct {
	Target string
	New    Content
	// Unfinished says that the next edit of the same text follows at once: somebody
	// watches a machine write.
	Unfinished bool
}

// below is a message below an earlier one, which everybody sees there: an answer to it,
// as which it is decoded.
type below struct {
	target Key
	said   Content
}

// Pin says that an earlier message was put on top of the chat, or was taken down.
type Pin struct {
	Target string
	Off    bool
}

// Keep says that an earlier message does not disappear, or does again.
type Keep struct {
	Target string
	Off    bool
}

func (Reaction) isContent() {}
func (Edit) isContent()     {}
func (below) isContent()    {}
func (Pin) isContent()      {}
func (Keep) isContent()     {}

// Target is the id of the earlier message that a content says something about, or "".
func Target(c Content) string {
	switch c := c.(type) {
	case Reaction:
		return c.Target
	case Edit:
		return c.Target
	case Revoke:
		return c.Target
	case Pin:
		return c.Target
	case Keep:
		return c.Target
	case Vote:
		return c.Target
	case EventAnswer:
		return c.Target
	case PollOption:
		return c.Target
	case Sealed:
		return c.Target.ID
	default:
		return ""
	}
}

// longestEmoji is how much of a reaction is taken over, in characters: the longest emoji
// have about ten.
const longestEmoji = 32

const statusChat = "status@broadcast"

func reaction(r *waE2E.ReactionMessage) (Content, *waE2E.ContextInfo) {
	return Reaction{
		Target: r.GetKey().GetID(), Emoji: strings.TrimSpace(cut(clean(r.GetText()), longestEmoji)), Status: r.GetKey().GetRemoteJID() == statusChat,
	}, nil
}

func pin(p *waE2E.PinInChatMessage) (Content, *waE2E.ContextInfo) {
	switch p.GetType() {
	case waE2E.PinInChatMessage_PIN_FOR_ALL:
		return Pin{Target: p.GetKey().GetID()}, nil
	case waE2E.PinInChatMessage_UNPIN_FOR_ALL:
		return Pin{Target: p.GetKey().GetID(), Off: true}, nil
	default:
		return Nothing{}, nil
	}
}

func keep(k *waE2E.KeepInChatMessage) (Content, *waE2E.ContextInfo) {
	switch k.GetKeepType() {
	case waE2E.KeepType_KEEP_FOR_ALL:
		return Keep{Target: k.GetKey().GetID()}, nil
	case waE2E.KeepType_UNDO_KEEP_FOR_ALL:
		return Keep{Target: k.GetKey().GetID(), Off: true}, nil
	default:
		return Nothing{}, nil
	}
}

func comment(c *waE2E.CommentMessage) (Content, *waE2E.ContextInfo) {
	target := keyOf(c.GetTargetMessageKey())
	return nested{c.GetMessage(), func(said Content) Content { return below{target, said} }}, nil
}

// edit is a protocol message with a new version of an earlier one. Of a picture that
// belongs to another one, such as the same in better quality, that one is meant.
func edit(p *waE2E.ProtocolMessage, beside *waE2E.MessageContextInfo) (Content, *waE2E.ContextInfo) {
	target := p.GetKey().GetID()
	association := beside.GetMessageAssociation()
	if association == nil {
		association = p.GetEditedMessage().GetMessageContextInfo().GetMessageAssociation()
	}
	switch association.GetAssociationType() {
	case waE2E.MessageAssociation_HD_IMAGE_DUAL_UPLOAD, waE2E.MessageAssociation_HD_VIDEO_DUAL_UPLOAD, waE2E.MessageAssociation_HEVC_VIDEO_DUAL_UPLOAD:
		if parent := association.GetParentMessageKey().GetID(); parent != "" {
			target = parent
		}
	}
	return nested{p.GetEditedMessage(), func(version Content) Content { return Edit{Target: target, New: version} }}, nil
}

// with is the message with a content that was decoded, and the context of that.
func (m Message) with(c Content, context *waE2E.ContextInfo) Message {
	m.Content, m.Quote = c, quote(context)
	switch c := c.(type) {
	case below:
		m.Content, m.Quote = c.said, &Quote{ID: c.target.ID, Sender: c.target.Participant}
	case Edit:
		m.Quote = nil // whom it answers was said by what it changes
	}
	return m
}

// edited is an edit as a message of its own. One that came under the id of what it
// changes has an id that is not the other's.
func edited(m Message, e Edit, unfinished bool) Message {
	e.Unfinished = unfinished
	m.Content = e
	if e.Target == m.ID {
		m.ID += "-edit-" + strconv.FormatInt(m.At.Unix(), 10)
	}
	return m
}

// nested is a content that has another message in it, before that is decoded.
type nested struct {
	message *waE2E.Message
	around  func(Content) Content
}

func (nested) isContent() {}

// decoded is the content with what is in it; nothing if that is nothing.
func (n nested) decoded() (Content, *waE2E.ContextInfo) {
	inner, context := decodeNested(n.message)
	if _, ok := inner.(Nothing); ok {
		return inner, nil
	}
	return n.around(inner), context
}

// decodeNested decodes a message that stands inside another one. One that concerns an earlier
// one itself would go on for ever.
func decodeNested(m *waE2E.Message) (Content, *waE2E.ContextInfo) {
	for depth := 0; m != nil && depth <= maxWrappers; depth++ {
		if m.GetProtocolMessage() != nil || m.GetCommentMessage() != nil {
			return Nothing{}, nil
		}
		inner := innerOf(m)
		if inner == nil {
			break
		}
		m = inner
	}
	return decodeContent(m, maxWrappers/2)
}

// innerOf is the message that a message wraps, or nil.
func innerOf(m *waE2E.Message) *waE2E.Message {
	for _, f := range fields {
		if f.inner == nil {
			continue
		}
		if inner := f.inner(m); inner != nil {
			return inner
		}
	}
	return nil
}
