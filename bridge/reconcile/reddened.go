package reconcile

import (
	"context"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// reddened are the conversations in which webhooks that failed have turned bubbles
// red, each with when the oldest of these was written. What puts a bubble right
// makes Chatwoot call the webhook, and turn it red once more, until webhooks get
// through or are no longer tried; and from 4.12 on the conversation does not count
// as changed by that. They are kept in memory.
type reddened struct {
	mu  sync.Mutex
	all map[chatwoot.ConversationID]time.Time
}

// mostReddened bounds how many are kept.
const mostReddened = 5000

// note may be called by several readers at once.
func (r *reddened) note(in chatwoot.ConversationID, written time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = map[chatwoot.ConversationID]time.Time{}
	}
	oldest, known := r.all[in]
	if !known && len(r.all) < mostReddened || written.Before(oldest) {
		r.all[in] = written
	}
}

// noteRed notes a bubble that is red for a reason of Chatwoot's.
func (r *Reconciler) noteRed(in chatwoot.ConversationID, m chatwoot.Message) {
	if r.WebhookFailed != nil {
		r.WebhookFailed(m.Attributes.ExternalError, m.CreatedAt.Time)
	}
	if _, failed := chatwoot.WebhookFailureOf(m.Attributes.ExternalError); failed {
		r.reddened.note(in, m.CreatedAt.Time)
	}
}

// take gives them, once.
func (r *reddened) take() map[chatwoot.ConversationID]time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.all
	r.all = nil
	return all
}

// lookAgain has the conversations compared again in which bubbles were turned red,
// as soon as that is of use.
func (p *pass) lookAgain(ctx context.Context) error {
	if p.r.WebhookFails == nil || p.r.WebhookFails() {
		return nil
	}
	known := map[chatwoot.ConversationID]bool{}
	for _, b := range p.behind {
		known[b.Conversation] = true
	}
	var again []lines.Behind
	for in, written := range p.r.reddened.take() {
		if !known[in] {
			again = append(again, lines.Behind{Conversation: in, Watermark: p.mark.Watermark, Since: written.Add(-overlap), Due: p.r.Clock()})
		}
	}
	if len(again) == 0 {
		return nil
	}
	p.behind = append(p.behind, again...)
	return p.r.Store.SetBehind(ctx, p.r.Inbox.Line().ID, again, lines.Swept{})
}
