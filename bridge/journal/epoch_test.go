package journal_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A lane may be at work for long, while somebody else changes what is cached: each job
// is done as of when it is given.
func TestT07_EachJobOfALaneHasTheEpochOfItsTime(t *testing.T) {
	each(t, func(t *testing.T, b bundle) {
		ctx := t.Context()
		raise := func() {
			_, err := b.db.Exec(`UPDATE line SET generation = generation + 1 WHERE id = 'l1'`)
			require.NoError(t, err)
		}
		for _, name := range []string{"a", "b", "c"} {
			b.append(t, inLane, name)
		}
		lease := b.claim(t)
		base := lease.Epoch()
		for i := range int64(3) {
			jobs, err := lease.Next(ctx, 50)
			require.NoError(t, err)
			require.Equal(t, base+i, lease.Epoch(), "as they were read, or are remembered")
			raise()
			require.Equal(t, base+i, lease.Epoch(), "a job under way keeps its own")
			require.NoError(t, lease.Done(ctx, jobs[0], nil))
		}
		require.True(t, lease.Finished())

		b.append(t, inLane, "d")
		lease = b.claim(t)
		jobs, err := lease.Next(ctx, 50)
		require.NoError(t, err)
		require.Equal(t, base+3, lease.Epoch())
		raise()
		b.append(t, inLane, "e") // which makes it read again
		require.NoError(t, lease.Done(ctx, jobs[0], nil))
		_, err = lease.Next(ctx, 50)
		require.NoError(t, err)
		require.Equal(t, base+4, lease.Epoch())
	})
}
