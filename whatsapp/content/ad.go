package content

import (
	"bytes"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// Ad is what a person came from who pressed the button of an ad. All of it may be
// missing: some apps say only that there was one.
type Ad struct {
	Title, Body string
	// Greeting is what the ad said in the business's name.
	Greeting string
	URL      string // of the ad
	SourceID string
	ClickID  string // by which the ad's network knows the click
	// Picture is a small JPEG or PNG, or nil.
	Picture []byte
}

// The words by which WhatsApp says that somebody came from an ad.
const (
	fromAd     = "ctwa_ad"
	convertsAd = "FB_Ads"
)

// biggestPicture bounds the picture of an ad; those within messages are thumbnails.
const biggestPicture = 1 << 20

// adOf reads the ad in a context; nil if there is none. Libraries dress their links up
// as ads: those name neither a source nor a click.
func adOf(c *waE2E.ContextInfo) *Ad {
	card, quoted := c.GetExternalAdReply(), c.GetQuotedAd()
	marked := card.GetSourceType() == "ad" || card.GetSourceType() == "post" || card.GetSourceID() != "" || card.GetCtwaClid() != "" ||
		c.GetEntryPointConversionSource() == fromAd || c.GetConversionSource() == convertsAd || len(c.GetCtwaPayload()) > 0 || c.GetCtwaSignals() != ""
	switch {
	case marked:
		return &Ad{
			Title: clean(card.GetTitle()), Body: clean(card.GetBody()), Greeting: clean(card.GetGreetingMessageBody()), URL: clean(card.GetSourceURL()),
			SourceID: clean(card.GetSourceID()), ClickID: clean(card.GetCtwaClid()), Picture: adPicture(card.GetThumbnail()),
		}
	case quoted != nil:
		return &Ad{Title: clean(quoted.GetAdvertiserName()), Body: clean(quoted.GetCaption()), Picture: adPicture(quoted.GetJPEGThumbnail())}
	default:
		return nil
	}
}

func adPicture(raw []byte) []byte {
	known := bytes.HasPrefix(raw, []byte("\xff\xd8\xff")) || bytes.HasPrefix(raw, []byte("\x89PNG"))
	if !known || len(raw) > biggestPicture {
		return nil
	}
	return raw
}
