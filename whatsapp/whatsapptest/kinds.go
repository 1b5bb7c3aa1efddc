package whatsapptest

import (
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// messageType is the "type" of a message stanza.
func messageType(m *waE2E.Message) string {
	m = unwrap(m)
	switch {
	case m.ReactionMessage != nil, m.EncReactionMessage != nil:
		return "reaction"
	case m.PollCreationMessage != nil, m.PollCreationMessageV3 != nil, m.PollUpdateMessage != nil:
		return "poll"
	case mediaType(m) != "":
		return "media"
	default:
		return "text"
	}
}

// mediaType is the "mediatype" of an <enc>.
func mediaType(m *waE2E.Message) string {
	m = unwrap(m)
	switch {
	case m.ImageMessage != nil:
		return "image"
	case m.PtvMessage != nil:
		return "ptv"
	case m.VideoMessage != nil:
		if m.VideoMessage.GetGifPlayback() {
			return "gif"
		}
		return "video"
	case m.AudioMessage != nil:
		if m.AudioMessage.GetPTT() {
			return "ptt"
		}
		return "audio"
	case m.DocumentMessage != nil:
		return "document"
	case m.StickerMessage != nil:
		return "sticker"
	case m.LocationMessage != nil:
		return "location"
	case m.LiveLocationMessage != nil:
		return "livelocation"
	case m.ContactMessage != nil:
		return "vcard"
	case m.ContactsArrayMessage != nil:
		return "contact_array"
	default:
		return ""
	}
}

// editAttr is the "edit" of a message stanza: 1 for an edit, 7 for a message
// deleted by its author, 8 for one deleted by an admin.
func editAttr(m *waE2E.Message) string {
	m = unwrap(m)
	if p := m.GetProtocolMessage(); p != nil {
		switch {
		case p.GetType() == waE2E.ProtocolMessage_MESSAGE_EDIT:
			return "1"
		case p.GetType() == waE2E.ProtocolMessage_REVOKE && p.GetKey().GetParticipant() != "" && !p.GetKey().GetFromMe():
			return "8"
		case p.GetType() == waE2E.ProtocolMessage_REVOKE:
			return "7"
		}
	}
	if m.ReactionMessage != nil && m.ReactionMessage.GetText() == "" {
		return "7"
	}
	return ""
}

// unwrap takes a message out of its envelopes.
func unwrap(m *waE2E.Message) *waE2E.Message {
	for m != nil {
		var inner *waE2E.Message
		switch {
		case m.DeviceSentMessage.GetMessage() != nil:
			inner = m.DeviceSentMessage.Message
		case m.EphemeralMessage.GetMessage() != nil:
			inner = m.EphemeralMessage.Message
		case m.ViewOnceMessage.GetMessage() != nil:
			inner = m.ViewOnceMessage.Message
		case m.ViewOnceMessageV2.GetMessage() != nil:
			inner = m.ViewOnceMessageV2.Message
		case m.DocumentWithCaptionMessage.GetMessage() != nil:
			inner = m.DocumentWithCaptionMessage.Message
		case m.EditedMessage.GetMessage() != nil:
			inner = m.EditedMessage.Message
		default:
			return m
		}
		m = inner
	}
	return &waE2E.Message{}
}

// textOf is what a person reads of a message: its text or its caption.
func textOf(m *waE2E.Message) string {
	m = unwrap(m)
	if edited := m.GetProtocolMessage().GetEditedMessage(); edited != nil {
		return textOf(edited)
	}
	for _, text := range []string{
		m.GetConversation(), m.GetExtendedTextMessage().GetText(), m.GetImageMessage().GetCaption(),
		m.GetVideoMessage().GetCaption(), m.GetDocumentMessage().GetCaption(), m.GetReactionMessage().GetText(),
	} {
		if text != "" {
			return text
		}
	}
	return ""
}

// contextOf returns what a message says about the one it answers.
func contextOf(m *waE2E.Message) *waE2E.ContextInfo {
	m = unwrap(m)
	for _, part := range []interface{ GetContextInfo() *waE2E.ContextInfo }{
		m.GetExtendedTextMessage(), m.GetImageMessage(), m.GetVideoMessage(), m.GetAudioMessage(), m.GetDocumentMessage(),
		m.GetStickerMessage(), m.GetLocationMessage(), m.GetContactMessage(), m.GetContactsArrayMessage(), m.GetPtvMessage(),
	} {
		if info := part.GetContextInfo(); info != nil {
			return info
		}
	}
	return nil
}

// quoting returns the message as an answer to another.
func quoting(m *waE2E.Message, quote *waE2E.ContextInfo) *waE2E.Message {
	m = proto.Clone(m).(*waE2E.Message)
	inner := unwrap(m)
	switch {
	case inner.Conversation != nil:
		inner.ExtendedTextMessage = &waE2E.ExtendedTextMessage{Text: inner.Conversation, ContextInfo: quote}
		inner.Conversation = nil
	case inner.ExtendedTextMessage != nil:
		inner.ExtendedTextMessage.ContextInfo = quote
	case inner.ImageMessage != nil:
		inner.ImageMessage.ContextInfo = quote
	case inner.VideoMessage != nil:
		inner.VideoMessage.ContextInfo = quote
	case inner.PtvMessage != nil:
		inner.PtvMessage.ContextInfo = quote
	case inner.AudioMessage != nil:
		inner.AudioMessage.ContextInfo = quote
	case inner.DocumentMessage != nil:
		inner.DocumentMessage.ContextInfo = quote
	case inner.StickerMessage != nil:
		inner.StickerMessage.ContextInfo = quote
	case inner.LocationMessage != nil:
		inner.LocationMessage.ContextInfo = quote
	case inner.ContactMessage != nil:
		inner.ContactMessage.ContextInfo = quote
	}
	return m
}
