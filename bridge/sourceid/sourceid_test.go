package sourceid_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/sourceid"
)

func TestASourceIDNamesItsMessage(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{"", sourceid.Late, sourceid.Unreadable, sourceid.Waiting, sourceid.File, sourceid.Missing} {
		source := sourceid.Of("3EB0ABC" + suffix)
		require.True(t, sourceid.IsOurs(source))
		require.Equal(t, "3EB0ABC"+suffix, sourceid.Link(source))
		require.Equal(t, "3EB0ABC", sourceid.Message(source))
		id, rest := sourceid.Split(sourceid.Link(source))
		require.Equal(t, []string{"3EB0ABC", suffix}, []string{id, rest})
	}
	require.False(t, sourceid.IsOurs("3EB0ABC"))
	require.False(t, sourceid.IsOurs(""))
}
