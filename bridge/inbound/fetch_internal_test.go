package inbound

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// A message waits for its file once after a failed download, and a minute for the
// connection, which after a start is just beginning.
func TestHowLongAMessageWaitsForItsFile(t *testing.T) {
	t.Parallel()
	now, away := time.Unix(1_700_000_000, 0), fmt.Errorf("download: %w", whatsapp.ErrNotConnected)
	failed := errors.New("the file server does not answer")
	for name, tc := range map[string]struct {
		recorded, started time.Duration // ago
		last              string
		err               error
		waits             bool
	}{
		"the first download failed":                    {recorded: time.Hour, started: 2 * time.Hour, err: failed, waits: true},
		"the second one, too":                          {recorded: time.Hour, started: 2 * time.Hour, last: noFile + ": no answer", err: failed},
		"the first one, after there was no connection": {recorded: time.Hour, started: 2 * time.Hour, last: noFile + ": " + away.Error(), err: failed, waits: true},
		"it is gone":                                   {err: whatsapp.ErrMediaGone},
		"no connection for a moment":                   {recorded: time.Second, started: time.Hour, err: away, waits: true},
		"no connection for long":                       {recorded: time.Hour, started: 2 * time.Hour, err: away},
		"no connection yet":                            {recorded: time.Hour, started: time.Second, err: away, waits: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &Handler{Clock: func() time.Time { return now }, Started: now.Add(-tc.started)}
			j := &work.Job{Job: journal.Job{RecordedAt: now.Add(-tc.recorded), LastError: tc.last}}
			require.Equal(t, tc.waits, h.triesAgain(j, tc.err))
		})
	}
}
