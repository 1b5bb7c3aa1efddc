package whatsapptest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func (c *client) trySend(to types.JID, text string, extra ...whatsmeow.SendRequestExtra) (whatsmeow.SendResponse, error) {
	return c.cli.SendMessage(context.Background(), to, &waE2E.Message{Conversation: proto.String(text)}, extra...)
}

func TestPairAndLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair()
	require.Equal(t, w.phone.Companion().JID(), c.cli.Store.GetJID())
	require.Equal(t, w.phone.Companion().LID(), c.cli.Store.GetLID())
	require.Equal(t, "Shop", c.cli.Store.PushName)
	require.NoError(t, c.cli.SendPresence(context.Background(), types.PresenceAvailable))
	require.NoError(t, w.phone.Companion().WaitAvailable(patience, true))

	c.cli.Disconnect()
	w.reconnect(c)
	require.Equal(t, 2, w.phone.Companion().Logins())
}

func TestReceiveText(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		opts   []whatsapptest.SendOption
		sender func(*whatsapptest.Peer) types.JID
		alt    func(*whatsapptest.Peer) types.JID
	}{
		"by number":     {nil, (*whatsapptest.Peer).JID, (*whatsapptest.Peer).LID},
		"by hidden id":  {[]whatsapptest.SendOption{whatsapptest.WithLID()}, (*whatsapptest.Peer).LID, (*whatsapptest.Peer).JID},
		"hidden number": {[]whatsapptest.SendOption{whatsapptest.WithLIDOnly()}, (*whatsapptest.Peer).LID, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.pair(safely)
			for i := range 3 {
				text := fmt.Sprintf("hello %d", i)
				id := w.alice.SendText(w.phone, text, tc.opts...)
				message := c.awaitText(text)
				require.Equal(t, id, message.Info.ID)
				require.Equal(t, "Alice", message.Info.PushName)
				require.Equal(t, tc.sender(w.alice), message.Info.Sender)
				if tc.alt != nil {
					require.Equal(t, tc.alt(w.alice), message.Info.SenderAlt)
				}
				_, err := w.alice.WaitReceipt(patience, id, types.ReceiptTypeInactive)
				require.NoError(t, err)
			}
			require.NoError(t, w.phone.Companion().WaitSettled(patience))
			require.Zero(t, w.alice.RetriesServed())
		})
	}
}

func TestSendTextAndReceipts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	for i := range 3 {
		text := fmt.Sprintf("good morning %d", i)
		sent := c.sendText(w.alice.JID(), text)
		got, err := w.alice.WaitText(patience, text)
		require.NoError(t, err)
		require.Equal(t, sent.ID, got.ID)
		require.Equal(t, w.phone, got.From)
		require.Equal(t, w.phone.Companion().LID().Device, got.FromDevice)
		await(c, func(r *events.Receipt) bool {
			return r.Type == types.ReceiptTypeDelivered && r.MessageIDs[0] == sent.ID && r.Chat == w.alice.LID()
		})
		w.alice.MarkRead(sent.ID)
		await(c, func(r *events.Receipt) bool { return r.Type == types.ReceiptTypeRead && r.MessageIDs[0] == sent.ID })
		copied, err := w.phone.WaitText(patience, text)
		require.NoError(t, err)
		require.True(t, copied.FromMe)
	}
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	require.Zero(t, w.alice.Retries())
}

func TestConversationBothWays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	for i := range 20 {
		w.alice.SendText(w.phone, fmt.Sprintf("question %d", i))
		c.awaitText(fmt.Sprintf("question %d", i))
		c.sendText(w.alice.JID(), fmt.Sprintf("answer %d", i))
		_, err := w.alice.WaitText(patience, fmt.Sprintf("answer %d", i))
		require.NoError(t, err)
	}
	require.Empty(t, eventsOf[*events.UndecryptableMessage](c))
}

func TestReconnectAndOffline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	w.alice.SendText(w.phone, "before")
	c.awaitText("before")
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	c.cli.Disconnect()
	var want []string
	for i := range 30 {
		text := fmt.Sprintf("while away %d", i)
		w.alice.SendText(w.phone, text)
		want = append(want, text)
	}
	require.Equal(t, 30, w.phone.Companion().PendingMessages())
	w.reconnect(c)
	c.awaitText("while away 29")
	require.Equal(t, append([]string{"before"}, want...), c.texts())
	preview := await(c, func(e *events.OfflineSyncPreview) bool { return e.Messages == 30 })
	require.Equal(t, 30, preview.Total)
	await(c, func(e *events.OfflineSyncCompleted) bool { return e.Count == 30 })
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
}

func TestHandlerFailsMessageComesAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	refused := make(chan struct{}, 1)
	c.setHandle(func(evt any) bool {
		if message, ok := evt.(*events.Message); ok && textOf(message) == "difficult" {
			refused <- struct{}{}
			return false
		}
		return true
	})
	w.alice.SendText(w.phone, "difficult")
	<-refused
	w.alice.SendText(w.phone, "easy")
	c.awaitText("easy")
	require.NoError(t, w.phone.Companion().WaitPending(patience, 1))
	c.setHandle(nil)
	c.cli.Disconnect()
	w.reconnect(c)
	c.awaitText("difficult")
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
	require.Equal(t, []string{"easy", "difficult"}, c.texts())
}
