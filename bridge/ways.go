package bridge

import (
	"context"
	"time"

	"github.com/wootbridge/wootbridge/bridge/listen"
	"github.com/wootbridge/wootbridge/bridge/reconcile"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// notedEvery is the least time between two notes that a webhook came to a process
// that does not hold the line.
const notedEvery = time.Second

// webhookHeard notes that a webhook got through. The process that holds the line
// has to know: it closes a way that nothing comes by.
func (r *lineRuntime) webhookHeard(ctx context.Context) {
	if r.active {
		r.ways.Heard(listen.Webhook)
		return
	}
	now := r.b.cfg.Clock()
	if before := r.noted.Load(); now.UnixMilli()-before < notedEvery.Milliseconds() || !r.noted.CompareAndSwap(before, now.UnixMilli()) {
		return
	}
	if err := r.b.lines.NoteWebhook(ctx, r.inbox.Line().ID, now); err != nil {
		r.log.Debug("a webhook cannot be noted", "error", err)
	}
}

// waysChanged lets people see, and the comparisons follow, that a way has begun or
// ceased to work.
func (b *Bridge) waysChanged(r *lineRuntime) {
	if r.ways.None() {
		r.arrivals.RequestComparison()
	}
	b.Changed(r.inbox.Line().ID)
	b.inBackground(r.publish)
}

// webhookFails reports whether Chatwoot calls a webhook that it does not reach.
func (r *lineRuntime) webhookFails() bool {
	here, _ := r.inbox.Pointed()
	return here && r.ways.Failing(listen.Webhook)
}

// probedChats is how many conversations a probe tries: one may have been deleted.
const probedChats = 3

// chatsToProbe are the newest conversations, of which a probe may speak.
func (r *lineRuntime) chatsToProbe(ctx context.Context) ([]listen.Chat, error) {
	known, err := r.b.ids.LatestConversations(ctx, r.inbox.LineID(), probedChats)
	if err != nil {
		return nil, err
	}
	chats := make([]listen.Chat, len(known))
	for i, c := range known {
		chats[i] = listen.Chat{Source: c.SourceID, Conversation: chatwoot.ConversationID(c.Conversation)}
	}
	return chats, nil
}

// cadence is the pause until the next regular comparison. Where no way works the
// comparisons are what brings agents' messages.
func (r *lineRuntime) cadence() time.Duration {
	every := r.b.cfg.Schedule.Every
	live := r.ways.Of(listen.Live)
	switch {
	case r.ways.None():
		return min(every, reconcile.Interval(r.b.unheard(r.inbox.URL())))
	case live.Verdict == listen.Closed && !live.Unused() && r.ways.HeardBefore(listen.Webhook, r.b.cfg.Clock().Add(-lonelyAfter)):
		// Only the messages themselves tell now that webhooks fail as well.
		return min(every, lonelyEvery)
	}
	return every
}

const (
	// lonelyAfter is after how long without a webhook a line whose live channel does
	// not work is compared every lonelyEvery.
	lonelyAfter = 20 * time.Second
	lonelyEvery = 10 * time.Second
)

// unheard counts the lines of a Chatwoot of which no way works.
func (b *Bridge) unheard(chatwootURL string) int {
	n := 0
	for _, r := range b.all() {
		if r.active && r.inbox.URL() == chatwootURL && r.ways.None() {
			n++
		}
	}
	return n
}
