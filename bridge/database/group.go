package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// group lets transactions that wait for SQLite's one writer share a commit, and
// with it the wait for the disk. Each is a savepoint of its own: one that fails
// is undone, and the others hold. All are told after the commit.
//
// One of those that wait leads: it begins, runs all that have come until then
// in their order, commits, and hands the lead on.
type group struct {
	db *DB

	mu      sync.Mutex
	led     bool // somebody leads
	waiting []*member
}

// groupMost bounds how many share a commit, so that the first does not wait for
// ever.
const groupMost = 64

// member is a transaction that waits.
type member struct {
	ctx  context.Context
	fn   func(ctx context.Context, tx *sql.Tx) error
	err  error
	turn chan struct{} // closed when it is over, or given a value to lead
	lead bool          // set before that value
}

func (g *group) run(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	m := &member{ctx: ctx, fn: fn, turn: make(chan struct{}, 1)}
	g.mu.Lock()
	g.waiting = append(g.waiting, m)
	lead := !g.led
	g.led = true
	g.mu.Unlock()
	if !lead {
		<-m.turn
		lead = m.lead
	}
	if lead {
		g.share(m)
	}
	var p *panicked
	if errors.As(m.err, &p) {
		panic(p.value)
	}
	return m.err
}

// share commits all that wait, m first, and hands the lead on.
func (g *group) share(m *member) {
	ctx := m.ctx
	if !g.relaxed() {
		ctx = strict(ctx)
	}
	tx, err := g.db.BeginTx(ctx, nil) // which waits for the writer before
	var shared []*member
	if err != nil {
		shared = g.take(1, true) // its patience is over, not that of the others
		err = fmt.Errorf("begin transaction: %w", err)
	} else {
		shared = g.take(groupMost, !isRelaxed(ctx))
		err = commit(tx, shared)
	}
	for _, other := range shared {
		if other.err == nil {
			other.err = err
		}
		if other != m {
			close(other.turn)
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.led = len(g.waiting) > 0; g.led {
		next := g.waiting[0]
		next.lead = true
		next.turn <- struct{}{}
	}
}

// relaxed reports whether none that wait now need the disk.
func (g *group) relaxed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !slices.ContainsFunc(g.waiting, needsDisk)
}

func needsDisk(m *member) bool { return !isRelaxed(m.ctx) }

// take gives those that share a commit, at most n; the leader is the first. A
// commit that does not wait for the disk is shared up to the first that needs it.
func (g *group) take(n int, disk bool) []*member {
	g.mu.Lock()
	defer g.mu.Unlock()
	n = min(len(g.waiting), n)
	if i := slices.IndexFunc(g.waiting[:n], needsDisk); !disk && i >= 0 {
		n = i
	}
	shared := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	return shared
}

// errUndone says that a transaction was undone because of another one.
var errUndone = errors.New("undone with a transaction that shared the commit")

// commit runs the members and commits. Its error is for those that have none of
// their own.
func commit(tx *sql.Tx, shared []*member) error {
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if len(shared) == 1 {
		if err := isolated(tx, shared[0]); err != nil {
			return err
		}
	} else {
		for _, m := range shared {
			if !within(tx, m) {
				return errUndone
			}
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// within runs a member in a savepoint, which is undone if it fails. It reports
// false when the transaction as a whole is lost: then nothing more may run in
// it.
func within(tx *sql.Tx, m *member) bool {
	if _, err := tx.Exec(`SAVEPOINT member`); err != nil {
		return false
	}
	if m.err = isolated(tx, m); m.err != nil {
		if _, err := tx.Exec(`ROLLBACK TO member`); err != nil {
			return false
		}
	}
	_, err := tx.Exec(`RELEASE member`)
	return err == nil
}

// panicked is a panic of a member, raised again where it belongs.
type panicked struct{ value any }

func (p *panicked) Error() string { return fmt.Sprint(p.value) }

func isolated(tx *sql.Tx, m *member) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicked{value}
		}
	}()
	return m.fn(m.ctx, tx)
}
