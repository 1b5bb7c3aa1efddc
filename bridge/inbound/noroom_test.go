package inbound_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/media"
)

// A disk without room costs no text, and the file follows when there is some.
func TestM1_AFileWaitsForRoomAndItsTextDoesNot(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.files.failures = slices.Repeat([]error{media.ErrNoRoom}, 10)
	id := o.take(alicia, byBoth, o.image([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), "look"))
	o.take(alicia, byBoth, text("and?"))
	failed := o.drain()
	require.Equal(t, []string{waitingLine + "\n\nlook", "and?", ""}, o.incoming())
	require.Len(t, failed, 9)
	for _, err := range failed {
		require.ErrorIs(t, err, media.ErrNoRoom)
	}
	_, _, _ = o.filed(id + "#file")
}

// One that will never fit is said to be too large, at once.
func TestM1_AFileThatNeverFitsIsNamed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.files.failures = []error{media.ErrTooLarge}
	o.take(alicia, byBoth, o.image([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), "look"))
	require.Empty(t, o.drain())
	require.Len(t, o.incoming(), 1)
	require.Contains(t, o.incoming()[0], "larger than the bridge has room for")
	require.Contains(t, o.incoming()[0], "look")
	require.Zero(t, o.files.fetched)
}
