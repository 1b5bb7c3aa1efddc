package inbox

import (
	"context"
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// errUnderWay says that the request of a process that died may still be
// carried out: Chatwoot finishes what it has read, whoever waits for it.
var errUnderWay = errors.New("a request of the process before may be under way")

const (
	// underWayWait is for how long that may be: Chatwoot answers within half a
	// second even under load.
	underWayWait = 5 * time.Second
	// clockTolerance is how far Chatwoot's clock may be behind what is known of it
	// before a look-up stops too early. Webhooks' signatures allow for less.
	clockTolerance = 10 * time.Minute
)

// Target is where a post goes.
type Target struct {
	Client       *chatwoot.Client
	Conversation chatwoot.ConversationID
	// ReplyTo is the Chatwoot message that the post is threaded to, 0 for none.
	ReplyTo chatwoot.MessageID
}

// Post posts once. It looks for the post first where an earlier attempt at the
// job may have got through: Chatwoot itself does not notice a repeat. What a
// process that died has asked for is looked for twice, some seconds apart.
func (x *Inbox) Post(ctx context.Context, j *work.Job, to Target, p render.Post, upload *chatwoot.Upload) (chatwoot.Message, error) {
	if j.Ambiguous {
		found, ok, err := x.Find(ctx, j, to, p.SourceID)
		if err != nil || ok {
			return found, err
		}
		if j.UncleanLease {
			return chatwoot.Message{}, &work.RetryError{After: underWayWait, Err: errUnderWay}
		}
	}
	posted, err := x.create(ctx, j, to, newMessage(p, to, upload))
	var ambiguous *chatwoot.AmbiguousError
	if !errors.As(err, &ambiguous) {
		return posted, err
	}
	if found, ok, lookup := x.Find(ctx, j, to, p.SourceID); lookup == nil && ok {
		return found, nil
	}
	return posted, err
}

// Find looks for a post of the job, or of what it was derived from.
func (x *Inbox) Find(ctx context.Context, j *work.Job, at Target, source string) (chatwoot.Message, bool, error) {
	notBefore := x.Theirs(j.RecordedAt).Add(-clockTolerance)
	if j.RecordedAt.After(x.cfg.Clock()) {
		notBefore = time.Time{} // this machine's clock was set back: nobody knows when that was
	}
	return at.Client.FindMessage(ctx, at.Conversation, source, notBefore)
}

// newMessage is a post in the fields of Chatwoot's API.
func newMessage(p render.Post, to Target, upload *chatwoot.Upload) chatwoot.NewMessage {
	m := chatwoot.NewMessage{Content: p.Content, SourceID: p.SourceID, Voice: p.Voice(), Attachment: upload, Type: chatwoot.Incoming}
	switch p.Form {
	case render.Echo:
		m.Type, m.Echo = chatwoot.Outgoing, true
	case render.Note:
		m.Type, m.Private = chatwoot.Outgoing, true
	case render.Pill:
		m.Type = chatwoot.Activity
	}
	if p.ReplyTo != "" {
		m.InReplyToExternal, m.InReplyTo = sourceid.Of(p.ReplyTo), to.ReplyTo
	}
	return m
}

// create posts a message; a note is signed by the account's bot, or by the
// token's owner when Chatwoot refuses the bot.
func (x *Inbox) create(ctx context.Context, j *work.Job, to Target, m chatwoot.NewMessage) (chatwoot.Message, error) {
	if m.Private {
		m.Bot = x.cfg.Bots.of(ctx, to.Client, x.account())
	}
	posted, err := tryCreate(ctx, j, to, m)
	var invalid *chatwoot.InvalidError
	if m.Bot == 0 || !errors.As(err, &invalid) {
		return posted, err
	}
	x.cfg.Bots.forget(x.account())
	m.Bot = 0
	return tryCreate(ctx, j, to, m)
}

// tryCreate posts a message. From before the request on the job may have acted,
// so that no panic passes by that, unless Chatwoot surely did nothing.
func tryCreate(ctx context.Context, j *work.Job, to Target, m chatwoot.NewMessage) (chatwoot.Message, error) {
	before := j.MayHaveActed
	j.MayHaveActed = true
	posted, err := to.Client.CreateMessage(ctx, to.Conversation, m)
	if chatwoot.HadNoEffect(err) {
		j.MayHaveActed = before
	}
	return posted, err
}
