package whatsapptest_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/types/events"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func TestFullDuplexTrafficWithOneContact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	// Both sides beginning a session at once is another matter: whatsmeow's
	// sender can then overwrite the session its receiver has just stored.
	w.alice.SendText(w.phone, "warm up")
	c.awaitText("warm up")
	c.sendText(w.alice.JID(), "warm")
	_, err := w.alice.WaitText(patience, "warm")
	require.NoError(t, err)
	const each = 300
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range each {
			w.alice.SendText(w.phone, fmt.Sprint("in ", i))
		}
	}()
	wantIn, wantOut := []string{"warm up"}, []string{"warm"}
	for i := range each {
		wantIn, wantOut = append(wantIn, fmt.Sprint("in ", i)), append(wantOut, fmt.Sprint("out ", i))
		c.sendText(w.alice.JID(), fmt.Sprint("out ", i))
	}
	<-done
	c.awaitText(fmt.Sprint("in ", each-1))
	require.NoError(t, w.alice.WaitCount(patience, each+1))
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	require.Equal(t, wantIn, c.texts())
	require.Equal(t, wantOut, w.alice.Texts())
	require.Empty(t, eventsOf[*events.UndecryptableMessage](c))
	require.Zero(t, w.alice.Retries())
}

// zeros is a large file that needs no memory.
type zeros struct{}

func (zeros) Read(data []byte) (int, error) {
	clear(data)
	return len(data), nil
}

func TestLargeFilesAreNotHeldInMemory(t *testing.T) {
	const size = 200 << 20
	w := newWorld(t)
	sum := sha256.New()
	_, err := io.CopyN(sum, zeros{}, size)
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = w.alice.SendFile(w.phone, "document", io.LimitReader(zeros{}, size), whatsapptest.WithFileName("large.bin"))
	require.NoError(t, err)
	message, err := w.phone.WaitKind(patience, "document")
	require.NoError(t, err)
	got := sha256.New()
	require.NoError(t, w.phone.DownloadTo(got, message))
	runtime.ReadMemStats(&after)
	require.True(t, bytes.Equal(sum.Sum(nil), got.Sum(nil)))
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(20<<20))
}
