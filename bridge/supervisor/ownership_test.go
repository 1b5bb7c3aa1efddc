package supervisor

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/seal"
)

// owners is one line and the processes that may own it, on a clock of its own.
type owners struct {
	t     *testing.T
	db    *database.DB
	store *lines.Store
	now   time.Time
}

func eachDatabase(t *testing.T, check func(t *testing.T, o *owners)) {
	t.Helper()
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *database.DB{
		"sqlite":   func(t testing.TB) *database.DB { return databasetest.SQLite(t) },
		"postgres": func(t testing.TB) *database.DB { return databasetest.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, err := seal.NewKey(make([]byte, seal.KeySize))
			require.NoError(t, err)
			db := open(t)
			o := &owners{t: t, db: db, store: lines.NewStore(db, key), now: time.UnixMilli(1_800_000_000_000)}
			require.NoError(t, o.store.Insert(context.Background(), lines.Line{ID: "one", Name: "Shop", Created: o.now, Settings: lines.DefaultSettings()}))
			check(t, o)
		})
	}
}

func (o *owners) process(instance, run string) *ownership {
	return &ownership{db: o.db, clock: func() time.Time { return o.now }, ttl: 15 * time.Second, instance: instance, me: instance + "/" + run}
}

func (o *owners) holding() lines.Holding {
	o.t.Helper()
	all, err := o.store.List(context.Background())
	require.NoError(o.t, err)
	require.Len(o.t, all, 1)
	return all[0].Held
}

func TestALineHasOneOwnerUntilItsLeaseEnds(t *testing.T) {
	eachDatabase(t, func(t *testing.T, o *owners) {
		ctx := context.Background()
		first, second := o.process("a", "1"), o.process("b", "1")
		before := o.holding()
		require.True(t, second.free(before))
		require.NoError(t, first.claim(ctx, "one", before, 1))
		require.ErrorIs(t, second.claim(ctx, "one", before, 1), errNotFree, "it read the line before the other claimed it")
		require.False(t, second.free(o.holding()))

		o.now = o.now.Add(10 * time.Second)
		held, until, err := first.renew(ctx)
		require.NoError(t, err)
		require.True(t, held["one"])
		require.Equal(t, o.now.Add(15*time.Second), until)

		o.now = o.now.Add(16 * time.Second)
		require.True(t, second.free(o.holding()), "the owner did not renew")
		require.NoError(t, second.claim(ctx, "one", o.holding(), 1))
		held, _, err = first.renew(ctx)
		require.NoError(t, err)
		require.Empty(t, held)
		require.NoError(t, first.relinquish(ctx, "one"))
		require.Equal(t, "b/1", o.holding().Owner, "what is not ours is not given back")
	})
}

func TestARestartTakesItsOwnLinesBackAtOnce(t *testing.T) {
	eachDatabase(t, func(t *testing.T, o *owners) {
		ctx := context.Background()
		require.NoError(t, o.process("a", "1").claim(ctx, "one", o.holding(), 1))
		again := o.process("a", "2")
		require.True(t, again.free(o.holding()))
		require.True(t, again.leftOver(o.holding()))
		require.NoError(t, again.claim(ctx, "one", o.holding(), 2))
		require.Equal(t, 2, o.holding().Connects)
		require.NoError(t, again.settled(ctx, "one"))
		require.Zero(t, o.holding().Connects)
	})
}

func TestAPausedOrDeletedLineIsNotClaimed(t *testing.T) {
	eachDatabase(t, func(t *testing.T, o *owners) {
		ctx := context.Background()
		require.NoError(t, o.store.SetPaused(ctx, "one", lines.Pause{Cause: lines.PausedByAdmin, Sentence: "because"}))
		require.ErrorIs(t, o.process("a", "1").claim(ctx, "one", o.holding(), 1), errNotFree)
		was := o.holding()
		require.NoError(t, o.store.Resume(ctx, "one"))
		require.NoError(t, o.store.SetDeleted(ctx, "one", o.now))
		require.ErrorIs(t, o.process("a", "1").claim(ctx, "one", was, 1), errNotFree)
		all, err := o.store.List(ctx)
		require.NoError(t, err)
		require.Empty(t, all)
	})
}
