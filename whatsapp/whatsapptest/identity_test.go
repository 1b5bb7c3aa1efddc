package whatsapptest_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func TestNumbersMoveAndPeopleStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	server := httptest.NewServer(w.srv.ControlHandler())
	t.Cleanup(server.Close)
	control, ctx := whatsapptest.Control{BaseURL: server.URL, Client: server.Client()}, context.Background()
	old, lid := w.alice.Number(), w.alice.LID()
	moved, err := control.ChangeNumber(ctx, old, "5511666660009")
	require.NoError(t, err)
	require.Equal(t, [2]string{"5511666660009", lid.String()}, [2]string{moved.Number, moved.LID})
	_, err = control.ChangeNumber(ctx, "5511666660009", w.phone.Number())
	require.ErrorContains(t, err, "409")
	answers, err := c.cli.IsOnWhatsApp(ctx, []string{"+" + old})
	require.NoError(t, err)
	require.False(t, answers[0].IsIn, "it leads nowhere")

	stranger := w.srv.NewPeer(old, "Stranger")
	require.NotEqual(t, lid, stranger.LID())
	w.alice.SendText(w.phone, "hi")
	info := c.awaitText("hi").Info
	require.Equal(t, [2]string{w.alice.JID().String(), lid.String()}, [2]string{info.Sender.ToNonAD().String(), info.SenderAlt.ToNonAD().String()})
	stranger.SendText(w.phone, "who is this?")
	info = c.awaitText("who is this?").Info
	require.Equal(t, [2]string{stranger.JID().String(), stranger.LID().String()}, [2]string{info.Sender.ToNonAD().String(), info.SenderAlt.ToNonAD().String()})

	hide := true
	require.NoError(t, control.Settings(ctx, old, whatsapptest.SettingsRequest{HideNumber: &hide}))
	stranger.SendText(w.phone, "no number")
	info = c.awaitText("no number").Info
	require.Equal(t, stranger.LID(), info.Sender.ToNonAD())
	require.True(t, info.SenderAlt.IsEmpty())
}
