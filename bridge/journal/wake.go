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
)

const channel = "wootbridge_lane"

// Bell wakes the workers that share it, one for each time it rings. A ring
// while nobody waits is kept, one at most: a worker that found something to do
// rings again, so that another one looks whether there is more.
type Bell struct{ ring chan struct{} }

// Rung gives a value for a ring.
func (b *Bell) Rung() <-chan struct{} { return b.ring }

// Ring wakes a worker.
func (b *Bell) Ring() {
	select {
	case b.ring <- struct{}{}:
	default:
	}
}

// Bell makes a bell that rings when there may be something to claim in a
// direction, or when a lane's due time has changed.
func (j *Journal) Bell(dir Queue) *Bell {
	b := &Bell{ring: make(chan struct{}, 1)}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.bells[dir] = append(j.bells[dir], b)
	return b
}

// Wake tells the workers of a direction that there may be something to claim:
// those of this process now, those of others on the same Postgres in a moment.
func (j *Journal) Wake(dir Queue) {
	j.ring(dir)
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

// WakeFor is Wake for an entry that was appended, when it falls due.
func (j *Journal) WakeFor(e Entry) {
	if e.Delay <= 0 {
		j.Wake(e.Lane.Dir)
		return
	}
	time.AfterFunc(e.Delay, func() { j.Wake(e.Lane.Dir) })
}

func (j *Journal) ring(dir Queue) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, b := range j.bells[dir] {
		b.Ring()
	}
}

// WakeAll tells this process's workers of every direction.
func (j *Journal) WakeAll() {
	for _, dir := range []Queue{In, Out, Status, Upkeep} {
		j.ring(dir)
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
		pause := time.NewTimer(tellEvery)
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-pause.C:
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
		j.ring(Queue(dir))
	}
}

// Run passes on wake-ups from and to other processes until ctx ends. On SQLite there
// are none; workers poll as well, so a missed one costs a moment only.
func (j *Journal) Run(ctx context.Context) error {
	if j.db.Dialect != database.Postgres {
		<-ctx.Done()
		return nil
	}
	var telling sync.WaitGroup
	telling.Go(func() { j.tellOthers(ctx) })
	defer telling.Wait()
	listener := pq.NewListener(j.db.URL(), time.Second, time.Minute, nil)
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
