package content

import (
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// ChatTimer is after how long messages of a chat disappear; 0 seconds is never.
type ChatTimer struct {
	Seconds uint32
	// Set is when somebody has chosen it; zero where that is not told.
	Set time.Time
}

// longestChatTimer is longer than any that WhatsApp offers.
const longestChatTimer = 10 * 365 * 24 * 60 * 60

// timerOf is the timer that a message was sent with or sets, or nil where it says
// nothing of one. Most messages of chats without a timer say nothing.
func timerOf(m *waE2E.Message, c *waE2E.ContextInfo) *ChatTimer {
	if p := protocolOf(m); p.GetType() == waE2E.ProtocolMessage_EPHEMERAL_SETTING && p != nil && p.Type != nil {
		return newTimer(p.GetEphemeralExpiration(), p.GetEphemeralSettingTimestamp())
	}
	if c == nil || c.Expiration == nil {
		return nil
	}
	return newTimer(c.GetExpiration(), c.GetEphemeralSettingTimestamp())
}

func newTimer(seconds uint32, set int64) *ChatTimer {
	if seconds > longestChatTimer {
		return nil
	}
	t := &ChatTimer{Seconds: seconds}
	if set > 0 {
		t.Set = time.Unix(set, 0).UTC()
	}
	return t
}

// protocolOf is the protocol message in a message, however it is wrapped, or nil.
func protocolOf(m *waE2E.Message) *waE2E.ProtocolMessage {
	for range maxWrappers {
		if p := m.GetProtocolMessage(); p != nil {
			return p
		}
		inner := unwrapped(m)
		if inner == nil {
			return nil
		}
		m = inner
	}
	return nil
}

func unwrapped(m *waE2E.Message) *waE2E.Message {
	for _, f := range fields {
		if f.inner != nil {
			if inner := f.inner(m); inner != nil {
				return inner
			}
		}
	}
	return nil
}
