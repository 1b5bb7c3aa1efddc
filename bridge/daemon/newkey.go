package daemon

import (
	"context"
	"errors"
	"log/slog"

	"github.com/wootbridge/wootbridge/bridge/atrest"
	"github.com/wootbridge/wootbridge/bridge/config"
)

// KeyChange says what NewKey has done.
type KeyChange struct {
	ID string // of the key that everything is sealed with
	// Before says that everything was sealed with it already.
	Before bool
	// OldFile is where the key before is kept; empty where keys are not kept in files.
	OldFile string
	// Unread is how many values opened neither before nor now.
	Unread int
}

// NewKey brings the database up to date, as Migrate does, and seals everything in it with
// another key. If it ends in the middle, nothing has changed, or everything; it can be
// called again.
func NewKey(ctx context.Context, cfg config.Config, log *slog.Logger) (done KeyChange, err error) {
	p := &Process{opts: Options{Config: cfg}, log: log}
	defer p.close()
	home, err := p.openHome()
	if err != nil {
		return done, err
	}
	before := home.keys.present
	if err := p.openDatabase(ctx, &home); err != nil {
		return done, err
	}
	if home.keys.present != before { // an earlier call came that far
		return KeyChange{ID: home.keys.present.ID(), Before: true, OldFile: home.keys.before}, nil
	}
	to, err := home.keys.prepare(cfg)
	if err != nil {
		return done, err
	}
	if to.ID() == before.ID() {
		return KeyChange{ID: to.ID(), Before: true}, nil
	}
	at := p.atRest(home)
	if done.Unread, err = atrest.Renew(ctx, at, p.store, to); errors.Is(err, atrest.ErrInUse) {
		return done, &SetupError{err}
	}
	if err != nil {
		return done, err
	}
	done.ID = to.ID()
	if home.keys.inFile {
		if err := home.keys.promote(); err != nil {
			return done, err
		}
		done.OldFile = home.keys.before
	}
	at.Key = to
	atrest.Clean(ctx, at, p.store, true)
	return done, nil
}
