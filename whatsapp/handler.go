package whatsapp

import (
	"context"
	"time"

	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"github.com/wootbridge/wootbridge/internal/wait"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// handle takes every event of a connection. Its answer decides whether the
// library acknowledges a message. A panic here must count as "not handled"; the
// library would acknowledge the message.
func (c *connection) handle(event any) (taken bool) {
	if p := c.pressure.Load(); p != nil {
		p.told(event)
	}
	err := guarded(c.s, func() error {
		taken = c.dispatch(event)
		return nil
	})
	return taken && err == nil
}

// dispatch gives an event to the method for its kind.
func (c *connection) dispatch(event any) (taken bool) {
	c.groups.changed(event)
	if picture, ok := event.(*events.Picture); ok {
		c.pictureChanged(picture)
	}
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
	if !c.takesPublication(evt.Info) {
		c.s.cfg.Count("publication") // of a channel or a status: nobody wrote to the desk
		return true
	}
	from, protocol := c.originOf(evt.Info), evt.Message.GetProtocolMessage()
	if from == ownPhone {
		c.s.phoneLives()
	}
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
	if err := c.keepSecret(evt); err != nil {
		c.s.cfg.Log.Warn("votes and edits of a message will not be read", "error", err)
	}
	envelope, err := content.MessageEnvelope(evt.Info, evt.RawMessage, c.alternate)
	envelope.Mentions = evt.Info.IsGroup && content.Mentions(evt.RawMessage, c.own())
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
	if evt.IsFromMe && evt.Sender.Device == 0 {
		c.s.phoneLives()
	}
	envelope, tells, err := content.ReceiptEnvelope(evt.MessageSource, evt.Type, evt.MessageIDs, evt.Timestamp, c.alternate)
	if err == nil && !tells {
		return true
	}
	return c.takeOr(envelope, err)
}

// mediaRetry commits the phone's answer about a file. The library acknowledges
// it whatever is answered, so the append is tried until it succeeds.
func (c *connection) mediaRetry(evt *events.MediaRetry) bool {
	c.s.phoneLives()
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

// takePatience is how long a commit is retried while the events after it wait in
// the library's queue. Then the connection ends, and the message comes again with
// the next one.
const takePatience = time.Minute

// takeRetry is the pause between two attempts to commit.
var takeRetry = wait.Backoff{First: 50 * time.Millisecond, Most: 5 * time.Second}

// take commits an event and retries until that succeeds or the patience ends; 0
// has no end. A panic of the sink counts as a failure.
func (c *connection) take(ctx context.Context, e content.Envelope, patience time.Duration) bool {
	if c.latched.Load() {
		return false
	}
	e.Waited = e.At.Unix() < c.waitedBefore.Load()
	c.committing.Add(1)
	defer c.committing.Add(-1)
	started := c.s.cfg.Clock()
	for attempt := 0; ; attempt++ {
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
		if !wait.Sleep(ctx, takeRetry.After(attempt)) {
			c.latched.Store(true)
			return false
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
