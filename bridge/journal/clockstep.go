package journal

import (
	"context"
	"fmt"
	"time"
)

// LongestRest is how long a lane rests at most, whatever it waits for and
// whatever the clock did meanwhile: as long as the longest pause between two
// attempts.
const LongestRest = 7*time.Minute + 30*time.Second

// A clock that was ahead and is set back leaves times in lanes that lie far in
// the future: a lane would rest, or belong to an owner that is gone, for as long as
// the clock was ahead. No honest due time is later than the longest rest, and no
// honest lease longer than a lease is.

// promptly is by how much a lane falls due after its oldest job came, if it did not
// rest.
const promptly = 10 * time.Second

const farDue = `SELECT EXISTS (SELECT 1 FROM lane l WHERE l.due IS NOT NULL AND l.dir = $1 AND l.due > $2)`

// reinIn brings the due times of a queue that lie too far in the future to where
// the longest rest ends, and those of lanes that did not rest, but were just due
// when the clock was set back, to now.
func (j *Journal) reinIn(ctx context.Context, queue Queue, now time.Time) error {
	latest := now.Add(LongestRest).UnixMilli()
	var any bool
	if err := j.db.QueryRowContext(ctx, farDue, string(queue), latest).Scan(&any); err != nil || !any {
		return err
	}
	const pull = `UPDATE lane SET due = CASE WHEN due - head <= $3 THEN CAST($4 AS BIGINT) ELSE $2 END
		WHERE due IS NOT NULL AND dir = $1 AND due > $2`
	_, err := j.db.ExecContext(ctx, pull, string(queue), latest, promptly.Milliseconds(), now.UnixMilli())
	return err
}

// reinInLeases shortens leases that last too long. An owner that lives renews its
// lease in time.
func (j *Journal) reinInLeases(ctx context.Context, now time.Time) error {
	const shorten = `UPDATE lane SET lease = $2 WHERE lease > $1`
	_, err := j.db.ExecContext(ctx, shorten, now.Add(2*j.ttl).UnixMilli(), now.Add(j.ttl).UnixMilli())
	return err
}

// stepTolerance is by how much concurrent workers may read the clock in another
// order than they note it.
const stepTolerance = time.Second

// noteTime looks at all lanes when the process begins to claim, and when the clock
// was set back since the last claim.
func (j *Journal) noteTime(ctx context.Context, now time.Time) error {
	j.mu.Lock()
	// Of the wall clock, which is what is stored.
	stepped := now.Round(0).Before(j.claimed.Add(-stepTolerance)) || j.claimed.IsZero()
	j.claimed = now.Round(0)
	j.mu.Unlock()
	if !stepped {
		return nil
	}
	err := j.reinInLeases(ctx, now)
	for _, queue := range []Queue{In, Out, Status, Maintenance} {
		if err == nil {
			err = j.reinIn(ctx, queue, now)
		}
	}
	if err != nil {
		j.mu.Lock()
		j.claimed = time.Time{} // the next claim tries again
		j.mu.Unlock()
		return fmt.Errorf("look at lanes after the clock was set: %w", err)
	}
	return nil
}
