package content

import "go.mau.fi/whatsmeow/proto/waE2E"

// SoundSticker is a sticker that sounds.
type SoundSticker struct{ Sticker, Sound Media }

func (SoundSticker) isContent() {}

func (s SoundSticker) parts() []*Media { return []*Media{&s.Sticker, &s.Sound} }

// maybeSounding decodes a sticker, and the sound that is in it.
func maybeSounding(x *waE2E.StickerMessage) (Content, *waE2E.ContextInfo) {
	still, context := sticker(x)
	return withSound(still, x.GetAudioMessage()), context
}

// soundSticker decodes the wrapper of a sticker that sounds. The sound may be in the
// sticker, or beside it.
func soundSticker(x *waE2E.FutureProofMessage) (Content, *waE2E.ContextInfo) {
	inner := x.GetMessage()
	if moving := inner.GetLottieStickerMessage().GetMessage(); moving != nil {
		inner = moving
	}
	switch {
	case inner.GetStickerMessage() != nil:
		content, context := maybeSounding(inner.GetStickerMessage())
		return withSound(content, inner.GetAudioMessage()), context
	case inner.GetAudioMessage() != nil:
		return audio(inner.GetAudioMessage())
	}
	return Unsupported{Name: "audioStickerMessage"}, nil
}

func withSound(still Content, x *waE2E.AudioMessage) Content {
	picture, ok := still.(Media)
	if !ok || x.GetDirectPath() == "" && x.GetURL() == "" {
		return still
	}
	sound, _ := audio(x)
	if once, ok := sound.(ViewOnce); ok {
		sound = once.Media
	}
	return SoundSticker{Sticker: picture, Sound: sound.(Media)}
}
