package removal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/internal/wait"
)

// Config sets up a Remover.
type Config struct {
	Store   *lines.Store
	DB      *database.DB
	Journal *journal.Journal
	IDs     *idmap.Map
	Devices Devices
	// Free reports whether nobody holds a line's connection any more.
	Free func(h lines.Holding) bool
	// Gone is told when nothing is left of a line.
	Gone  func(id lines.ID)
	Clock func() time.Time
	Log   *slog.Logger
}

// Devices are the linked devices that are kept.
type Devices interface {
	Forget(ctx context.Context, jid string) error
}

// Remover removes what is left of deleted lines.
type Remover struct {
	cfg  Config
	wake chan struct{}

	mu   sync.Mutex
	gone chan struct{} // closed, and replaced, when nothing is left of a line
}

// New makes a Remover; Run runs it.
func New(cfg Config) *Remover {
	return &Remover{cfg: cfg, wake: make(chan struct{}, 1), gone: make(chan struct{})}
}

const (
	// batch is about how many rows a transaction removes: on SQLite all other
	// writers wait for it.
	batch = 500
	// every is how often deleted lines are looked for that nobody has told of, and
	// again how soon after a look that could not finish.
	every = 30 * time.Second
	again = time.Second
)

// Wake makes Run look for deleted lines at once.
func (r *Remover) Wake() {
	select {
	case r.wake <- struct{}{}:
	default: // it is about to look
	}
}

// Await wakes Run, and waits until nothing is left of a line or ctx ends. Large lines
// take longer than anybody wants to wait.
func (r *Remover) Await(ctx context.Context, id lines.ID) {
	r.Wake()
	for {
		r.mu.Lock()
		gone := r.gone
		r.mu.Unlock()
		deleted, err := r.cfg.Store.Deleted(ctx, r.cfg.Clock())
		if err != nil || !slices.ContainsFunc(deleted, func(d lines.Deleted) bool { return d.ID == id && !d.Again }) {
			return
		}
		select {
		case <-gone:
		case <-ctx.Done():
			return
		}
	}
}

// tell lets everybody know that nothing is left of a line.
func (r *Remover) tell(id lines.ID) {
	r.cfg.Log.Info("a deleted line is removed", "line", string(id))
	r.cfg.Gone(id)
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.gone)
	r.gone = make(chan struct{})
}

// Run removes what is left of deleted lines until ctx ends.
func (r *Remover) Run(ctx context.Context) {
	for {
		pause := every
		finished, err := r.round(ctx)
		if err != nil && ctx.Err() == nil {
			r.cfg.Log.Warn("deleted lines cannot be removed now; it is tried again", "error", err)
		}
		if err != nil || !finished {
			pause = again
		}
		if wait.Woken(ctx, pause, r.wake) == wait.Ended {
			return
		}
	}
}

// round removes what can be removed now, and reports whether that was everything.
func (r *Remover) round(ctx context.Context) (finished bool, err error) {
	deleted, err := r.cfg.Store.Deleted(ctx, r.cfg.Clock())
	if err != nil {
		return false, err
	}
	finished = true
	var failures []error
	for _, line := range deleted {
		gone, err := r.remove(ctx, line)
		if err != nil {
			failures = append(failures, fmt.Errorf("line %s: %w", line.ID, err))
		}
		finished = finished && gone
	}
	return finished, errors.Join(failures...)
}

// errHeld says that the line's connection may not have ended yet.
var errHeld = errors.New("the line's connection has not ended yet")

// remove removes what is left of a line, and reports whether nothing is.
func (r *Remover) remove(ctx context.Context, line lines.Deleted) (gone bool, err error) {
	for ctx.Err() == nil {
		gone, err := r.step(ctx, &line)
		if errors.Is(err, errHeld) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if gone {
			if !line.Again {
				r.tell(line.ID)
			}
			return true, nil
		}
	}
	return false, nil
}

// step removes about as many rows as a transaction may, and reports whether
// nothing is left. The device goes first: it holds keys.
func (r *Remover) step(ctx context.Context, line *lines.Deleted) (gone bool, err error) {
	if line.JID != "" {
		if err := r.forget(ctx, line); err != nil {
			return false, err
		}
	}
	err = r.locked(ctx, line.ID, func(ctx context.Context, tx *sql.Tx) error {
		gone = false
		left := batch
		for _, remove := range []func(ctx context.Context, tx *sql.Tx, line string, atMost int) (int, error){
			r.cfg.Journal.DeleteLine, r.cfg.IDs.DeleteLine, r.cfg.Store.DeleteLine,
		} {
			rows, err := remove(ctx, tx, string(line.ID), left)
			if err != nil {
				return err
			}
			if left -= rows; left <= 0 {
				return nil
			}
		}
		gone = true
		return errors.Join(r.cfg.IDs.RaiseEpoch(ctx, tx, string(line.ID)), r.cfg.Store.SetRemoved(ctx, tx, line.ID, r.cfg.Clock()))
	})
	return gone, err
}

// forget removes the line's device, once no session uses it.
func (r *Remover) forget(ctx context.Context, line *lines.Deleted) error {
	if err := r.locked(ctx, line.ID, func(context.Context, *sql.Tx) error { return nil }); err != nil {
		return err
	}
	if err := r.cfg.Devices.Forget(ctx, line.JID); err != nil {
		return err
	}
	line.JID = ""
	return r.cfg.Store.ForgetDevice(ctx, line.ID)
}

// locked runs fn in a transaction of which no other process has one for this line.
func (r *Remover) locked(ctx context.Context, id lines.ID, fn func(ctx context.Context, tx *sql.Tx) error) error {
	return r.cfg.DB.InTxRelaxed(ctx, func(ctx context.Context, tx *sql.Tx) error {
		held, err := r.cfg.Store.LockDeleted(ctx, tx, id)
		if err != nil {
			return err
		}
		if !r.cfg.Free(held) {
			return errHeld
		}
		return fn(ctx, tx)
	})
}
