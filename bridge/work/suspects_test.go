package work_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/work"
)

// mortal is a stand whose process dies while it handles a bomb.
type mortal struct {
	*stand
	line, other *line
	mu          sync.Mutex
	begun       []string // in the last run, in order
	atOnce      int      // at present
	together    []string // of the last run, what ran while something else did
	dies        chan struct{}
	harmless    bool // the bomb does nothing any more
}

func newMortal(t *testing.T) *mortal {
	m := &mortal{stand: newStand(t)}
	m.line, m.other = m.add("one", &script{}), m.add("two", &script{})
	m.line.do, m.other.do = m.do, m.do
	return m
}

func (m *mortal) do(ctx context.Context, j *work.Job) error {
	what := string(j.Payload)
	m.mu.Lock()
	m.begun = append(m.begun, what)
	if m.atOnce++; m.atOnce > 1 {
		m.together = append(m.together, what)
	}
	dies, bomb := m.dies, what == "bomb" && !m.harmless
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.atOnce--
	}()
	if bomb {
		time.Sleep(time.Second) // what runs beside it has begun, too
		close(dies)
		<-ctx.Done()
		return ctx.Err()
	}
	select {
	case <-time.After(1500 * time.Millisecond):
		return j.Done(ctx, nil)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run is one process, until the bomb or, with killed, somebody else ends it after
// that time; crashed says how the one before ended. It reports whether the bomb did.
func (m *mortal) run(crashed bool, killed time.Duration) (died bool) {
	m.t.Helper()
	m.journal = journal.New(m.db, journal.Options{Clock: time.Now, Instance: "test", Log: slog.New(slog.DiscardHandler)})
	require.NoError(m.t, m.journal.EndLeases(m.t.Context(), crashed))
	m.pool = work.New(work.Config{
		Journal: m.journal, Lines: m, Clock: time.Now, Log: slog.New(slog.DiscardHandler), Count: func(string, string) {},
	})
	m.mu.Lock()
	m.begun, m.together, m.dies = nil, nil, make(chan struct{})
	dies := m.dies
	m.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	m.pool.Start(ctx)
	select {
	case <-dies:
		died = true
	case <-time.After(killed):
	}
	cancel()
	m.pool.Wait(0)
	return died
}

func (m *mortal) states() map[string]string {
	rows, err := m.db.Query(`SELECT payload, state FROM job`)
	require.NoError(m.t, err)
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var payload []byte
		var state string
		require.NoError(m.t, rows.Scan(&payload, &state))
		all[string(payload)] = state
	}
	require.NoError(m.t, rows.Err())
	return all
}

const aLongTime = time.Hour

// What ends the process is tried alone after the second time, before anything else of
// its line, and given up when the process does not survive that. All else is done.
func TestC2_AJobThatEndsTheProcessIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMortal(t)
		for i, what := range []string{"bomb", "an innocent one", "another"} {
			m.line.write(1+i, what)
		}
		m.line.write(1, "behind the bomb")
		require.True(t, m.run(false, aLongTime))
		require.True(t, m.run(true, aLongTime))
		m.line.write(9, "new")
		m.other.write(9, "of another line")
		require.True(t, m.run(true, aLongTime), "it is tried once more")
		require.NotContains(t, m.begun, "new", "its line waits")
		require.NotContains(t, m.together, "bomb", "alone")
		require.False(t, m.run(true, aLongTime))
		require.NotContains(t, m.begun, "bomb")
		require.Equal(t, map[string]string{
			"bomb": "dead", "an innocent one": "done", "another": "done", "behind the bomb": "done", "new": "done", "of another line": "done",
		}, m.states())

		dead, err := m.journal.Jobs(t.Context(), journal.JobFilter{State: journal.Dead, Limit: 10})
		require.NoError(t, err)
		require.Contains(t, dead[0].LastError, "ended by a fault of its own again and again")
		m.harmless = true // after an update
		require.NoError(t, m.journal.Replay(t.Context(), dead[0].ID))
		require.False(t, m.run(false, aLongTime))
		require.Equal(t, "done", m.states()["bomb"])
	})
}

// A process that was killed says nothing of what it was doing, however often, also
// while it tries something alone.
func TestC2_AKillSaysNothingOfTheJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMortal(t)
		m.harmless = true
		m.line.write(1, "slow")
		for range 5 {
			require.False(t, m.run(false, time.Second))
		}
		for range 2 { // something else ended the process
			require.False(t, m.run(true, time.Second))
		}
		for range 5 {
			require.False(t, m.run(false, time.Second))
		}
		require.Equal(t, map[string]string{"slow": "waiting"}, m.states())
		require.False(t, m.run(false, aLongTime))
		require.Equal(t, map[string]string{"slow": "done"}, m.states())
		var crashes int
		require.NoError(t, m.db.QueryRow(`SELECT SUM(crashes) FROM lane`).Scan(&crashes))
		require.Zero(t, crashes)
	})
}
