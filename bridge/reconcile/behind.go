package reconcile

import (
	"context"
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/guard"
	"github.com/wootbridge/wootbridge/internal/wait"
)

// behindBackoff is the pause before a conversation is tried again that could not be
// compared.
var behindBackoff = wait.Backoff{First: 10 * time.Second, Most: 10 * time.Minute, Jitter: 0.5}

// behindAtOnce is how many of them one comparison tries: each may take as long as a
// request may.
const behindAtOnce = 5

// due are the conversations that are behind their line and are to be tried now:
// all in which a long comparison has found something, and some of those that
// could not be compared.
func (p *pass) due(found []chatwoot.ActiveConversation) (todo []candidate) {
	listed := map[chatwoot.ConversationID]chatwoot.ActiveConversation{}
	for _, c := range found {
		listed[c.ID] = c
	}
	tried := 0
	for i := range p.behind {
		b := &p.behind[i]
		if b.Failures > 0 && !p.confirmed() { // which is for what is compared now
			if tried == behindAtOnce || restsUntil(b.Due, p.r.Clock()) {
				continue
			}
			tried++
		}
		c := candidate{listed[b.Conversation], b}
		c.ID = b.Conversation
		todo = append(todo, c)
	}
	return todo
}

// restsUntil reports whether a conversation is not to be tried before it is due. No
// pause is as long as after a clock that was ahead.
func restsUntil(due, now time.Time) bool {
	return due.After(now) && due.Sub(now) <= 2*behindBackoff.Most
}

// leaveBehind is what is kept of a conversation that cannot be compared.
func (p *pass) leaveBehind(one reading) lines.Behind {
	b := lines.Behind{Conversation: one.ID, Watermark: one.scan.watermark, Since: one.scan.since}
	if before := one.candidate.behind; before != nil {
		b.Conversation, b.Failures = before.Conversation, before.Failures
	}
	b.Due = p.r.Clock().Add(behindBackoff.After(b.Failures))
	b.Failures++
	p.r.Log.Warn("a conversation cannot be compared with Chatwoot's; it is tried again",
		"conversation", int64(b.Conversation), "failures", b.Failures, "error", one.failed)
	return b
}

// alone asks a second witness whether a failure is about one conversation alone:
// then Chatwoot answers for the inbox, and the others are compared without it.
// Otherwise none can be compared, and the error says why.
func (p *pass) alone(ctx context.Context, failure error) (failed, err error) {
	var panicked *guard.PanicError
	switch {
	case failure == nil, errors.As(failure, &panicked):
		return failure, nil
	case ctx.Err() != nil, !fromChatwoot(failure), chatwoot.IsDown(failure):
		return nil, failure
	}
	s := p.scan
	if err := s.ask(ctx, func() error { return p.r.Inbox.Exists(ctx, s.client) }); err != nil {
		return nil, err
	}
	return failure, nil
}

// fromChatwoot reports whether an error is of Chatwoot's, not of our database.
func fromChatwoot(err error) bool {
	var (
		unavailable  *chatwoot.UnavailableError
		ambiguous    *chatwoot.AmbiguousError
		unauthorized *chatwoot.UnauthorizedError
		notFound     *chatwoot.NotFoundError
		invalid      *chatwoot.InvalidError
		tooLarge     *chatwoot.TooLargeError
		flood        *chatwoot.FloodError
		front        *chatwoot.FrontError
	)
	return errors.As(err, &front) || errors.As(err, &unavailable) || errors.As(err, &ambiguous) || errors.As(err, &unauthorized) || errors.As(err, &notFound) ||
		errors.As(err, &invalid) || errors.As(err, &tooLarge) || errors.As(err, &flood)
}

// conversation reads a conversation by itself.
func (s *scan) conversation(ctx context.Context, id chatwoot.ConversationID) (c chatwoot.ActiveConversation, err error) {
	err = s.ask(ctx, func() (err error) {
		c, err = s.client.Conversation(ctx, id)
		return err
	})
	return c, err
}
