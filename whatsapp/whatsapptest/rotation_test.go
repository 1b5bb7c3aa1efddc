package whatsapptest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/types/events"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func rotateQR(o *whatsapptest.Options) { o.RotateQR = true }

// The first scan retires the code that was shown: only a code with the client's
// new secret links.
func TestTheScannedCodeIsRetired(t *testing.T) {
	t.Parallel()
	w := newWorld(t, rotateQR)
	c := newClient(t, w.srv)
	require.NoError(t, c.cli.Connect())
	first := await(c, anyOf[*events.QR]).Codes[0]
	require.ErrorIs(t, w.phone.ScanQR(first), whatsapptest.ErrQRRetired)
	rotation := await(c, anyOf[*events.RotateADVSecret])
	require.ErrorIs(t, w.phone.ScanQR(first), whatsapptest.ErrQRRetired)
	require.Nil(t, w.phone.Companion())

	require.NoError(t, w.phone.ScanQR(strings.Replace(first, rotation.OldSecret, rotation.NewSecret, 1)))
	await(c, anyOf[*events.Connected])
	require.Len(t, eventsOf[*events.RotateADVSecret](c), 1, "it is retired once")
}

// A message in a session of its own leaves the session that there is alone.
func TestAStatelessMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	w.alice.SendText(w.phone, "nobody knows me yet", whatsapptest.Stateless())
	c.awaitText("nobody knows me yet")
	w.alice.SendText(w.phone, "with a session")
	c.awaitText("with a session")
	w.alice.SendText(w.phone, "beside it", whatsapptest.Stateless())
	c.awaitText("beside it")
	c.sendText(w.alice.JID(), "an answer")
	_, err := w.alice.WaitText(patience, "an answer")
	require.NoError(t, err)
	w.alice.SendText(w.phone, "still with it")
	c.awaitText("still with it")
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	require.Zero(t, w.alice.RetriesServed())
}

// The number of somebody in a group by hidden id goes along whatever is said
// about the group's addresses.
func TestAGroupThatDoesNotSayHowItIsAddressed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	group := w.srv.NewGroup("Team", true, w.alice, w.phone)
	id := w.alice.SendText(group, "who am I?", whatsapptest.WithoutAttr("addressing_mode"))
	m := await(c, func(m *events.Message) bool { return m.Info.ID == id && textOf(m) != "" })
	require.Equal(t, w.alice.LID(), m.Info.Sender)
	require.Equal(t, w.alice.JID(), m.Info.SenderAlt)
}

// A client that gets each frame in one message does not care how they are cut
// where nothing is cut inside.
func TestPacketsAreAskedForEveryFrame(t *testing.T) {
	t.Parallel()
	asked := make(chan int, 1000)
	w := newWorld(t, func(o *whatsapptest.Options) {
		o.Packets = func(frame []byte) [][]byte {
			asked <- len(frame)
			return [][]byte{frame}
		}
	})
	c := w.pair(safely)
	w.alice.SendText(w.phone, "hello")
	c.awaitText("hello")
	require.NotEmpty(t, asked)
}
