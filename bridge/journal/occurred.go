package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wootbridge/wootbridge/bridge/foreign"
)

// OccurredAt gives the other side's time of the job that was appended under a dedupe
// key, done or not; false when it was never appended or is pruned.
func (j *Journal) OccurredAt(ctx context.Context, dedupe string) (time.Time, bool, error) {
	var at int64
	err := j.db.QueryRowContext(ctx, `SELECT at FROM job WHERE dedupe = $1`, foreign.Key(dedupe)).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, false, nil
	}
	if err != nil {
		return time.Time{}, false, fmt.Errorf("read a job's time: %w", err)
	}
	return time.UnixMilli(at), true, nil
}
