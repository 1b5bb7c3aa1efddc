package content

import (
	"slices"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// What releases could convert that did not record what they could not: these lists
// are theirs, and never change.
var (
	earlierWrappers = []protoreflect.Name{
		"deviceSentMessage", "viewOnceMessage", "viewOnceMessageV2", "viewOnceMessageV2Extension", "ephemeralMessage",
		"documentWithCaptionMessage", "editedMessage", "groupMentionedMessage", "botInvokeMessage", "lottieStickerMessage", "associatedChildMessage",
	}
	earlierShown = []protoreflect.Name{
		"conversation", "extendedTextMessage", "imageMessage", "videoMessage", "ptvMessage", "audioMessage", "documentMessage", "stickerMessage",
	}
	earlierSilent = []protoreflect.Name{
		"senderKeyDistributionMessage", "fastRatchetKeySenderKeyDistributionMessage", "messageContextInfo", "protocolMessage",
		"deviceSentMessage", "keepInChatMessage",
	}
)

// EarlierUnsupported names the content of a payload that those releases showed as a
// placeholder; empty for all others.
func EarlierUnsupported(raw []byte) string {
	_, p, err := header(raw)
	if err != nil || p.Trouble != "" {
		return ""
	}
	var sent waE2E.Message
	if proto.Unmarshal(p.Proto, &sent) != nil {
		return ""
	}
	return earlierUnsupported(sent.ProtoReflect(), 0)
}

func earlierUnsupported(m protoreflect.Message, depth int) string {
	fields := m.Descriptor().Fields()
	for _, name := range earlierWrappers {
		field := fields.ByName(name)
		if field == nil || !m.Has(field) || depth >= maxWrappers {
			continue
		}
		wrapper := m.Get(field).Message()
		if inner := wrapper.Descriptor().Fields().ByName("message"); wrapper.Has(inner) {
			return earlierUnsupported(wrapper.Get(inner).Message(), depth+1)
		}
	}
	if edit := m.Interface().(*waE2E.Message).GetProtocolMessage(); edit != nil {
		if edit.GetEditedMessage() != nil && edit.GetType() != waE2E.ProtocolMessage_REVOKE {
			return "edit"
		}
		return ""
	}
	named := ""
	shown := false
	m.Range(func(set protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		switch {
		case slices.Contains(earlierShown, set.Name()):
			shown = true
		case named == "" && !slices.Contains(earlierSilent, set.Name()):
			named = string(set.Name())
		}
		return !shown
	})
	switch {
	case shown:
		return ""
	case named == "" && len(m.GetUnknown()) > 0 && !carriesKeys(m.Interface().(*waE2E.Message)):
		return unknownField
	}
	return named
}

// Converts reports whether a payload's content has a decoder.
func Converts(raw []byte) bool {
	m, err := Decode(raw)
	if err != nil {
		return false
	}
	_, without := m.Content.(Unsupported)
	return !without
}
