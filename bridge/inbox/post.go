package inbox

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
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

// Post posts once: Chatwoot itself does not notice a repeat. What an earlier attempt
// at the job may have posted was looked for with FindEarlier, elsewhere than in the
// target's conversation if that is a new one, where it is looked for here.
func (x *Inbox) Post(ctx context.Context, j *work.Job, to Target, p render.Post, upload *chatwoot.Upload) (chatwoot.Message, error) {
	if j.Ambiguous && !slices.Contains(j.Targets, int64(to.Conversation)) {
		found, ok, err := x.find(ctx, j, to.Client, to.Conversation, p.SourceID)
		if err != nil || ok {
			return found, err
		}
	}
	posted, err := x.create(ctx, j, to, newMessage(p, to, upload))
	var ambiguous *chatwoot.AmbiguousError
	if !errors.As(err, &ambiguous) {
		return posted, err
	}
	if found, ok, lookup := x.find(ctx, j, to.Client, to.Conversation, p.SourceID); lookup == nil && ok {
		return found, nil
	}
	return posted, err
}

// Found is a post of an earlier attempt, and the conversation that it is in.
type Found struct {
	chatwoot.Message
	In chatwoot.ConversationID
}

// PassOver decides about a conversation that could not be searched: with nil for an
// error, it is taken for one that holds nothing any more.
type PassOver func(ctx context.Context, in chatwoot.ConversationID, failed error) error

// FindEarlier looks for a post of the job, or of what it was derived from, in every
// conversation in which an attempt may have posted it. One that was deleted holds
// nothing any more. What a process that died has asked for is looked for twice, some
// seconds apart.
func (x *Inbox) FindEarlier(ctx context.Context, j *work.Job, client *chatwoot.Client, source string, pass PassOver) (Found, bool, error) {
	found, ok, err := x.Find(ctx, j, client, source, pass)
	if err == nil && !ok && j.UncleanLease {
		err = &work.RetryError{After: underWayWait, Err: errUnderWay}
	}
	return found, ok, err
}

// Find looks for the post once.
func (x *Inbox) Find(ctx context.Context, j *work.Job, client *chatwoot.Client, source string, pass PassOver) (Found, bool, error) {
	for _, target := range j.Targets {
		in := chatwoot.ConversationID(target)
		m, ok, err := x.find(ctx, j, client, in, source)
		if chatwoot.IsNotFound(err) || err != nil && pass(ctx, in, err) == nil {
			continue
		}
		if err != nil || ok {
			return Found{m, in}, ok, err
		}
	}
	return Found{}, false, nil
}

func (x *Inbox) find(ctx context.Context, j *work.Job, client *chatwoot.Client, in chatwoot.ConversationID, source string) (chatwoot.Message, bool, error) {
	notBefore := x.Theirs(j.RecordedAt).Add(-clockTolerance)
	if j.RecordedAt.After(x.cfg.Clock()) {
		notBefore = time.Time{} // this machine's clock was set back: nobody knows when that was
	}
	return client.FindMessage(ctx, in, source, notBefore)
}

// newMessage is a post in the fields of Chatwoot's API.
func newMessage(p render.Post, to Target, upload *chatwoot.Upload) chatwoot.NewMessage {
	m := chatwoot.NewMessage{Content: p.Content, SourceID: p.SourceID, Voice: p.Voice(), Attachment: upload, Type: chatwoot.Incoming}
	for _, f := range p.Files {
		m.Files = append(m.Files, &chatwoot.Upload{
			Name: f.Name, ContentType: f.MIME, Size: int64(len(f.Content)),
			Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(f.Content)), nil },
		})
	}
	switch p.Form {
	case render.Echo:
		m.Type, m.Echo = chatwoot.Outgoing, true
	case render.Note:
		m.Type, m.Private = chatwoot.Outgoing, true
	case render.Pill:
		m.Type = chatwoot.Activity
	case render.Reply:
		m.Type = chatwoot.Outgoing
	}
	switch {
	case p.Below != "":
		m.InReplyToExternal, m.InReplyTo = p.Below, to.ReplyTo
	case p.ReplyTo != "":
		m.InReplyToExternal, m.InReplyTo = sourceid.Derived(p.ReplyTo, sourceid.Part(p.ReplyToPart)), to.ReplyTo
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

// tryCreate posts a message. From before the request on the job may have acted
// there, so that no panic passes by that, unless Chatwoot surely did nothing.
func tryCreate(ctx context.Context, j *work.Job, to Target, m chatwoot.NewMessage) (chatwoot.Message, error) {
	before, targets := j.MayHaveActed, j.Targets
	j.MayHaveActed = true
	j.LookIn(int64(to.Conversation))
	posted, err := to.Client.CreateMessage(ctx, to.Conversation, m)
	if chatwoot.HadNoEffect(err) {
		j.MayHaveActed, j.Targets = before, targets
	}
	return posted, err
}
