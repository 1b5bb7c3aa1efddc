package benchtest

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/journal"
)

// hands is how many goroutines append, and how many work.
const hands = 8

// journalJobs measures how many jobs a second go through the journal, appended
// by some goroutines and done by as many others, against one committed insert
// for each job by all of them.
func journalJobs(tb testing.TB, s size) []row {
	var rows []row
	for _, m := range modes {
		db, _ := m.open(tb)
		book := newBook(tb, db, 1)
		n := s.of(4000, 100)
		through := func() float64 { return book.through(n, 200) }
		side := func(db *sql.DB) func() float64 {
			_, err := db.Exec(`CREATE TABLE plain (key TEXT NOT NULL, payload ` + m.blob() + ` NOT NULL)`)
			require.NoError(tb, err)
			return func() float64 { return book.inserts(db, n) }
		}
		const against = "one committed insert for each"
		rounds := s.of(5, 1)
		rows = append(rows,
			alternate(rounds, side(m.plain(tb)), through).rates("journal jobs, 200 lanes, "+m.name, against, 0.5),
			alternate(rounds, side(m.own(tb)), through).rates("journal jobs, 200 lanes, "+m.name, against+", on the bridge's connections", 0),
		)
	}
	return rows
}

// growth measures what ten times as much costs: the same jobs through a journal
// that has more history, more lanes, and more lines.
func growth(tb testing.TB, s size) []row {
	var rows []row
	for _, m := range modes {
		small, _ := m.open(tb)
		large, _ := m.open(tb)
		few, many := newBook(tb, small, 1), newBook(tb, large, 10)
		few.history(s.of(10_000, 100))
		many.history(s.of(100_000, 1000))
		n := s.of(2000, 100)
		rows = append(rows, alternate(s.of(5, 1), func() float64 { return few.through(n, 100) }, func() float64 { return many.through(n, 1000) }).
			rates("journal jobs with ten times the lines, lanes and done jobs, "+m.name, "1 line, 100 lanes, 10,000 done jobs", 0))
	}
	return rows
}

// book is a journal, and who uses it.
type book struct {
	tb    testing.TB
	db    *database.DB
	j     *journal.Journal
	lines int
	made  atomic.Int64
}

func newBook(tb testing.TB, db *database.DB, lines int) *book {
	b := &book{tb: tb, db: db, j: journal.New(db, journal.Options{Instance: "bench"}), lines: lines}
	for i := range lines {
		_, err := db.Exec(`INSERT INTO line (id, name, chatwoot_url, account_id, inbox_id, settings, created)
			VALUES ($1, '', '', 1, 1, '{}', 0)`, fmt.Sprint("line", i))
		require.NoError(tb, err)
	}
	return b
}

var payload = bytes.Repeat([]byte("a usual message "), 40)

func (b *book) lane(i, lanes int) journal.LaneKey {
	return journal.LaneKey{Line: fmt.Sprint("line", i%b.lines), Chat: fmt.Sprint("chat", i%lanes), Queue: journal.In}
}

// each lets goroutines share n numbers.
func (b *book) each(goroutines, n int, do func(i int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range goroutines {
		group.Go(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				do(i)
			}
		})
	}
	group.Wait()
}

func (b *book) inserts(db *sql.DB, n int) float64 {
	began := time.Now()
	b.each(2*hands, n, func(i int) {
		if _, err := db.Exec(`INSERT INTO plain (key, payload) VALUES ($1, $2)`, fmt.Sprint(i), payload); err != nil {
			b.tb.Error(err)
		}
	})
	return rate(n, time.Since(began))
}

func (b *book) through(n, lanes int) float64 {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var done atomic.Int64
	var workers sync.WaitGroup
	began := time.Now()
	workers.Go(func() { _ = b.j.Run(ctx) }) // which tells other processes, as the bridge does
	signal := b.j.Signal(journal.In)
	for range hands {
		workers.Go(func() {
			for ctx.Err() == nil {
				lease, err := b.j.Claim(ctx, journal.Filter{Queue: journal.In})
				if lease == nil {
					select {
					case <-signal.C():
					case <-ctx.Done():
					case <-time.After(time.Second):
					}
					continue
				}
				if err != nil {
					b.tb.Error(err)
					return
				}
				signal.Notify()
				if done.Add(b.work(ctx, lease)) == int64(n) {
					cancel()
				}
			}
		})
	}
	b.each(hands, n, func(i int) {
		e := journal.Entry{Lane: b.lane(i, lanes), Dedupe: fmt.Sprint("job", b.made.Add(1)), Kind: "message", Payload: payload, OccurredAt: time.Now()}
		if _, err := b.j.Append(context.Background(), e); err != nil {
			b.tb.Error(err)
		}
	})
	workers.Wait()
	return rate(n, time.Since(began))
}

// work empties a lane, as the bridge's workers do.
func (b *book) work(ctx context.Context, lease *journal.Lease) (done int64) {
	ctx = context.WithoutCancel(ctx)
	for {
		jobs, err := lease.Next(ctx, 50)
		if err != nil {
			b.tb.Error(err)
			return done
		}
		if len(jobs) == 0 {
			finished, err := lease.Finish(ctx)
			if err != nil {
				b.tb.Error(err)
			}
			if finished || err != nil {
				return done
			}
			continue
		}
		if err := lease.Done(ctx, jobs[0], nil); err != nil {
			b.tb.Error(err)
			return done
		}
		done++
		if lease.Finished() {
			return done
		}
	}
}

// history fills the journal with jobs that are done.
func (b *book) history(n int) {
	for _, query := range []string{
		`INSERT INTO lane (key, line, chat, dir, seq, due) SELECT line.id || '/old/in', line.id, 'old', 'in', $1, NULL FROM line`,
		`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO job (lane, line, pos, dedupe, kind, payload, state, at, created, ended)
		SELECT 'line0/old/in', 'line0', i, 'old' || i, 'message', 'x', 'done', 0, 0, 1 FROM n`,
	} {
		_, err := b.db.Exec(query, n)
		require.NoError(b.tb, err)
	}
}
