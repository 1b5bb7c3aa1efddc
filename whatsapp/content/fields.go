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
	wrapper("eventCoverImage", (*waE2E.Message).GetEventCoverImage),
	wrapper("pollCreationOptionImageMessage", (*waE2E.Message).GetPollCreationOptionImageMessage),
	wrapper("groupStatusMessage", (*waE2E.Message).GetGroupStatusMessage),
	wrapper("groupStatusMessageV2", (*waE2E.Message).GetGroupStatusMessageV2),
	wrapper("statusAddYours", (*waE2E.Message).GetStatusAddYours),
	wrapper("botTaskMessage", (*waE2E.Message).GetBotTaskMessage),
	wrapper("botForwardedMessage", (*waE2E.Message).GetBotForwardedMessage),
	wrapper("botPlatformRegistrationSuccessMessage", (*waE2E.Message).GetBotPlatformRegistrationSuccessMessage),
	wrapper("questionMessage", (*waE2E.Message).GetQuestionMessage),
	wrapper("questionReplyMessage", (*waE2E.Message).GetQuestionReplyMessage),
	wrapper("newsletterAdminProfileMessage", (*waE2E.Message).GetNewsletterAdminProfileMessage),
	wrapper("newsletterAdminProfileStatusMessage", (*waE2E.Message).GetNewsletterAdminProfileStatusMessage),
	wrapper("newsletterScheduledMessage", (*waE2E.Message).GetNewsletterScheduledMessage),
	wrapper("spoilerMessage", (*waE2E.Message).GetSpoilerMessage),
	wrapper("acp2SettingMessage", (*waE2E.Message).GetAcp2SettingMessage),
	wrapper("limitSharingMessage", (*waE2E.Message).GetLimitSharingMessage),

	shown("conversation", (*waE2E.Message).GetConversation, plainText),
	shown("extendedTextMessage", (*waE2E.Message).GetExtendedTextMessage, extendedText),
	{name: "protocolMessage", decode: protocol},
	shown("imageMessage", (*waE2E.Message).GetImageMessage, image),
	shown("videoMessage", (*waE2E.Message).GetVideoMessage, video),
	shown("ptvMessage", (*waE2E.Message).GetPtvMessage, roundVideo),
	shown("audioMessage", (*waE2E.Message).GetAudioMessage, audio),
	shown("documentMessage", (*waE2E.Message).GetDocumentMessage, document),
	shown("stickerMessage", (*waE2E.Message).GetStickerMessage, maybeSounding),
	shown("albumMessage", (*waE2E.Message).GetAlbumMessage, album),
	shown("locationMessage", (*waE2E.Message).GetLocationMessage, location),
	shown("liveLocationMessage", (*waE2E.Message).GetLiveLocationMessage, liveLocation),
	shown("contactMessage", (*waE2E.Message).GetContactMessage, contact),
	shown("contactsArrayMessage", (*waE2E.Message).GetContactsArrayMessage, contacts),
	shown("pollCreationMessage", (*waE2E.Message).GetPollCreationMessage, poll),
	shown("pollCreationMessageV2", (*waE2E.Message).GetPollCreationMessageV2, poll),
	shown("pollCreationMessageV3", (*waE2E.Message).GetPollCreationMessageV3, poll),
	shown("pollCreationMessageV5", (*waE2E.Message).GetPollCreationMessageV5, poll),
	shown("pollCreationMessageV6", (*waE2E.Message).GetPollCreationMessageV6, poll),
	shown("listMessage", (*waE2E.Message).GetListMessage, list),
	shown("buttonsMessage", (*waE2E.Message).GetButtonsMessage, buttons),
	shown("interactiveMessage", (*waE2E.Message).GetInteractiveMessage, interactive),
	shown("templateMessage", (*waE2E.Message).GetTemplateMessage, template),
	shown("highlyStructuredMessage", (*waE2E.Message).GetHighlyStructuredMessage, structured),
	shown("listResponseMessage", (*waE2E.Message).GetListResponseMessage, listChoice),
	shown("buttonsResponseMessage", (*waE2E.Message).GetButtonsResponseMessage, buttonChoice),
	shown("interactiveResponseMessage", (*waE2E.Message).GetInteractiveResponseMessage, interactiveAnswer),
	shown("templateButtonReplyMessage", (*waE2E.Message).GetTemplateButtonReplyMessage, templateChoice),
	shown("orderMessage", (*waE2E.Message).GetOrderMessage, cart),
	shown("productMessage", (*waE2E.Message).GetProductMessage, product),
	shown("invoiceMessage", (*waE2E.Message).GetInvoiceMessage, invoice),
	shown("requestPaymentMessage", (*waE2E.Message).GetRequestPaymentMessage, paymentRequest),
	shown("sendPaymentMessage", (*waE2E.Message).GetSendPaymentMessage, paymentSent),
	shown("declinePaymentRequestMessage", (*waE2E.Message).GetDeclinePaymentRequestMessage, paymentDeclined),
	shown("cancelPaymentRequestMessage", (*waE2E.Message).GetCancelPaymentRequestMessage, paymentCancelled),
	shown("paymentInviteMessage", (*waE2E.Message).GetPaymentInviteMessage, paymentInvite),
	shown("paymentReminderMessage", (*waE2E.Message).GetPaymentReminderMessage, paymentReminder),
	shown("splitPaymentMessage", (*waE2E.Message).GetSplitPaymentMessage, splitBill),
	shown("splitPaymentUpdateMessage", (*waE2E.Message).GetSplitPaymentUpdateMessage, splitPaid),
	shown("eventMessage", (*waE2E.Message).GetEventMessage, calendarEvent),
	shown("eventInviteMessage", (*waE2E.Message).GetEventInviteMessage, eventInvite),
	shown("scheduledCallCreationMessage", (*waE2E.Message).GetScheduledCallCreationMessage, scheduledCall),
	shown("scheduledCallEditMessage", (*waE2E.Message).GetScheduledCallEditMessage, scheduledCallEdit),
	shown("groupInviteMessage", (*waE2E.Message).GetGroupInviteMessage, groupInvite),
	shown("newsletterAdminInviteMessage", (*waE2E.Message).GetNewsletterAdminInviteMessage, channelAdminInvite),
	shown("newsletterFollowerInviteMessageV2", (*waE2E.Message).GetNewsletterFollowerInviteMessageV2, channelInvite),
	shown("richResponseMessage", (*waE2E.Message).GetRichResponseMessage, answer),
	shown("placeholderMessage", (*waE2E.Message).GetPlaceholderMessage, placeholder),
	shown("requestPhoneNumberMessage", (*waE2E.Message).GetRequestPhoneNumberMessage, numberAsked),
	shown("audioStickerMessage", (*waE2E.Message).GetAudioStickerMessage, soundSticker),
	shown("stickerPackMessage", (*waE2E.Message).GetStickerPackMessage, stickerPack),
	shown("statusMentionMessage", (*waE2E.Message).GetStatusMentionMessage, statusMention),
	shown("groupStatusMentionMessage", (*waE2E.Message).GetGroupStatusMentionMessage, groupStatusMention),
	shown("pollResultSnapshotMessage", (*waE2E.Message).GetPollResultSnapshotMessage, pollResult),
	shown("pollResultSnapshotMessageV3", (*waE2E.Message).GetPollResultSnapshotMessageV3, pollResult),
	shown("questionResponseMessage", (*waE2E.Message).GetQuestionResponseMessage, questionAnswer),
	shown("statusQuestionAnswerMessage", (*waE2E.Message).GetStatusQuestionAnswerMessage, statusAnswer),
	shown("statusQuotedMessage", (*waE2E.Message).GetStatusQuotedMessage, statusQuoted),
	shown("statusNotificationMessage", (*waE2E.Message).GetStatusNotificationMessage, statusNotification),
	shown("statusStickerInteractionMessage", (*waE2E.Message).GetStatusStickerInteractionMessage, statusReaction),
	shown("callLogMesssage", (*waE2E.Message).GetCallLogMesssage, loggedCall),
	shown("bcallMessage", (*waE2E.Message).GetBcallMessage, broadcastCall),
	shown("chat", (*waE2E.Message).GetChat, chatCard),
	shown("conditionalRevealMessage", (*waE2E.Message).GetConditionalRevealMessage, sealedUntil),
	shown("musicMessage", (*waE2E.Message).GetMusicMessage, song),

	shown("reactionMessage", (*waE2E.Message).GetReactionMessage, reaction),
	shown("pinInChatMessage", (*waE2E.Message).GetPinInChatMessage, pin),
	shown("keepInChatMessage", (*waE2E.Message).GetKeepInChatMessage, keep),
	shown("commentMessage", (*waE2E.Message).GetCommentMessage, comment),
	shown("pollAddOptionMessage", (*waE2E.Message).GetPollAddOptionMessage, pollOption),
	shown("pollUpdateMessage", (*waE2E.Message).GetPollUpdateMessage, sealedVote),
	shown("encReactionMessage", (*waE2E.Message).GetEncReactionMessage, sealedReaction),
	shown("encCommentMessage", (*waE2E.Message).GetEncCommentMessage, sealedComment),
	shown("encEventResponseMessage", (*waE2E.Message).GetEncEventResponseMessage, sealedAnswer),
	shown("secretEncryptedMessage", (*waE2E.Message).GetSecretEncryptedMessage, sealedMessage),

	nothing("senderKeyDistributionMessage"), // stands beside a content, or before it under its id
	nothing("fastRatchetKeySenderKeyDistributionMessage"),
	nothing("messageContextInfo"), // stands beside a content
	nothing("call"),               // which is told of by events of its own
	nothing("stickerSyncRmrMessage"),
	nothing("messageHistoryBundle"), // a file for new members of a group
	nothing("groupRootKeyShare"),
	nothing("rootSecretDistributeMessage"),
	nothing("statusLinkPreviewMetadata"), // stands beside a content

	unsupported("messageHistoryNotice"),
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
			content, context := f.decode(m)
			if n, ok := content.(nested); ok {
				content, context = n.decoded()
			}
			if content != nil {
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
