package listen

import (
	"context"
	"time"

	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// look does what is to be done about the ways as they are now.
func (k *Keeper) look(ctx context.Context) error {
	k.noteListening()
	if k.reread.Swap(false) {
		if err := k.cfg.Inbox.Point(ctx); err != nil {
			k.reread.Store(true)
			return err
		}
	}
	if err := k.keepAddress(ctx); err != nil {
		return err
	}
	k.lookAtSetUp(ctx)
	if k.trialDue() {
		k.try(ctx)
	}
	if due := k.cfg.Clock().Sub(k.probed) >= k.cfg.Times.Again || k.fresh.Load(); due && (k.quiet(Webhook) || k.quiet(Live)) {
		return k.probe(ctx)
	}
	return nil
}

// noteListening says of a way that is not used why that is so.
func (k *Keeper) noteListening() {
	settings, ways := k.cfg.Inbox.Settings(), k.cfg.Ways
	_, unknown := k.cfg.Inbox.WebhookURL()
	switch now := ways.Of(Webhook).Reason.Code; {
	case !settings.HearsWebhooks():
		ways.Close(Webhook, Reason{Code: Off})
	case unknown != nil:
		ways.Close(Webhook, Reason{Code: NoAddress})
	case now == Off || now == NoAddress:
		ways.Open(Webhook)
		k.fresh.Store(true)
	}
	switch now := ways.Of(Live).Reason.Code; {
	case !settings.HearsLive():
		ways.Close(Live, Reason{Code: Off})
	case now == Off:
		ways.Close(Live, Reason{Code: Connecting})
	}
}

// quiet reports whether a way has to show that it works.
func (k *Keeper) quiet(name Way) bool {
	if name == Live {
		return k.connected.Load() && (k.cfg.Ways.Quiet(Live) || k.deaf.Load())
	}
	here, _ := k.cfg.Inbox.Pointed()
	return here && k.cfg.Ways.Quiet(Webhook)
}

// keepAddress takes the webhook's address out of the inbox while Chatwoot does not
// reach it, and either never will or the live channel works: with it there,
// Chatwoot turns every bubble red again. What it has turned red is put right then.
func (k *Keeper) keepAddress(ctx context.Context) error {
	status := k.cfg.Ways.Of(Webhook)
	unreached := status.Verdict == Closed && !status.Unused() && (status.Reason.hopeless() || !k.cfg.Ways.Closed(Live))
	k.cfg.Inbox.SetUnreached(unreached)
	if status.Verdict == Closed && !status.Unused() {
		if err := k.remember(ctx, status); err != nil {
			return err
		}
	}
	here, mayChange := k.cfg.Inbox.Pointed()
	if !here && status.Reason.Stuck { // somebody has done it
		status.Reason.Stuck = false
		k.cfg.Ways.Close(Webhook, status.Reason)
	}
	if !unreached || !here || k.cfg.Inbox.Wanted() != "" {
		return nil
	}
	if !mayChange {
		status.Reason.Stuck = true
		k.cfg.Ways.Close(Webhook, status.Reason)
		return nil
	}
	if err := k.cfg.Inbox.Point(ctx); err != nil {
		return err
	}
	k.cfg.Compare()
	return nil
}

// remember keeps a closed webhook for the next process.
func (k *Keeper) remember(ctx context.Context, status Status) error {
	if k.closure.Reason == string(status.Reason.Code) {
		return nil
	}
	return k.setClosure(ctx, lines.Closure{
		At: status.Since, Reason: string(status.Reason.Code), Detail: status.Reason.Detail, Tried: k.cfg.Clock(),
	})
}

func (k *Keeper) setClosure(ctx context.Context, c lines.Closure) error {
	if err := k.cfg.Store.SetClosure(ctx, k.cfg.Inbox.Line().ID, c); err != nil {
		return err
	}
	k.closure = c
	return nil
}

// trialDue reports whether a webhook has been closed for so long that it is worth
// a trial.
func (k *Keeper) trialDue() bool {
	return !k.closure.At.IsZero() && !k.cfg.Ways.Of(Webhook).Unused() && k.cfg.Clock().Sub(k.closure.Tried) >= k.cfg.Times.Trial
}

// try points the inbox's webhook here for a probe. Where that does not come back
// the address is taken out again.
func (k *Keeper) try(ctx context.Context) {
	if k.closure.At.IsZero() {
		k.fresh.Store(true) // nothing is closed: an ordinary probe tells
		return
	}
	k.cfg.Inbox.SetUnreached(false)
	k.cfg.Ways.Open(Webhook)
	err := k.cfg.Inbox.Point(ctx)
	if err == nil {
		err = k.probe(ctx)
	}
	verdict := lines.Closure{} // it works
	if k.cfg.Ways.Of(Webhook).Verdict != Works {
		k.cfg.Ways.Close(Webhook, Reason{Code: Code(k.closure.Reason), Detail: k.closure.Detail})
		verdict = k.closure
		verdict.Tried = k.cfg.Clock()
	}
	if stored := k.setClosure(ctx, verdict); err == nil {
		err = stored
	}
	if err != nil && ctx.Err() == nil {
		k.cfg.Log.Debug("the webhook cannot be tried", "error", err)
	}
}

// probe makes Chatwoot tell something that nobody sees, and looks which ways
// bring it. A line without a conversation has none to speak of: its first message
// is the probe.
func (k *Keeper) probe(ctx context.Context) error {
	k.fresh.Store(false)
	k.probed = k.cfg.Clock()
	chats, err := k.cfg.Chats(ctx)
	if err != nil {
		return err
	}
	live, webhook, sent := k.quiet(Live), k.quiet(Webhook), k.cfg.Clock()
	line, client, asked := k.cfg.Inbox.Line(), k.cfg.Inbox.At(chatwoot.Background), false
	for _, chat := range chats {
		err := client.ContactTyping(ctx, line.InboxIdentifier, chat.Source, chat.Conversation, false)
		if asked = err == nil; asked {
			break
		}
		if !chatwoot.IsNotFound(err) { // a conversation that was deleted
			return err
		}
	}
	if !asked {
		return nil
	}
	answered, err := k.await(ctx, sent, live, webhook)
	if err != nil {
		return err
	}
	if live && !answered[Live] && k.connected.Load() {
		k.deaf.Store(true)
		k.cfg.Ways.Close(Live, Reason{Code: k.whyDeaf(ctx)})
		k.cfg.Compare()
		k.cfg.Channels.Renew(k)
	}
	if webhook && !answered[Webhook] {
		k.cfg.Ways.Failed(Webhook, Reason{Code: NeverCame})
	}
	return nil
}

// whyDeaf says why a channel that pings brings nothing.
func (k *Keeper) whyDeaf(ctx context.Context) Code {
	profile, err := k.cfg.Inbox.At(chatwoot.Background).Profile(ctx)
	if in, _ := profile.In(k.cfg.Inbox.Line().Account); err == nil && in.Role == "agent" {
		return Untold
	}
	return Deaf
}

// await waits until a probe has come back by the ways that it has to come by.
func (k *Keeper) await(ctx context.Context, sent time.Time, live, webhook bool) (answered map[Way]bool, err error) {
	woken := false
	defer func() {
		if woken {
			k.Wake() // the loop has to look as well
		}
	}()
	timeout := time.NewTimer(k.cfg.Times.Answer)
	defer timeout.Stop()
	for {
		answered, more := k.cfg.Ways.HeardSince(sent)
		if (answered[Live] || !live) && (answered[Webhook] || !webhook || k.cfg.Ways.Closed(Webhook)) {
			return answered, nil
		}
		select {
		case <-ctx.Done():
			return answered, ctx.Err()
		case <-more:
			continue
		case <-k.wake: // what Chatwoot says of its webhooks may have closed the way
			woken = true
			continue
		case <-timeout.C:
		}
		if webhook && !answered[Webhook] { // it may have come to another process
			at, err := k.cfg.Store.WebhookNoted(ctx, k.cfg.Inbox.Line().ID)
			if err != nil {
				return answered, err
			}
			if answered[Webhook] = !at.Before(sent.Truncate(time.Millisecond)); answered[Webhook] {
				k.cfg.Ways.Heard(Webhook)
			}
		}
		return answered, nil
	}
}
