package journal

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// LookIn adds conversations to those in which attempts at the job may have posted.
func (job *Job) LookIn(conversations ...int64) {
	for _, id := range conversations {
		if id != 0 && !slices.Contains(job.Targets, id) {
			job.Targets = append(slices.Clip(job.Targets), id) // other copies of the job keep theirs
		}
	}
}

// storedTargets is a job's targets as they are stored.
func storedTargets(targets []int64) string {
	words := make([]string, len(targets))
	for i, id := range targets {
		words[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(words, " ")
}

// readTargets reads what storedTargets gives.
func readTargets(stored string) ([]int64, error) {
	var targets []int64
	for _, word := range strings.Fields(stored) {
		id, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read a job's targets: %w", err)
		}
		targets = append(targets, id)
	}
	return targets, nil
}

// keepTargets stores a job's targets beside what record writes; they outlive the
// job's end, because a person may replay it.
func keepTargets(job Job, record func(context.Context, *sql.Tx) error) func(context.Context, *sql.Tx) error {
	if len(job.Targets) == 0 {
		return record
	}
	return func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE job SET targets = $2 WHERE id = $1`, job.ID, storedTargets(job.Targets)); err != nil {
			return fmt.Errorf("keep a job's targets: %w", err)
		}
		if record == nil {
			return nil
		}
		return record(ctx, tx)
	}
}
