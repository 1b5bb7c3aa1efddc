package journal_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/journal"
)

// model is what the journal should hold, kept in the simplest way there is.
type model struct {
	waiting map[string][]string // lane -> payloads
	due     map[string]time.Time
	leased  map[string]*heldLease
	known   map[string]bool // dedupe keys
}

type heldLease struct {
	lease *journal.Lease
	until time.Time
}

// Random steps of writers, workers, crashes and time, one at a time: after
// each the journal agrees with the model, and in the end nothing waits.
func TestRandomStepsAgreeWithAModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			databasetest.Each(t, func(t *testing.T, db *database.DB) {
				addLine(t, db, "l1")
				c := &clock{now: time.UnixMilli(1_800_000_000_000)}
				b := bundle{journal.New(db, journal.Options{Clock: c.Now, Instance: "here", LeaseTTL: 30 * time.Second}), db, c}
				m := &model{map[string][]string{}, map[string]time.Time{}, map[string]*heldLease{}, map[string]bool{}}
				r := rand.New(rand.NewPCG(seed, 1))
				for range 150 {
					m.step(t, b, r)
				}
				m.drain(t, b)
			})
		})
	}
}

func (m *model) step(t *testing.T, b bundle, r *rand.Rand) {
	switch r.IntN(8) {
	case 0, 1, 2:
		m.append(t, b, journal.LaneKey{Line: "l1", Chat: fmt.Sprint("c", r.IntN(3)), Queue: journal.In}, fmt.Sprint(r.IntN(120)))
	case 3, 4:
		m.claim(t, b)
	case 5:
		b.clock.Advance(time.Duration(r.IntN(8)) * time.Second)
	default:
		for lane, held := range m.leased {
			m.work(t, b, r, lane, held)
			return
		}
	}
}

func (m *model) append(t *testing.T, b bundle, lane journal.LaneKey, dedupe string) {
	ok, err := b.Append(ctx, journal.Entry{Lane: lane, Dedupe: dedupe, Payload: []byte(dedupe)})
	require.NoError(t, err)
	require.Equal(t, !m.known[dedupe], ok)
	if !ok {
		return
	}
	m.known[dedupe] = true
	m.waiting[lane.Chat] = append(m.waiting[lane.Chat], dedupe)
	if _, set := m.due[lane.Chat]; !set {
		m.due[lane.Chat] = b.clock.Now()
	}
}

func (m *model) claimable(now time.Time) (chats []string) {
	for chat, due := range m.due {
		if held := m.leased[chat]; !due.After(now) && (held == nil || !held.until.After(now)) {
			chats = append(chats, chat)
		}
	}
	return chats
}

func (m *model) claim(t *testing.T, b bundle) {
	now := b.clock.Now()
	lease := b.claim(t)
	if lease == nil {
		require.Empty(t, m.claimable(now))
		return
	}
	chat := lease.Lane().Chat
	require.Contains(t, m.claimable(now), chat)
	require.Equal(t, m.leased[chat] != nil, lease.Unclean())
	if old := m.leased[chat]; old != nil { // the one before was too slow
		require.ErrorIs(t, old.lease.Renew(ctx), journal.ErrLeaseLost)
	}
	m.leased[chat] = &heldLease{lease, now.Add(30 * time.Second)}
	require.Equal(t, m.waiting[chat], payloads(t, lease))
}

func (m *model) work(t *testing.T, b bundle, r *rand.Rand, chat string, held *heldLease) {
	now := b.clock.Now()
	require.Equal(t, m.waiting[chat], payloads(t, held.lease))
	if len(m.waiting[chat]) == 0 {
		finished, err := held.lease.Finish(ctx)
		require.NoError(t, err)
		require.True(t, finished)
		delete(m.leased, chat)
		delete(m.due, chat)
		return
	}
	read := 1 + r.IntN(3)
	jobs, err := held.lease.Waiting(ctx, read)
	require.NoError(t, err)
	job := jobs[0]
	last := len(jobs) == 1 && read > 1 // it is known to be the last one
	switch r.IntN(5) {
	case 0:
		require.NoError(t, held.lease.Dead(ctx, job, "given up", nil))
		m.waiting[chat], held.until = m.waiting[chat][1:], now.Add(30*time.Second)
	case 1:
		retry := now.Add(time.Duration(r.IntN(5)) * time.Second)
		require.NoError(t, held.lease.Fail(ctx, job, journal.Failure{Outcome: journal.Retried, Cause: "again", RetryAt: retry, MayHaveActed: r.IntN(2) == 0}))
		delete(m.leased, chat)
		m.due[chat] = retry
	case 2: // the worker dies: only time frees the lane
		b.clock.Advance(31 * time.Second)
	default:
		require.NoError(t, held.lease.Done(ctx, job, nil))
		m.waiting[chat], held.until = m.waiting[chat][1:], now.Add(30*time.Second)
	}
	if len(m.waiting[chat]) == 0 {
		m.waiting[chat] = nil
		require.Equal(t, last, held.lease.Finished())
		if last {
			delete(m.leased, chat)
			delete(m.due, chat)
		}
	}
}

// drain works until the model is empty; the journal must be, too.
func (m *model) drain(t *testing.T, b bundle) {
	b.clock.Advance(time.Hour)
	for {
		lease := b.claim(t)
		if lease == nil {
			break
		}
		chat := lease.Lane().Chat
		require.Equal(t, m.waiting[chat], payloads(t, lease))
		jobs, err := lease.Waiting(ctx, 1000)
		require.NoError(t, err)
		for _, job := range jobs {
			require.NoError(t, lease.Done(ctx, job, nil))
		}
		require.Empty(t, payloads(t, lease))
		finished, err := lease.Finish(ctx)
		require.NoError(t, err)
		require.True(t, finished)
		delete(m.waiting, chat)
	}
	for chat, left := range m.waiting {
		require.Empty(t, left, chat)
	}
	waiting, err := b.Jobs(ctx, journal.JobFilter{State: journal.Waiting, Limit: 1})
	require.NoError(t, err)
	require.Empty(t, waiting)
}
