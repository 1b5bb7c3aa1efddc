package whatsapp_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func TestAProfilePictureIsFetchedFromWhatsAppAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pair()
	ctx, jid := t.Context(), w.alice.JID().String()
	_, err := w.session.Picture(ctx, jid, "")
	require.ErrorIs(t, err, whatsapp.ErrNoPicture)
	jpeg := append([]byte("\xff\xd8\xff\xe0"), bytes.Repeat([]byte{7}, 1000)...)
	w.alice.SetPicture(jpeg)
	picture, err := w.session.Picture(ctx, jid, "")
	require.NoError(t, err)
	require.Equal(t, jpeg, picture.Content)
	_, err = w.session.Picture(ctx, jid, picture.ID)
	require.ErrorIs(t, err, whatsapp.ErrSamePicture)
	w.alice.HidePicture(true)
	_, err = w.session.Picture(ctx, jid, picture.ID)
	require.ErrorIs(t, err, whatsapp.ErrPictureHidden)
	w.alice.HidePicture(false)
	_, err = w.session.Picture(ctx, "no address", "")
	require.Error(t, err)

	for address, refused := range map[string]string{
		"https://evil.example/p.jpg":                "not WhatsApp's",
		"http://pps.whatsapp.net/p.jpg":             "not WhatsApp's",
		"https://pps.whatsapp.net.evil.example/pp/": "not WhatsApp's",
		"https://whatsapp.net@evil.example/pp/":     "not WhatsApp's",
		"https://127.0.0.1/pp/":                     "not WhatsApp's",
		"%":                                         "cannot be read",
	} {
		remove := w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
			if !e.Is(whatsapptest.StanzaIn, "iq") || e.Attr("xmlns") != "w:profile:picture" {
				return whatsapptest.Action{}
			}
			return whatsapptest.Action{Reply: []waBinary.Node{{
				Tag: "iq", Attrs: waBinary.Attrs{"type": "result", "id": e.Attr("id"), "from": types.ServerJID},
				Content: []waBinary.Node{{Tag: "picture", Attrs: waBinary.Attrs{"id": "9", "type": "image", "url": address, "direct_path": "/x"}}},
			}}}
		})
		_, err = w.session.Picture(ctx, jid, "")
		require.ErrorContains(t, err, refused, address)
		require.NotContains(t, err.Error(), "evil", "no address of a stranger is logged")
		remove()
	}
	remove := w.srv.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		if e.Is(whatsapptest.StanzaIn, "iq") && e.Attr("xmlns") == "w:profile:picture" {
			return whatsapptest.Action{Error: 429}
		}
		return whatsapptest.Action{}
	})
	_, err = w.session.Picture(ctx, jid, "")
	require.ErrorIs(t, err, whatsapp.ErrTooOften)
	remove()
}
