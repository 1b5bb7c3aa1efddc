package whatsapp

import (
	"context"
	"time"

	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// handle takes every event of a connection. Its answer decides whether the
// library acknowledges a message. A panic here must count as "not handled"; the
// library would acknowledge the message.
func (c *connection) handle(event any) (taken bool) {
	defer func() {
		if value := recover(); value != nil {
			c.s.notePanic(value)
			taken = false
		}
	}()
	switch evt := event.(type) {
	case *events.Message:
		return c.message(evt)
	case *events.UndecryptableMessage:
		return c.undecryptable(evt)
	case *events.Receipt:
		return c.receipt(evt)
	case *events.MediaRetry:
		return c.mediaRetry(evt)
	case *events.ChatPresence:
		if !evt.IsFromMe && !evt.IsGroup {
			c.s.cfg.Sink.Typing(content.AddressOf(evt.Chat, types.EmptyJID, c.alternate), evt.State == types.ChatPresenceComposing)
		}
	default:
		c.connectionEvent(event)
	}
	return true
}

func (c *connection) message(evt *events.Message) bool {
	if evt.Info.Chat.Server == types.NewsletterServer || evt.Info.Chat == types.StatusBroadcastJID {
		c.s.cfg.Count("publication") // of a channel or a status: nobody wrote to the desk
		return true
	}
	from, protocol := c.originOf(evt.Info), evt.Message.GetProtocolMessage()
	history := protocol.GetHistorySyncNotification() != nil
	if history && from == ownPhone {
		envelope, err := content.HistoryEnvelope(evt.Info, protocol.GetHistorySyncNotification())
		return c.takeOr(envelope, err)
	}
	peer := evt.Info.Category == peerCategory
	if history || from == foreign && (peer || asksDevice(protocol)) {
		// The library believes no stranger, and what it keeps of a history is kept
		// only when the bridge asks for it. So nothing has come of it.
		c.s.cfg.Count("foreign request")
	}
	if peer && from != foreign {
		return true // between the account's devices; nothing for people
	}
	envelope, err := content.MessageEnvelope(evt.Info, evt.RawMessage, c.alternate)
	return c.takeOr(envelope, err)
}

// undecryptable commits a placeholder. The library acknowledges such a message
// whatever is answered, so the append is tried until it succeeds.
func (c *connection) undecryptable(evt *events.UndecryptableMessage) bool {
	if evt.Info.Chat == types.StatusBroadcastJID || evt.DecryptFailMode == events.DecryptFailHide {
		return true
	}
	trouble := content.TroubleUndecryptable
	if evt.IsUnavailable {
		trouble = "unavailable"
		if evt.UnavailableType != events.UnavailableTypeUnknown {
			trouble = string(evt.UnavailableType)
		}
	}
	envelope, err := content.PlaceholderEnvelope(evt.Info, trouble, c.alternate)
	if err != nil {
		return c.takeOr(envelope, err)
	}
	return c.take(c.s.ctx, envelope, 0)
}

func (c *connection) receipt(evt *events.Receipt) bool {
	envelope, tells, err := content.ReceiptEnvelope(evt.MessageSource, evt.Type, evt.MessageIDs, evt.Timestamp, c.alternate)
	if err == nil && !tells {
		return true
	}
	return c.takeOr(envelope, err)
}

// mediaRetry commits the phone's answer about a file. The library acknowledges
// it whatever is answered, so the append is tried until it succeeds.
func (c *connection) mediaRetry(evt *events.MediaRetry) bool {
	answer := content.MediaRetry{ID: evt.MessageID, FromMe: evt.FromMe, At: evt.Timestamp, Ciphertext: evt.Ciphertext, IV: evt.IV}
	if evt.Error != nil {
		answer.ErrorCode = evt.Error.Code
	}
	envelope, err := content.MediaRetryEnvelope(answer, evt.ChatID, c.alternate)
	if err != nil {
		return c.takeOr(envelope, err)
	}
	return c.take(c.s.ctx, envelope, 0)
}

func (c *connection) takeOr(e content.Envelope, err error) bool {
	if err != nil {
		c.s.cfg.Log.Error("an event cannot be stored", "error", err)
		return false
	}
	return c.take(c.ctx, e, takePatience)
}

// takePatience is how long a commit is tried while the library's queue waits
// in order. Then the connection ends, and the message comes with the next.
const takePatience = time.Minute

// take commits an event, again and again; a sink that panics is one that fails.
func (c *connection) take(ctx context.Context, e content.Envelope, patience time.Duration) bool {
	if c.latched.Load() {
		return false
	}
	started := c.s.cfg.Clock()
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		err := guarded(c.s, func() error { return c.s.cfg.Sink.Take(ctx, e) })
		if err == nil {
			c.guard.Committed()
			return true
		}
		c.s.cfg.Count("take failure")
		if patience > 0 && c.s.cfg.Clock().Sub(started) >= patience {
			c.storeFailed(err)
			return false
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			c.latched.Store(true)
			return false
		case <-timer.C:
		}
	}
}

// alternate looks a person's other JID up in the local store.
func (c *connection) alternate(jid types.JID) types.JID {
	var other types.JID
	var err error
	switch jid.Server {
	case types.HiddenUserServer:
		other, err = c.client.Store.LIDs.GetPNForLID(c.ctx, jid)
	case types.DefaultUserServer:
		other, err = c.client.Store.LIDs.GetLIDForPN(c.ctx, jid)
	}
	if err != nil {
		return types.EmptyJID
	}
	return other
}
