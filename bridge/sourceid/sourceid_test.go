package sourceid_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/sourceid"
)

func TestASourceIDNamesItsMessage(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{
		"", sourceid.Late, sourceid.Unreadable, sourceid.Waiting, sourceid.File, sourceid.Missing, sourceid.Part(0), sourceid.Part(1), sourceid.Part(12),
		sourceid.Forwarded, sourceid.Caption, sourceid.Ad, sourceid.Album,
	} {
		source := sourceid.Derived("3EB0ABC", suffix)
		require.True(t, sourceid.IsOurs(source))
		require.Equal(t, "3EB0ABC"+suffix, sourceid.Link(source))
		require.Equal(t, "3EB0ABC", sourceid.Message(source))
		id, rest := sourceid.Split(sourceid.Link(source))
		require.Equal(t, []string{"3EB0ABC", suffix}, []string{id, rest})
	}
	require.False(t, sourceid.IsOurs("3EB0ABC"))
	require.False(t, sourceid.IsOurs(""))
}

func TestWhatShowsAMessage(t *testing.T) {
	t.Parallel()
	for suffix, shows := range map[string]bool{
		"": true, sourceid.Part(0): true, sourceid.Part(3): true, sourceid.File: true, sourceid.OfPart(sourceid.File, 12): true,
		sourceid.Missing: false, sourceid.OfPart(sourceid.Missing, 2): false, sourceid.Late: false, sourceid.Waiting: false,
	} {
		require.Equal(t, shows, sourceid.Shows(suffix), suffix)
	}
}

// Whatever a sender calls a message, its source id fits, is no other's, and
// cannot pass for what is derived from another message.
func TestAHostileIDIsNoOthers(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, id := range []string{"3EB0ABC#file", "3EB0ABC#late", "3EB0ABC", "a\x00b", "\xff", strings.Repeat("x", 10_000), strings.Repeat("x", 10_001)} {
		source := sourceid.Of(id)
		require.False(t, seen[source], id)
		seen[source] = true
		require.LessOrEqual(t, len(source), 300)
		_, suffix := sourceid.Split(sourceid.Link(source))
		require.Empty(t, suffix, id)
		require.Equal(t, sourceid.Link(source), sourceid.Message(sourceid.Derived(id, sourceid.File)))
	}
}
