package reconcile

import (
	"context"
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/chatwoot"
)

const (
	// longWindow is from when on the conversations that have changed are read by
	// pages: Chatwoot would list all of them at once, however many they are.
	longWindow = 15*time.Minute + overlap
	// clockTolerance is how far Chatwoot's clock may be from what is known of it where
	// its times are compared with it. Webhooks' signatures allow for less.
	clockTolerance = 10 * time.Minute
	// deepEvery is how often pages are read as far back as messages can be taken
	// back: they are in the order of messages, so a conversation in which only a
	// message was deleted is far down.
	deepEvery = 5 * time.Minute
	// slack is how long a list may take, with the wait for its turn: Chatwoot counts
	// the window from when it answers.
	slack = time.Minute
	// listAttempts is how often all at once are asked for, before pages are.
	listAttempts = 2
	// skipAfter is how many comparisons a page ends that cannot be listed while
	// those around it can. Then it is left out, for the others' sake.
	skipAfter = 2
	// mostPages bounds what one comparison reads.
	mostPages = 4000
)

// active finds the conversations in which something has changed since the last
// comparison, and when that was asked.
func (p *pass) active(ctx context.Context) ([]chatwoot.ActiveConversation, error) {
	if err := p.setOut(ctx); err != nil {
		return nil, err
	}
	began := p.askedAt
	long := p.began.Sub(p.scan.since) > longWindow
	if long || p.r.listings.heavy() {
		return p.paged(ctx, long)
	}
	w := wanted{inbox: p.r.Inbox.Line().Inbox, since: p.scan.since, begun: began}
	if !p.asked && !p.gap {
		w.begun = began.Add(-sharedFor)
		if !w.begun.After(p.r.lastList) { // what is known of it already
			w.begun = p.r.lastList.Add(1)
		}
	}
	answer, err := p.r.listings.ask(ctx, w, p.listAll)
	switch {
	case err == nil:
		p.r.lastList, p.deep = answer.begun, true
		p.askedAt = answer.begun
		p.r.listings.noteHeavy(false)
		return answer.conversations, nil
	case ctx.Err() != nil, !tooMuch(err):
		return nil, err
	}
	p.r.Log.Info("Chatwoot cannot list all conversations at once that have changed; they are read by pages", "error", err)
	p.r.listings.noteHeavy(true)
	return p.paged(ctx, long)
}

// setOut sets what the comparison looks at. Where the last one seems to be still to
// come, Chatwoot is asked for its time: this machine's clock was set.
func (p *pass) setOut(ctx context.Context) error {
	p.askedAt = p.r.Clock()
	if toCome(p.mark.At, p.r.Inbox.Theirs(p.askedAt)) {
		err := p.scan.ask(ctx, func() error {
			_, err := p.scan.client.Version(ctx)
			return err
		})
		if err != nil {
			return err
		}
		p.askedAt = p.r.Clock()
	}
	p.since(p.r.Inbox.Theirs(p.askedAt))
	return nil
}

// tooMuch reports whether a list may have failed for its size: it was larger than
// an answer may be, or took Chatwoot too long.
func tooMuch(err error) bool {
	var unavailable *chatwoot.UnavailableError
	var ambiguous *chatwoot.AmbiguousError
	return errors.As(err, &unavailable) && !unavailable.Down || errors.As(err, &ambiguous)
}

// errLate says that a list may lack what happened at the beginning of its window.
var errLate = errors.New("the list was asked for long before it came")

// listAll asks for all conversations at once, which costs Chatwoot most.
func (p *pass) listAll(ctx context.Context, inbox chatwoot.InboxID, since time.Time) (listed []chatwoot.ActiveConversation, err error) {
	s := p.scan
	s.once = true
	for range listAttempts {
		err = s.ask(ctx, func() (err error) {
			asked := p.r.Clock()
			// Whatever a clock did meanwhile.
			span := min(max(p.r.Inbox.Theirs(asked).Sub(since), overlap), reach)
			listed, err = s.client.ActiveConversations(ctx, inbox, span+slack)
			if err == nil && p.r.Clock().Sub(asked) > slack {
				return &chatwoot.UnavailableError{Err: errLate}
			}
			return err
		})
		if !tooMuch(err) || errors.Is(err, context.DeadlineExceeded) {
			break
		}
	}
	return listed, err
}

// paged finds them by pages.
func (p *pass) paged(ctx context.Context, long bool) ([]chatwoot.ActiveConversation, error) {
	p.deep = long || p.gap || p.began.Sub(p.r.deepAt) >= deepEvery
	changed, bottom := p.scan.since, p.scan.since
	if p.deep {
		if deep := p.r.deepAt.Add(-overlap); !p.r.deepAt.IsZero() && deep.Before(changed) {
			changed = deep
		}
		if back := p.began.Add(-takeBackReach); back.Before(bottom) {
			bottom = back
		}
	}
	return p.pages(ctx, changed.Add(-clockTolerance), bottom.Add(-clockTolerance))
}

// pages reads pages down to the conversations whose last message is older than
// bottom, and gives those that have changed since.
func (p *pass) pages(ctx context.Context, since, bottom time.Time) (found []chatwoot.ActiveConversation, err error) {
	met := map[chatwoot.ConversationID]bool{}
	total := 0
	for page := 1; page <= mostPages; page++ {
		listed, all, err := p.page(ctx, page)
		if err != nil {
			p.r.stuck[page]++
			if ctx.Err() != nil || !tooMuch(err) || p.r.stuck[page] <= skipAfter {
				return nil, err
			}
			p.r.Log.Warn("a page of conversations cannot be listed; they are compared when it can", "page", page, "error", err)
			p.partial = true
			continue // the next one tells whether Chatwoot answers at all
		}
		delete(p.r.stuck, page)
		for _, c := range listed {
			if !met[c.ID] && !c.Changed.Before(since) {
				found = append(found, c)
			}
			met[c.ID] = true
		}
		if len(listed) < chatwoot.ConversationsPerPage || listed[len(listed)-1].Activity.Before(bottom) {
			return found, nil
		}
		if all < total && page > 1 {
			page -= 2 // some were deleted: others have moved up to the page before
		}
		total = all
	}
	return found, nil
}

func (p *pass) page(ctx context.Context, page int) (listed []chatwoot.ActiveConversation, all int, err error) {
	err = p.scan.ask(ctx, func() (err error) {
		listed, all, err = p.scan.client.ConversationPage(ctx, p.r.Inbox.Line().Inbox, page)
		return err
	})
	return listed, all, err
}
