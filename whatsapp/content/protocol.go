package content

import (
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// Revoke takes an earlier message back, for everyone.
type Revoke struct {
	Target string // the id of the message
}

// Timer says after what time the messages of a chat disappear from now on; 0 is never.
type Timer struct{ After time.Duration }

// NumberShared says that a customer who had hidden the phone number shows it.
type NumberShared struct{}

// SharingLimited says that nobody may carry on what is written in the chat, or may again.
type SharingLimited struct{ Off bool }

// MemberLabel is what a member of a group is called there, beside the name; empty for
// nothing any more.
type MemberLabel struct{ Label string }

// Handover is what a business says of who goes on with the chat.
type Handover struct{ Text string }

func (Revoke) isContent()         {}
func (Timer) isContent()          {}
func (NumberShared) isContent()   {}
func (SharingLimited) isContent() {}
func (MemberLabel) isContent()    {}
func (Handover) isContent()       {}

// longestTimer is the longest time that is believed; WhatsApp itself offers 90 days.
const longestTimer = 10 * 365 * 24 * time.Hour

// protocol decodes what is no message, but concerns one, or the chat. Most of it is
// between the apps only.
func protocol(m *waE2E.Message) (Content, *waE2E.ContextInfo) {
	p := m.GetProtocolMessage()
	if p == nil {
		return nil, nil
	}
	// The type is REVOKE, too, where none is set.
	if p.GetEditedMessage() != nil && (p.Type == nil || p.GetType() != waE2E.ProtocolMessage_REVOKE) {
		return edit(p, m.GetMessageContextInfo())
	}
	switch p.GetType() {
	case waE2E.ProtocolMessage_REVOKE:
		if id := p.GetKey().GetID(); id != "" {
			return Revoke{Target: id}, nil
		}
	case waE2E.ProtocolMessage_EPHEMERAL_SETTING:
		return Timer{min(time.Duration(p.GetEphemeralExpiration())*time.Second, longestTimer)}, nil
	case waE2E.ProtocolMessage_SHARE_PHONE_NUMBER:
		return NumberShared{}, nil
	case waE2E.ProtocolMessage_LIMIT_SHARING:
		return SharingLimited{Off: !p.GetLimitSharing().GetSharingLimited()}, nil
	case waE2E.ProtocolMessage_GROUP_MEMBER_LABEL_CHANGE:
		return MemberLabel{clean(p.GetMemberLabel().GetLabel())}, nil
	case waE2E.ProtocolMessage_STATUS_MENTION_MESSAGE:
		return Told{Kind: StatusMention}, nil
	case waE2E.ProtocolMessage_CLOUD_API_THREAD_CONTROL_NOTIFICATION:
		notice := p.GetCloudApiThreadControlNotification()
		if text := clean(notice.GetNotificationContent().GetHandoffNotificationText()); text != "" && !notice.GetShouldSuppressNotification() {
			return Handover{text}, nil
		}
	}
	return Nothing{}, nil
}
