package intake

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/wootbridge/wootbridge/chatwoot"
)

const (
	// lookWithin bounds how long a webhook waits for what Chatwoot itself says, which
	// waits for the webhook for 5 s; see Intake.LookWithin.
	lookWithin = 3 * time.Second
	// looksWaiting bounds how many webhooks of a line wait for that, strangeWaiting how
	// many of conversations that the line does not know.
	looksWaiting, strangeWaiting = 300, 100
	// oldLooks is how many messages one look reads by themselves, because they are not
	// among the last ones of their conversation.
	oldLooks = 5
)

// pace bounds what is asked: how much at once, how much a second, and how much of
// that in a row.
type pace struct {
	places  chan struct{}
	limit   *rate.Limiter
	most    int // who may wait
	waiting int // under lookups.mu
}

func newPace(atOnce int, perSecond rate.Limit, inARow, most int) *pace {
	return &pace{places: make(chan struct{}, atOnce), limit: rate.NewLimiter(perSecond, inARow), most: most}
}

// enter waits for a turn.
func (p *pace) enter(ctx context.Context) (leave func(), err error) {
	select {
	case p.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := p.limit.Wait(ctx); err != nil {
		<-p.places
		return nil, err
	}
	return func() { <-p.places }, nil
}

// lister gives messages as Chatwoot has them.
type lister interface {
	Messages(ctx context.Context, conversation chatwoot.ConversationID, after, before chatwoot.MessageID) ([]chatwoot.Message, error)
}

// lookups ask Chatwoot for messages of which somebody has told. What is told of a
// conversation while it waits for its turn is looked for together, so that telling it
// a thousand times costs little more than telling it once, and keeps no other
// conversation waiting.
type lookups struct {
	// known is for conversations of the line, strange for others: who makes some up
	// keeps none of the line's waiting. statuses and hints do not wait at all.
	within          time.Duration
	known, strange  *pace
	statuses, hints *rate.Limiter

	mu     sync.Mutex
	newest map[chatwoot.ConversationID]*look
}

// look is one question for messages of a conversation.
type look struct {
	after <-chan struct{} // the look before it; nil is none
	begun bool            // then nobody may join
	ids   map[chatwoot.MessageID]bool
	done  chan struct{}
	// What became of it, when done.
	found map[chatwoot.MessageID]chatwoot.Message
	left  map[chatwoot.MessageID]bool // for which there was no time
	err   error
}

func newLookups(within time.Duration) *lookups {
	return &lookups{
		within: within,
		// Chatwoot itself stores no more than some 20 messages a second.
		known: newPace(3, 20, 40, looksWaiting), strange: newPace(1, 5, 10, strangeWaiting), statuses: rate.NewLimiter(2, 10), hints: rate.NewLimiter(5, 20),
		newest: map[chatwoot.ConversationID]*look{},
	}
}

// hint reports whether a thing that nobody can confirm may be shown now.
func (l *lookups) hint() bool { return l.hints.Allow() }

// conversation gives a conversation as Chatwoot has it, if it can be asked at once.
func (l *lookups) conversation(ctx context.Context, client *chatwoot.Client, id chatwoot.ConversationID) (chatwoot.ActiveConversation, error) {
	if !l.statuses.Allow() {
		return chatwoot.ActiveConversation{}, errManyLooks
	}
	ctx, cancel := context.WithTimeout(ctx, l.within)
	defer cancel()
	return client.Conversation(ctx, id)
}

var (
	errManyLooks = errors.New("more is told of than Chatwoot can be asked for")
	errNotAsked  = errors.New("the question was not asked")
)

// message gives a message as Chatwoot has it, asked for after the call; a
// NotFoundError says that it has none. strange is for a conversation that the line
// does not know.
func (l *lookups) message(ctx context.Context, from lister, conversation chatwoot.ConversationID, id chatwoot.MessageID, strange bool) (chatwoot.Message, error) {
	turns := l.known
	if strange {
		turns = l.strange
	}
	k, mine, err := l.join(turns, conversation, id)
	if err != nil {
		return chatwoot.Message{}, err
	}
	defer l.leave(turns)
	// Whoever has told it first may hang up, and others have joined.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.within)
	defer cancel()
	if mine {
		l.carryOut(ctx, from, conversation, k, turns)
	}
	select {
	case <-k.done:
	case <-ctx.Done():
		return chatwoot.Message{}, ctx.Err()
	}
	m, found := k.found[id]
	switch {
	case found:
		return m, nil
	case k.err != nil:
		return m, k.err
	case k.left[id]:
		return m, errManyLooks
	}
	return m, fmt.Errorf("look for a message: %w", &chatwoot.NotFoundError{})
}

// join joins the next look at a conversation, or begins to wait for one, which the
// caller has to carry out. Each join needs a leave.
func (l *lookups) join(turns *pace, conversation chatwoot.ConversationID, id chatwoot.MessageID) (k *look, mine bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if turns.waiting >= turns.most {
		return nil, false, errManyLooks
	}
	turns.waiting++
	before := l.newest[conversation]
	if before != nil && !before.begun {
		before.ids[id] = true
		return before, false, nil
	}
	k = &look{ids: map[chatwoot.MessageID]bool{id: true}, done: make(chan struct{})}
	if before != nil {
		k.after = before.done
	}
	l.newest[conversation] = k
	return k, true, nil
}

func (l *lookups) leave(turns *pace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	turns.waiting--
}

func (l *lookups) carryOut(ctx context.Context, from lister, conversation chatwoot.ConversationID, k *look, turns *pace) {
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		k.begun = true
		if l.newest[conversation] == k {
			delete(l.newest, conversation)
		}
		close(k.done)
	}()
	k.err = errNotAsked // unless it is: a panic must not look like an answer
	leave, err := k.turn(ctx, turns)
	if err != nil {
		k.err = err
		return
	}
	defer leave()
	l.mu.Lock()
	k.begun = true
	l.mu.Unlock()
	k.found, k.left, k.err = read(ctx, from, conversation, k.ids)
}

// turn waits until a look may begin.
func (k *look) turn(ctx context.Context, turns *pace) (leave func(), err error) {
	if k.after != nil {
		select {
		case <-k.after:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return turns.enter(ctx)
}

// read looks for messages: one by itself, several among the conversation's last ones,
// and by themselves those of them that are older.
func read(ctx context.Context, from lister, conversation chatwoot.ConversationID, ids map[chatwoot.MessageID]bool) (found map[chatwoot.MessageID]chatwoot.Message, left map[chatwoot.MessageID]bool, err error) {
	found, left = map[chatwoot.MessageID]chatwoot.Message{}, map[chatwoot.MessageID]bool{}
	take := func(listed []chatwoot.Message, err error) error {
		for _, m := range listed {
			found[m.ID] = m
		}
		return err
	}
	oldest := chatwoot.MessageID(0)
	if len(ids) > 1 {
		last, err := from.Messages(ctx, conversation, 0, 0)
		if err := take(last, err); err != nil {
			return found, left, err
		}
		if len(last) < chatwoot.LastMessages {
			return found, left, nil // these are all
		}
		oldest = last[0].ID
	}
	asked := 0
	for id := range ids {
		switch {
		case oldest != 0 && id >= oldest:
		case asked == oldLooks:
			left[id] = true
		default:
			asked++
			if err := take(from.Messages(ctx, conversation, id, id+1)); err != nil {
				return found, left, err
			}
		}
	}
	return found, left, nil
}
