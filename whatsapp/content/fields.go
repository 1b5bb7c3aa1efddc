package content

import (
	"slices"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// fields says of every field of WhatsApp's message what becomes of it. A message
// has one content; where a hostile one has several, the first in this list
// counts. A test compares the list with the library's.
//
// To decode another kind, give it a struct and a decoder in a file of its own,
// and make its row here a shown one.
var fields = []field{
	silent(wrapper("deviceSentMessage", (*waE2E.Message).GetDeviceSentMessage)), // from the own phone
	onceWrapper("viewOnceMessage", (*waE2E.Message).GetViewOnceMessage),
	onceWrapper("viewOnceMessageV2", (*waE2E.Message).GetViewOnceMessageV2),
	onceWrapper("viewOnceMessageV2Extension", (*waE2E.Message).GetViewOnceMessageV2Extension),
	wrapper("ephemeralMessage", (*waE2E.Message).GetEphemeralMessage),
	wrapper("documentWithCaptionMessage", (*waE2E.Message).GetDocumentWithCaptionMessage),
	wrapper("editedMessage", (*waE2E.Message).GetEditedMessage),
	wrapper("groupMentionedMessage", (*waE2E.Message).GetGroupMentionedMessage),
	wrapper("botInvokeMessage", (*waE2E.Message).GetBotInvokeMessage),
	wrapper("lottieStickerMessage", (*waE2E.Message).GetLottieStickerMessage),
	wrapper("pollCreationMessageV4", (*waE2E.Message).GetPollCreationMessageV4),
	wrapper("associatedChildMessage", (*waE2E.Message).GetAssociatedChildMessage), // of an album

	shown("conversation", (*waE2E.Message).GetConversation, plainText),
	shown("extendedTextMessage", (*waE2E.Message).GetExtendedTextMessage, extendedText),
	shown("protocolMessage", (*waE2E.Message).GetProtocolMessage, protocol),
	shown("imageMessage", (*waE2E.Message).GetImageMessage, image),
	shown("videoMessage", (*waE2E.Message).GetVideoMessage, video),
	shown("ptvMessage", (*waE2E.Message).GetPtvMessage, roundVideo),
	shown("audioMessage", (*waE2E.Message).GetAudioMessage, audio),
	shown("documentMessage", (*waE2E.Message).GetDocumentMessage, document),
	shown("stickerMessage", (*waE2E.Message).GetStickerMessage, sticker),
	shown("albumMessage", (*waE2E.Message).GetAlbumMessage, album),
	shown("locationMessage", (*waE2E.Message).GetLocationMessage, location),
	shown("liveLocationMessage", (*waE2E.Message).GetLiveLocationMessage, liveLocation),
	shown("pollCreationMessage", (*waE2E.Message).GetPollCreationMessage, poll),
	shown("pollCreationMessageV2", (*waE2E.Message).GetPollCreationMessageV2, poll),
	shown("pollCreationMessageV3", (*waE2E.Message).GetPollCreationMessageV3, poll),
	shown("pollCreationMessageV5", (*waE2E.Message).GetPollCreationMessageV5, poll),
	shown("pollCreationMessageV6", (*waE2E.Message).GetPollCreationMessageV6, poll),
	shown("listMessage", (*waE2E.Message).GetListMessage, list),
	shown("buttonsMessage", (*waE2E.Message).GetButtonsMessage, buttons),
	shown("listResponseMessage", (*waE2E.Message).GetListResponseMessage, listChoice),
	shown("buttonsResponseMessage", (*waE2E.Message).GetButtonsResponseMessage, buttonChoice),
	shown("templateButtonReplyMessage", (*waE2E.Message).GetTemplateButtonReplyMessage, templateChoice),

	nothing("senderKeyDistributionMessage"), // stands beside a content, or before it under its id
	nothing("fastRatchetKeySenderKeyDistributionMessage"),
	nothing("messageContextInfo"), // stands beside a content
	nothing("keepInChatMessage"),

	unsupported("contactMessage"),
	unsupported("call"),
	unsupported("chat"),
	unsupported("contactsArrayMessage"),
	unsupported("highlyStructuredMessage"),
	unsupported("sendPaymentMessage"),
	unsupported("requestPaymentMessage"),
	unsupported("declinePaymentRequestMessage"),
	unsupported("cancelPaymentRequestMessage"),
	unsupported("templateMessage"),
	unsupported("groupInviteMessage"),
	unsupported("productMessage"),
	unsupported("orderMessage"),
	unsupported("invoiceMessage"),
	unsupported("paymentInviteMessage"),
	unsupported("interactiveMessage"),
	unsupported("reactionMessage"),
	unsupported("stickerSyncRmrMessage"),
	unsupported("interactiveResponseMessage"),
	unsupported("pollUpdateMessage"),
	unsupported("requestPhoneNumberMessage"),
	unsupported("encReactionMessage"),
	unsupported("scheduledCallCreationMessage"),
	unsupported("pinInChatMessage"),
	unsupported("scheduledCallEditMessage"),
	unsupported("callLogMesssage"),
	unsupported("messageHistoryBundle"),
	unsupported("encCommentMessage"),
	unsupported("bcallMessage"),
	unsupported("eventMessage"),
	unsupported("encEventResponseMessage"),
	unsupported("commentMessage"),
	unsupported("newsletterAdminInviteMessage"),
	unsupported("placeholderMessage"),
	unsupported("secretEncryptedMessage"),
	unsupported("eventCoverImage"),
	unsupported("stickerPackMessage"),
	unsupported("statusMentionMessage"),
	unsupported("pollResultSnapshotMessage"),
	unsupported("pollCreationOptionImageMessage"),
	unsupported("groupStatusMentionMessage"),
	unsupported("statusAddYours"),
	unsupported("groupStatusMessage"),
	unsupported("richResponseMessage"),
	unsupported("statusNotificationMessage"),
	unsupported("limitSharingMessage"),
	unsupported("botTaskMessage"),
	unsupported("questionMessage"),
	unsupported("messageHistoryNotice"),
	unsupported("groupStatusMessageV2"),
	unsupported("botForwardedMessage"),
	unsupported("statusQuestionAnswerMessage"),
	unsupported("questionReplyMessage"),
	unsupported("questionResponseMessage"),
	unsupported("statusQuotedMessage"),
	unsupported("statusStickerInteractionMessage"),
	unsupported("newsletterFollowerInviteMessageV2"),
	unsupported("pollResultSnapshotMessageV3"),
	unsupported("newsletterAdminProfileMessage"),
	unsupported("spoilerMessage"),
	unsupported("conditionalRevealMessage"),
	unsupported("pollAddOptionMessage"),
	unsupported("eventInviteMessage"),
	unsupported("groupRootKeyShare"),
	unsupported("paymentReminderMessage"),
	unsupported("splitPaymentMessage"),
	unsupported("newsletterAdminProfileStatusMessage"),
	unsupported("rootSecretDistributeMessage"),
	unsupported("splitPaymentUpdateMessage"),
	unsupported("musicMessage"),
	unsupported("statusLinkPreviewMetadata"),
	unsupported("botPlatformRegistrationSuccessMessage"),
	unsupported("newsletterScheduledMessage"),
	unsupported("acp2SettingMessage"),
	unsupported("audioStickerMessage"),
}

// field is the row of one field of waE2E.Message.
type field struct {
	name   protoreflect.Name
	inner  func(*waE2E.Message) *waE2E.Message                // of a wrapper; nil when it is empty
	once   bool                                               // with inner: the file inside may be shown only once
	decode func(*waE2E.Message) (Content, *waE2E.ContextInfo) // of a shown field; nil when it is empty
	// silent fields are no content by themselves; any other that is not decoded
	// is named to people.
	silent bool
}

// shown is a field that has a decoder. The decoder also gives the context, in
// which a quote may be.
func shown[T comparable](name protoreflect.Name, get func(*waE2E.Message) T, decode func(T) (Content, *waE2E.ContextInfo)) field {
	return field{name: name, decode: func(m *waE2E.Message) (Content, *waE2E.ContextInfo) {
		var none T
		value := get(m)
		if value == none {
			return nil, nil
		}
		return decode(value)
	}}
}

// wrapper is a field with a message inside that is meant.
func wrapper[T interface{ GetMessage() *waE2E.Message }](name protoreflect.Name, get func(*waE2E.Message) T) field {
	return field{name: name, inner: func(m *waE2E.Message) *waE2E.Message { return get(m).GetMessage() }}
}

func onceWrapper(name protoreflect.Name, get func(*waE2E.Message) *waE2E.FutureProofMessage) field {
	f := wrapper(name, get)
	f.once = true
	return f
}

// nothing is a field that carries nothing for people.
func nothing(name protoreflect.Name) field { return silent(field{name: name}) }

func silent(f field) field {
	f.silent = true
	return f
}

// unsupported is a field without a decoder so far.
func unsupported(name protoreflect.Name) field { return field{name: name} }

// maxWrappers bounds how deep a message may be wrapped in others.
const maxWrappers = 8

// decodeContent tells what a message is, and gives the context of that.
func decodeContent(m *waE2E.Message, depth int) (Content, *waE2E.ContextInfo) {
	for _, f := range fields {
		switch {
		case f.inner != nil && depth < maxWrappers:
			inner := f.inner(m)
			if inner == nil {
				continue
			}
			content, context := decodeContent(inner, depth+1)
			if f.once {
				content = viewOnce(content)
			}
			return content, context
		case f.decode != nil:
			if content, context := f.decode(m); content != nil {
				return content, context
			}
		}
	}
	if name := contentName(m); name != "" {
		return Unsupported{Name: name}, nil
	}
	return Nothing{}, nil
}

// unknownField names a content that this release has no name for.
const unknownField = "unknown field"

// contentName is the protocol's name of the content field that is set; empty if
// none is.
func contentName(m *waE2E.Message) string {
	name := ""
	m.ProtoReflect().Range(func(set protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if slices.ContainsFunc(fields, func(f field) bool { return f.silent && f.name == set.Name() }) {
			return true
		}
		name = string(set.Name())
		return false
	})
	if name == "" && len(m.ProtoReflect().GetUnknown()) > 0 && !carriesKeys(m) {
		return unknownField
	}
	return name
}

// carriesKeys says that the message for people comes after this one, under the
// same id.
func carriesKeys(m *waE2E.Message) bool {
	return m.GetSenderKeyDistributionMessage() != nil || m.GetFastRatchetKeySenderKeyDistributionMessage() != nil
}
