package inbound_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
)

// The two files of a sticker that sounds come each on its own.
func TestTheSoundOfAStickerMayComeLater(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	m := o.sticker([]byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe"))
	sound := o.audio([]byte("OggS\x00\x02"), "audio/ogg", true).AudioMessage
	m.StickerMessage.Audio = &waE2E.StickerMessage_AudioMessage{AudioMessage: sound}
	id := o.from(alicia, byNumber, &waE2E.Message{AudioStickerMessage: &waE2E.FutureProofMessage{Message: m}})
	require.Len(t, o.posted(id).Files, 1)
	require.Len(t, o.posted(id+"#part1").Files, 1)
	require.Len(t, o.messages(), 2)
}

// A product's picture is beside what is said of it.
func TestAProductHasItsPicture(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	title := "Torta"
	picture := o.image([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), "").ImageMessage
	m, f, _ := o.filed(o.from(alicia, byNumber, &waE2E.Message{ProductMessage: &waE2E.ProductMessage{
		Product: &waE2E.ProductMessage_ProductSnapshot{Title: &title, ProductImage: picture},
	}}))
	require.Equal(t, "🏷 **Torta**", m.Text)
	require.Equal(t, "image/jpeg", f.Declared)
}
