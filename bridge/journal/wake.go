package journal

import (
	"context"
	"database/sql"
	"time"

	"github.com/lib/pq"

	"github.com/wootbridge/wootbridge/bridge/database"
)

const channel = "wootbridge_lane"

// Changed gives a channel that is closed at the next change. Take it before
// looking, so that no change between the look and the wait is missed.
func (j *Journal) Changed() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.changed
}

// Wake tells this process's workers that there may be something to claim.
func (j *Journal) Wake() {
	j.mu.Lock()
	defer j.mu.Unlock()
	close(j.changed)
	j.changed = make(chan struct{})
}

// notify tells the other processes on the same Postgres, when the transaction
// commits.
func (j *Journal) notify(ctx context.Context, tx *sql.Tx) error {
	if j.db.Dialect != database.Postgres {
		return nil
	}
	_, err := tx.ExecContext(ctx, `SELECT pg_notify($1, '')`, channel)
	return err
}

// Run passes on wake-ups from other processes until ctx ends. On SQLite there
// are none; workers poll as well, so a missed one costs a moment only.
func (j *Journal) Run(ctx context.Context) error {
	if j.db.Dialect != database.Postgres {
		<-ctx.Done()
		return nil
	}
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
		case _, ok := <-notify: // nil after a reconnect: something may have been missed
			if !ok {
				notify = nil
				continue
			}
			j.Wake()
		}
	}
}
