//go:build !race

package whatsapptest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/types/events"
)

// These prove what only numbers show, and what they run is watched for races by
// all the others. make test runs them apart: with the detector they take minutes.

func TestPreKeysRunOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	const people = 830
	for i := range people {
		w.srv.NewPeer(fmt.Sprintf("551170000%04d", i), "somebody").SendText(w.phone, fmt.Sprint("person ", i))
	}
	c.awaitText(fmt.Sprint("person ", people-1))
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	require.Len(t, c.texts(), people)
	require.Empty(t, eventsOf[*events.UndecryptableMessage](c))
}

func TestLargeBacklogKeepsItsOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	c.cli.Disconnect()
	var want []string
	for i := range 1500 {
		want = append(want, fmt.Sprint("waiting ", i))
		w.alice.SendText(w.phone, want[i])
	}
	w.reconnect(c)
	c.awaitText(want[len(want)-1])
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	require.Equal(t, want, c.texts())
}
