package intake

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestC3_ALineThatTakesNothingInSaysSo(t *testing.T) {
	t.Parallel()
	var i standstill
	at := func(minute int) time.Time { return time.Date(2027, 3, 4, 5, minute, 0, 0, time.UTC) }
	require.Empty(t, i.trouble(at(0)))
	i.note(errors.New("no room on the disk"), at(1))
	require.Empty(t, i.trouble(at(1)), "it may pass")
	i.note(errors.New("no room on the disk"), at(2))
	require.Equal(t, "Nothing that WhatsApp brings can be stored since 2027-03-04 05:01 UTC, and it waits there: no room on the disk", i.trouble(at(2)))
	i.note(nil, at(3))
	require.Empty(t, i.trouble(at(9)))
	i.note(errors.New("again"), at(10))
	require.Empty(t, i.trouble(at(10)), "another one")
}
