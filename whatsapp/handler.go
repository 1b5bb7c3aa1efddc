package whatsapp

import (
	"context"
	"time"

	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// handle takes every event of a generation. Its answer decides whether a
// message is acknowledged, so a panic in here is a no: the library itself
// would take it for a yes.
func (g *generation) handle(event any) (taken bool) {
	defer func() {
		if value := recover(); value != nil {
			g.s.notePanic(value)
			taken = false
		}
	}()
	switch evt := event.(type) {
	case *events.Message:
		return g.message(evt)
	case *events.UndecryptableMessage:
		return g.undecryptable(evt)
	case *events.Receipt:
		return g.receipt(evt)
	case *events.MediaRetry:
		return g.mediaRetry(evt)
	case *events.ChatPresence:
		if !evt.IsFromMe && !evt.IsGroup {
			g.s.cfg.Sink.Typing(content.AddressOf(evt.Chat, types.EmptyJID, g.alternate), evt.State == types.ChatPresenceComposing)
		}
	default:
		g.connection(event)
	}
	return true
}

func (g *generation) message(evt *events.Message) bool {
	if evt.Info.Chat.Server == types.NewsletterServer || evt.Info.Chat == types.StatusBroadcastJID {
		g.s.cfg.Count("publication") // of a channel or a status: nobody wrote to the desk
		return true
	}
	from, protocol := g.originOf(evt.Info), evt.Message.GetProtocolMessage()
	history := protocol.GetHistorySyncNotification() != nil
	if history && from == ownPhone {
		envelope, err := content.HistoryEnvelope(evt.Info, protocol.GetHistorySyncNotification())
		return g.takeOr(envelope, err)
	}
	peer := evt.Info.Category == peerCategory
	if history || from == foreign && (peer || asksDevice(protocol)) {
		// The library believes no stranger, and what it keeps of a history is kept
		// only when the bridge asks for it. So nothing has come of it.
		g.s.cfg.Count("foreign request")
	}
	if peer && from != foreign {
		return true // between the account's devices; nothing for people
	}
	envelope, err := content.MessageEnvelope(evt.Info, evt.RawMessage, g.alternate)
	return g.takeOr(envelope, err)
}

// undecryptable commits a placeholder. The library acknowledges such a message
// whatever is answered, so the append is tried until it succeeds.
func (g *generation) undecryptable(evt *events.UndecryptableMessage) bool {
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
	envelope, err := content.PlaceholderEnvelope(evt.Info, trouble, g.alternate)
	if err != nil {
		return g.takeOr(envelope, err)
	}
	return g.take(g.s.ctx, envelope, 0)
}

func (g *generation) receipt(evt *events.Receipt) bool {
	envelope, tells, err := content.ReceiptEnvelope(evt.MessageSource, evt.Type, evt.MessageIDs, evt.Timestamp, g.alternate)
	if err == nil && !tells {
		return true
	}
	return g.takeOr(envelope, err)
}

// mediaRetry commits the phone's answer about a file. The library acknowledges
// it whatever is answered, so the append is tried until it succeeds.
func (g *generation) mediaRetry(evt *events.MediaRetry) bool {
	answer := content.MediaRetry{ID: evt.MessageID, FromMe: evt.FromMe, At: evt.Timestamp, Ciphertext: evt.Ciphertext, IV: evt.IV}
	if evt.Error != nil {
		answer.ErrorCode = evt.Error.Code
	}
	envelope, err := content.MediaRetryEnvelope(answer, evt.ChatID, g.alternate)
	if err != nil {
		return g.takeOr(envelope, err)
	}
	return g.take(g.s.ctx, envelope, 0)
}

func (g *generation) takeOr(e content.Envelope, err error) bool {
	if err != nil {
		g.s.cfg.Log.Error("an event cannot be stored", "error", err)
		return false
	}
	return g.take(g.ctx, e, takePatience)
}

// takePatience is how long a commit is tried while the library's queue waits
// in order. Then the generation ends, and the message comes with the next.
const takePatience = time.Minute

// take commits an event, again and again; a sink that panics is one that fails.
func (g *generation) take(ctx context.Context, e content.Envelope, patience time.Duration) bool {
	if g.latched.Load() {
		return false
	}
	started := g.s.cfg.Clock()
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		err := guarded(g.s, func() error { return g.s.cfg.Sink.Take(ctx, e) })
		if err == nil {
			g.guard.Committed()
			return true
		}
		g.s.cfg.Count("take failure")
		if patience > 0 && g.s.cfg.Clock().Sub(started) >= patience {
			g.storeFailed(err)
			return false
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			g.latched.Store(true)
			return false
		case <-timer.C:
		}
	}
}

// alternate looks a person's other JID up in the local store.
func (g *generation) alternate(jid types.JID) types.JID {
	var other types.JID
	var err error
	switch jid.Server {
	case types.HiddenUserServer:
		other, err = g.client.Store.LIDs.GetPNForLID(g.ctx, jid)
	case types.DefaultUserServer:
		other, err = g.client.Store.LIDs.GetLIDForPN(g.ctx, jid)
	}
	if err != nil {
		return types.EmptyJID
	}
	return other
}
