package removal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/seal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a database with two lines, "old" and "kept", that have rows in every
// table.
type world struct {
	t       *testing.T
	db      *database.DB
	store   *lines.Store
	now     atomic.Int64 // Unix ms
	held    atomic.Bool
	devices devices
}

type devices struct {
	forgotten []string
	err       error
}

func (d *devices) Forget(_ context.Context, jid string) error {
	if d.err == nil {
		d.forgotten = append(d.forgotten, jid)
	}
	return d.err
}

// jobs is how many jobs the line "old" has; each has attempts beside it.
const jobs = 2000

func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		key, err := seal.NewKey(make([]byte, seal.KeySize))
		require.NoError(t, err)
		w := &world{t: t, db: db, store: lines.NewStore(db, key)}
		w.now.Store(1_800_000_000_000)
		for line, rows := range map[string]int{"old": jobs, "kept": 3} {
			require.NoError(t, w.store.Insert(t.Context(), lines.Line{ID: lines.ID(line), Name: line, Settings: lines.DefaultSettings(), JID: line + ".1:2@s.whatsapp.net"}))
			w.fill(line, rows)
		}
		test(t, w)
	})
}

// fill gives a line rows in every table: 20 jobs a lane, and attempts of every
// tenth job.
func (w *world) fill(line string, rows int) {
	w.t.Helper()
	w.exec(`INSERT INTO lane (key, line, chat, dir, seq) `+numbers(rows/20+1)+` SELECT $1 || '/' || n || '/in', $1, 'c' || n, 'in', 20 FROM numbers`, line)
	w.exec(`INSERT INTO job (lane, line, pos, dedupe, kind, payload, state, at, created) `+numbers(rows)+`
		SELECT $1 || '/' || (n / 20) || '/in', $1, n + 1, $1 || n, 'message', 'text', 'done', 0, 0 FROM numbers`, line)
	w.exec(`INSERT INTO job_attempt (job, n, begun, duration_ms, outcome, error) `+numbers(25)+`
		SELECT job.id, n + 1, 0, 1, 'retry', 'away' FROM job, numbers WHERE job.line = $1 AND job.id % 10 = 0`, line)
	w.exec(`INSERT INTO chat (id, line, source_id, created) `+numbers(rows/10+1)+` SELECT $1 || n, $1, $1 || n, 0 FROM numbers`, line)
	w.exec(`INSERT INTO chat_alias (line, jid, chat) SELECT line, id || '@lid', id FROM chat WHERE line = $1`, line)
	w.exec(`INSERT INTO conversation_link (line, conversation_id, chat) `+numbers(rows/10+1)+` SELECT $1, n, $1 || n FROM numbers`, line)
	w.exec(`INSERT INTO message_link (line, wa_id, part, chat, message_id, conversation_id, direction, created) `+numbers(rows)+`
		SELECT $1, 'w' || n, 0, $1 || (n / 10), n, n / 10, 'in', 0 FROM numbers`, line)
	w.exec(`INSERT INTO agent_message (line, message_id, state) `+numbers(rows)+` SELECT $1, n, 'sent' FROM numbers`, line)
	w.exec(`INSERT INTO remark (line, chat, wa_id, kind, person, value, at) `+numbers(rows/10+1)+` SELECT $1, $1 || n, 'w' || n, 'reaction', 'p', 'v', 0 FROM numbers`, line)
	w.exec(`INSERT INTO member_receipt (line, wa_id, member, created) `+numbers(rows/10+1)+` SELECT $1, 'w' || n, 'p', 0 FROM numbers`, line)
	w.exec(`INSERT INTO comparison (line, conversation, watermark, since, failures, due) `+numbers(rows/10+1)+` SELECT $1, n, 0, 0, 0, 0 FROM numbers`, line)
	w.exec(`INSERT INTO line_command (id, line, kind, created) `+numbers(rows/10+1)+` SELECT $1 || n, $1, 'reconnect', 0 FROM numbers`, line)
}

// numbers is a table of the numbers from 0 on.
func numbers(n int) string {
	return fmt.Sprintf(`WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d)`, n-1)
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	_, err := w.db.Exec(query, args...)
	require.NoError(w.t, err, query)
}

// tables are those that hold something of a line; the catalogue says which.
func (w *world) tables() (all []string) {
	w.t.Helper()
	find := `SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c ON c.name = 'line' WHERE m.type = 'table'`
	if w.db.Dialect == database.Postgres {
		find = `SELECT table_name FROM information_schema.columns WHERE column_name = 'line' AND table_schema = 'public'`
	}
	rows, err := w.db.Query(find)
	require.NoError(w.t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		require.NoError(w.t, rows.Scan(&name))
		all = append(all, name)
	}
	require.NoError(w.t, rows.Err())
	return all
}

// rows counts what is kept of a line, by table.
func (w *world) rows(line string) map[string]int {
	w.t.Helper()
	counts := map[string]int{}
	count := func(table, query string, args ...any) {
		var n int
		require.NoError(w.t, w.db.QueryRow(query, args...).Scan(&n))
		counts[table] = n
	}
	for _, table := range w.tables() {
		count(table, `SELECT COUNT(*) FROM `+table+` WHERE line = $1`, line)
	}
	count("job_attempt", `SELECT COUNT(*) FROM job_attempt WHERE job IN (SELECT id FROM job WHERE line = $1)`, line)
	return counts
}

func sum(counts map[string]int) (n int) {
	for _, rows := range counts {
		n += rows
	}
	return n
}

// remover is that of a process.
func (w *world) remover() *Remover {
	clock := func() time.Time { return time.UnixMilli(w.now.Load()) }
	return New(Config{
		Store: w.store, DB: w.db, Journal: journal.New(w.db, journal.Options{Clock: clock}),
		IDs:     idmap.New(w.db, idmap.Options{Cache: idmap.NewMemory(10, clock), Clock: clock, NewID: lines.NewID}),
		Devices: &w.devices, Free: func(lines.Holding) bool { return !w.held.Load() }, Gone: func(lines.ID) {},
		Clock: clock, Log: slog.New(slog.DiscardHandler),
	})
}

func (w *world) deleted() []lines.Deleted {
	w.t.Helper()
	all, err := w.store.Deleted(w.t.Context(), time.UnixMilli(w.now.Load()))
	require.NoError(w.t, err)
	return all
}

func (w *world) delete() {
	w.t.Helper()
	require.NoError(w.t, w.store.SetDeleted(w.t.Context(), "old", time.UnixMilli(w.now.Load())))
}

// On SQLite every other line's webhook waits for the transaction that removes rows:
// none removes many. Every table that holds something of a line is emptied, and no
// other line's.
func TestT13_NoTransactionRemovesManyRows(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		before, kept := w.rows("old"), w.rows("kept")
		for table, rows := range before {
			require.Positive(t, rows, "the test puts nothing into %s", table)
		}
		require.Greater(t, sum(before), 10*batch)
		w.delete()
		line, r := w.deleted()[0], w.remover()
		const attemptsOfAJob = 25 // a job and its attempts go together
		for left, steps := sum(before), 0; ; steps++ {
			gone, err := r.step(t.Context(), &line)
			require.NoError(t, err)
			now := sum(w.rows("old"))
			require.LessOrEqual(t, left-now, batch+attemptsOfAJob)
			left = now
			if gone {
				require.Zero(t, left)
				require.Less(t, steps, 2*sum(before)/batch+2, "each of them does its share")
				break
			}
		}
		require.Equal(t, kept, w.rows("kept"))
		require.Equal(t, []string{"old.1:2@s.whatsapp.net"}, w.devices.forgotten)
		require.Empty(t, w.deleted())
	})
}

// A process that ends in the middle leaves the rest to the next one.
func TestT13_ADeletionIsFinishedAfterARestart(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.delete()
		line := w.deleted()[0]
		first := w.remover()
		for range 3 {
			gone, err := first.step(t.Context(), &line)
			require.NoError(t, err)
			require.False(t, gone)
		}
		require.Len(t, w.deleted(), 1)
		require.Positive(t, sum(w.rows("old")))

		r := w.remover()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { r.Run(ctx); close(ended) }()
		r.Await(t.Context(), "old")
		require.Zero(t, sum(w.rows("old")))
		require.Len(t, w.devices.forgotten, 1)
		cancel()
		<-ended
	})
}

// The connection of a line that another process holds ends before anything of the
// line is taken away from it; a device that cannot be forgotten is tried again.
func TestT13_NothingIsRemovedBelowAConnection(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		before := w.rows("old")
		w.delete()
		r := w.remover()
		w.held.Store(true)
		finished, err := r.round(t.Context())
		require.NoError(t, err)
		require.False(t, finished)
		require.Empty(t, w.devices.forgotten)
		require.Equal(t, before, w.rows("old"))

		w.held.Store(false)
		w.devices.err = errors.New("away")
		_, err = r.round(t.Context())
		require.ErrorIs(t, err, w.devices.err)
		w.devices.err = nil
		finished, err = r.round(t.Context())
		require.NoError(t, err)
		require.True(t, finished)
		require.Len(t, w.devices.forgotten, 1)
		require.Zero(t, sum(w.rows("old")))
	})
}

// Another process may take a webhook of the line before it learns of the deletion.
func TestT13_WhatCameLateIsRemovedToo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.delete()
		r := w.remover()
		_, err := r.round(t.Context())
		require.NoError(t, err)
		require.Empty(t, w.deleted())
		w.fill("old", 3)
		w.now.Add(lines.LastLook.Milliseconds())
		require.True(t, w.deleted()[0].Again)
		_, err = r.round(t.Context())
		require.NoError(t, err)
		require.Zero(t, sum(w.rows("old")))
		require.Empty(t, w.deleted())
		w.now.Add(time.Hour.Milliseconds())
		require.Empty(t, w.deleted(), "that was the last look")
	})
}

// Deletions of earlier releases could fail and leave nearly everything behind, under
// a line that nobody saw any more. It stays out of sight, and the rest goes.
func TestT13_WhatEarlierDeletionsLeftBehindGoesUnseen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.exec(`UPDATE line SET deleted = 5, removed = 1, jid = '', token = NULL WHERE id = 'old'`) // as the migration leaves it
		require.True(t, w.deleted()[0].Again)
		finished, err := w.remover().round(t.Context())
		require.NoError(t, err)
		require.True(t, finished)
		require.Zero(t, sum(w.rows("old")))
		require.Empty(t, w.deleted())
	})
}
