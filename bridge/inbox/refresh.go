package inbox

import (
	"context"
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
)

const (
	// refreshTimeout bounds one round of questions to Chatwoot.
	refreshTimeout = 30 * time.Second
	// refetchTimeout bounds the question that a webhook's request may ask, and
	// refetchEvery how often one does.
	refetchTimeout = 2 * time.Second
	refetchEvery   = time.Minute
)

// errGone says that the line's inbox does not exist any more.
var errGone = errors.New("the inbox was deleted in Chatwoot")

func gone() error {
	return &work.PauseError{Pause: lines.Pause{Cause: lines.PausedByInbox, Sentence: sentenceGone}, Err: errGone}
}

// sentenceGone says to people why a line does not run. It never advises to throw
// away what waits.
const sentenceGone = "Chatwoot says that the line's inbox does not exist. It is asked again every minute, and the line goes on by itself when the inbox is there. If it was deleted for good, the messages that wait stay here until the line is deleted."

// Refresh asks Chatwoot what the line needs to know of it: the version, the
// inbox's settings and webhook secret. The inbox's webhook is pointed where it has
// to point.
func (x *Inbox) Refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	version, err := x.At(chatwoot.Background).Version(ctx)
	if err != nil {
		return err
	}
	x.version.Store(&version)
	return x.Point(ctx)
}

// Read gives the inbox as it was read last, or asks for it. The error pauses the
// line where the inbox is gone.
func (x *Inbox) Read(ctx context.Context, client *chatwoot.Client) (chatwoot.Inbox, error) {
	if known, ok := x.Known(); ok {
		return known, nil
	}
	return x.Ask(ctx, client)
}

// Ask gives the inbox as it is now. The error pauses the line where it is gone.
func (x *Inbox) Ask(ctx context.Context, client *chatwoot.Client) (chatwoot.Inbox, error) {
	inbox, err := x.ask(ctx, client)
	if err == nil {
		x.known.Store(&inbox)
	}
	return inbox, err
}

// Exists asks whether the inbox is still there; the error pauses the line where
// it is not.
func (x *Inbox) Exists(ctx context.Context, client *chatwoot.Client) error {
	_, err := x.ask(ctx, client)
	return err
}

func (x *Inbox) ask(ctx context.Context, client *chatwoot.Client) (chatwoot.Inbox, error) {
	inbox, err := client.Inbox(ctx, x.cfg.Line.Inbox)
	if chatwoot.IsNotFound(err) {
		return inbox, gone()
	}
	return inbox, err
}

// Signs reports whether the inbox has a secret with which Chatwoot signs its webhooks.
// From then on it always has one.
func (x *Inbox) Signs() bool { return *x.secret.Load() != "" }

// Signed checks a webhook's signature, if the inbox has a secret. A secret that
// was changed in Chatwoot is fetched again, and where only the time is wrong
// Chatwoot is asked for its own, each at most once a minute.
func (x *Inbox) Signed(ctx context.Context, timestamp, signature string, raw []byte) bool {
	verify := func() error {
		secret := *x.secret.Load()
		if secret == "" {
			return nil // an older Chatwoot: the secret in the path must do
		}
		return chatwoot.VerifySignature(secret, timestamp, signature, raw, x.Theirs(x.cfg.Clock()))
	}
	err := verify()
	if errors.Is(err, chatwoot.ErrBadSignature) && x.refetchSecret(ctx) {
		err = verify()
	}
	if errors.Is(err, chatwoot.ErrStale) {
		x.askTime(ctx)
		err = verify()
	}
	return err == nil
}

// refetchSecret asks Chatwoot for the inbox's secret. Besides askTime it is the only
// network call that a webhook request may make, one at a time.
func (x *Inbox) refetchSecret(ctx context.Context) bool {
	x.refetch.Lock()
	defer x.refetch.Unlock()
	if now := x.cfg.Clock(); now.Sub(x.fetched) < refetchEvery {
		return now.Sub(x.fetched) < refetchTimeout // somebody has just fetched it
	}
	x.fetched = x.cfg.Clock()
	ctx, cancel := context.WithTimeout(ctx, refetchTimeout)
	defer cancel()
	inbox, err := x.cfg.Client.Inbox(ctx, x.cfg.Line.Inbox)
	if err != nil {
		return false
	}
	changed, err := x.takeSecret(ctx, inbox.Secret)
	if err != nil {
		x.cfg.Log.Error("the new webhook secret cannot be stored", "error", err)
	}
	return changed
}

// takeSecret stores what signs the webhooks from now on, if it has changed.
func (x *Inbox) takeSecret(ctx context.Context, secret string) (changed bool, err error) {
	if secret == "" || secret == *x.secret.Load() {
		return false, nil
	}
	if err := x.cfg.Store.SetWebhookSecret(ctx, x.cfg.Line.ID, secret); err != nil {
		return false, err
	}
	x.secret.Store(&secret)
	return true, nil
}
