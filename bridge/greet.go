package bridge

import (
	"context"
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/wait"
)

// greetTimeout bounds one round of questions to Chatwoot.
const greetTimeout = 30 * time.Second

// greet asks Chatwoot what the line needs to know of it, until it answers: the
// version, the inbox's settings and webhook secret. An inbox whose webhook was
// pointed elsewhere is pointed here again.
func (r *runtime) greet() {
	for attempt := 0; ; attempt++ {
		err := r.b.guard().Run("asking Chatwoot", r.greetOnce)
		if err == nil || r.ctx.Err() != nil {
			return
		}
		if o := work.Classify(err, 0, time.Time{}, r.b.cfg.Clock()); o.Action == work.Pause {
			r.pauseFor(o)
			return
		}
		r.log.Debug("Chatwoot cannot be asked", "error", err)
		if !wait.Sleep(r.ctx, askAgain(err, attempt)) {
			return
		}
	}
}

// awayPause is how long after its return a Chatwoot that was away is asked at
// the latest: what was written while nobody listened must not leave after what
// is written now.
const awayPause = 5 * time.Second

// askAgain is the pause after a question that has failed.
func askAgain(err error, attempt int) time.Duration {
	var unavailable *chatwoot.UnavailableError
	if errors.As(err, &unavailable) {
		return min(work.Backoff.After(attempt), awayPause)
	}
	return work.Backoff.After(attempt)
}

func (r *runtime) greetOnce() error {
	ctx, cancel := context.WithTimeout(r.ctx, greetTimeout)
	defer cancel()
	desk := r.desk.WithPriority(chatwoot.Upkeep)
	version, err := desk.Version(ctx)
	if err != nil {
		return err
	}
	r.version.Store(&version)
	inbox, err := desk.Inbox(ctx, r.line.Inbox)
	if chatwoot.IsNotFound(err) {
		return inboxGone()
	}
	if err != nil {
		return err
	}
	if want, err := r.webhookURL(); err == nil && inbox.WebhookURL != want {
		r.log.Warn("the inbox's webhook pointed elsewhere; it is pointed here again")
		var unauthorized *chatwoot.UnauthorizedError
		switch set, err := desk.SetInboxWebhook(ctx, r.line.Inbox, want); {
		case errors.As(err, &unauthorized): // an agent's token may do all but this
			r.log.Error("the token may not change the inbox: an administrator must set its webhook")
		case err != nil:
			return err
		default:
			inbox = set
		}
	}
	r.inbox.Store(&inbox)
	if inbox.Secret == "" || inbox.Secret == *r.secret.Load() {
		return nil
	}
	if err := r.b.lines.SetWebhookSecret(ctx, r.line.ID, inbox.Secret); err != nil {
		return err
	}
	r.secret.Store(&inbox.Secret)
	return nil
}

func (r *runtime) webhookURL() (string, error) {
	return chatwoot.WebhookURL(r.b.publicURL(r.line.ChatwootURL), string(r.line.ID), r.line.PathSecret.Reveal())
}

// pauseFor stops the line until a person has acted.
func (r *runtime) pauseFor(o work.Outcome) {
	r.log.Warn("the line was paused", "reason", o.Reason)
	if err := r.Pause(r.b.ctx, o.Sentence); err != nil && !errors.Is(err, context.Canceled) {
		r.log.Error("the pause cannot be stored", "error", err)
	}
}
