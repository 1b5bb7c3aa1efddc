package whatsapp_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// cutAnywhere gives every frame in two messages, cut at one place after the
// other, and some in single bytes.
func cutAnywhere() func(frame []byte) [][]byte {
	var asked atomic.Int64
	return func(frame []byte) [][]byte {
		n := int(asked.Add(1))
		if n%10 == 0 && len(frame) < 500 {
			var single [][]byte
			for i := range frame {
				single = append(single, frame[i:i+1])
			}
			return single
		}
		at := n % len(frame)
		return [][]byte{frame[:at], frame[at:]}
	}
}

// WhatsApp cuts its frames wherever it likes: the line is linked, hears
// everything in order, is answered, and keeps its connection.
func TestFramesMayBeCutAnywhere(t *testing.T) {
	t.Parallel()
	w, c, _ := newCountingWorld(t, whatsapptest.New(whatsapptest.Options{Packets: cutAnywhere()}))
	var want []string
	for i := range 150 {
		want = append(want, fmt.Sprint("text ", i))
		w.alice.SendText(w.phone, want[i])
		if i%10 == 0 {
			require.NoError(t, w.trySend(w.alice, fmt.Sprintf("3EB0CUT%d", i)))
		}
	}
	w.sink.wait(t, "the texts", func() bool { return len(w.sink.texts()) == len(want) })
	require.Equal(t, want, w.sink.texts())
	id := w.alice.SendText(w.phone, "the last one")
	_, err := w.alice.WaitReceipt(patience, id, types.ReceiptTypeDelivered)
	require.NoError(t, err)
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	require.Equal(t, 1, w.phone.Companion().Logins())
	require.Empty(t, c.all())
	require.Equal(t, whatsapp.StateConnected, w.session.State().Code)
	require.NoError(t, w.session.Logout(context.Background()))
}
