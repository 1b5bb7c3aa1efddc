package intake

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatWasToldIsKnownOnce(t *testing.T) {
	t.Parallel()
	var told told
	require.False(t, told.has("a"))
	require.True(t, told.note("a"), "new")
	require.False(t, told.note("a"))
	require.True(t, told.has("a"))
	require.False(t, told.has("b"))
	require.True(t, told.note(""))
	require.False(t, told.note(""))
}

// The newest are known, however many there were; the memory is bounded.
func TestTheNewestThatWereToldAreKnown(t *testing.T) {
	t.Parallel()
	var told told
	const all = 10 * rememberedTold
	for i := range all {
		require.True(t, told.note(strconv.Itoa(i)))
		require.LessOrEqual(t, len(told.young)+len(told.old), 2*rememberedTold)
	}
	for i := all - rememberedTold; i < all; i++ {
		require.True(t, told.has(strconv.Itoa(i)), i)
	}
	require.False(t, told.has("0"), "forgotten")
	require.True(t, told.note("0"), "and found in the journal")
}

// Two ways tell at once: one of them is the first.
func TestOnlyOneIsTheFirstToTell(t *testing.T) {
	t.Parallel()
	var told told
	var all sync.WaitGroup
	var first atomic.Int64
	const things = 3 * rememberedTold / 2
	for range 4 {
		all.Go(func() {
			for i := range things {
				if told.note(strconv.Itoa(i)) {
					first.Add(1)
				}
				told.has(strconv.Itoa(i))
			}
		})
	}
	all.Wait()
	require.EqualValues(t, things, first.Load())
}
