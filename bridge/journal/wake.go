package journal

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lib/pq"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/internal/wait"
)

const channel = "wootbridge_lane"

// Signal wakes the workers that share it, one for each Notify. A signal
// sent while nobody waits is kept, one at most: a worker that found something to
// do notifies again, so that another worker checks for more.
type Signal struct{ c chan struct{} }

// C receives a value for each signal.
func (b *Signal) C() <-chan struct{} { return b.c }

// Notify wakes a worker.
func (b *Signal) Notify() {
	select {
	case b.c <- struct{}{}:
	default:
	}
}

// Signal makes a signal that is sent when there may be something to claim in a
// queue, or when a lane's due time has changed.
func (j *Journal) Signal(dir Queue) *Signal {
	b := &Signal{c: make(chan struct{}, 1)}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.signals[dir] = append(j.signals[dir], b)
	return b
}

// Wake tells the workers of a queue that there may be something to claim:
// those of this process now, those of others on the same Postgres in a moment.
// An entry that was appended with a delay wakes them after it.
func (j *Journal) Wake(dir Queue, after time.Duration) {
	if after > 0 {
		time.AfterFunc(after, func() { j.Wake(dir, 0) })
		return
	}
	j.signal(dir)
	if j.db.Dialect != database.Postgres {
		return
	}
	j.mu.Lock()
	j.untold[dir] = true
	j.mu.Unlock()
	select {
	case j.tell <- struct{}{}:
	default:
	}
}

func (j *Journal) signal(dir Queue) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, b := range j.signals[dir] {
		b.Notify()
	}
}

// WakeAll tells this process's workers of every queue.
func (j *Journal) WakeAll() {
	for _, dir := range []Queue{In, Out, Status, Maintenance} {
		j.signal(dir)
	}
}

// tellEvery is the least time between two messages to other processes.
const tellEvery = 20 * time.Millisecond

// tellOthers tells other processes, until ctx ends, what they are to look at.
// Not in the transactions that append: Postgres lets transactions that notify
// commit one at a time, each with its own wait for the disk. What is not told
// when the process dies is found by polling.
func (j *Journal) tellOthers(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-j.tell:
		}
		j.mu.Lock()
		dirs := slices.Collect(maps.Keys(j.untold))
		clear(j.untold)
		j.mu.Unlock()
		for _, dir := range dirs {
			const notify = `SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)`
			if _, err := j.db.ExecContext(ctx, notify, channel, j.word(dir)); err != nil && ctx.Err() == nil {
				j.log.Debug("other processes are not told of new jobs; they poll", "error", err)
			}
		}
		if !wait.Sleep(ctx, tellEvery) {
			return
		}
	}
}

// notify tells the other processes on the same Postgres, when the transaction
// commits; it is for what is rare, and for processes that do not Run.
func (j *Journal) notify(ctx context.Context, tx *sql.Tx, dir Queue) error {
	if j.db.Dialect != database.Postgres {
		return nil
	}
	_, err := tx.ExecContext(ctx, `SELECT pg_notify($1, $2)`, channel, j.word(dir))
	return err
}

// word is what other processes are told.
func (j *Journal) word(dir Queue) string { return j.id + "/" + string(dir) }

// heard wakes the workers that a word is for; the journal's own workers know
// already.
func (j *Journal) heard(n *pq.Notification) {
	if n == nil { // after a reconnect: something may have been missed
		j.WakeAll()
		return
	}
	if from, dir, _ := strings.Cut(n.Extra, "/"); from != j.id {
		j.signal(Queue(dir))
	}
}

// Run passes on wake-ups from and to other processes until ctx ends. On SQLite there
// are none, and behind a pooler none can be heard; workers poll as well, so a missed one costs a moment only.
func (j *Journal) Run(ctx context.Context) error {
	if j.db.Dialect != database.Postgres {
		<-ctx.Done()
		return nil
	}
	var telling sync.WaitGroup
	telling.Go(func() { j.tellOthers(ctx) })
	defer telling.Wait()
	if j.db.ListenURL() == "" { // behind a pooler
		<-ctx.Done()
		return nil
	}
	listener := pq.NewListener(j.db.ListenURL(), time.Second, time.Minute, nil)
	// Listen waits for the database, however long it is away; closing ends it.
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		_ = listener.Close()
	})
	defer func() {
		if !stop() {
			<-ended
			return
		}
		_ = listener.Close()
	}()
	if err := listener.Listen(channel); err != nil && ctx.Err() == nil {
		j.log.Warn("no wake-ups from other processes; polling instead", "error", err)
	}
	notify := listener.NotificationChannel()
	for {
		select {
		case <-ctx.Done():
			return nil
		case n, ok := <-notify:
			if !ok {
				notify = nil
				continue
			}
			j.heard(n)
		}
	}
}
