package content

import (
	"cmp"
	"strings"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// interactive decodes what businesses build of a header, a text and buttons.
func interactive(x *waE2E.InteractiveMessage) (Content, *waE2E.ContextInfo) {
	return interactiveMenu(x).orUnsupported("interactiveMessage"), x.GetContextInfo()
}

func interactiveMenu(x *waE2E.InteractiveMessage) Menu {
	left := mostOptions
	m := interactiveCard(x, &left)
	cards := x.GetCarouselMessage().GetCards()
	m.More = m.More || len(cards) > mostShownCards
	for _, one := range cards[:min(mostShownCards, len(cards))] {
		card := interactiveCard(one, &left)
		if card.Charge != nil { // there are no orders to leaf through
			card.Charge, card.More = nil, true
		}
		if !card.isEmpty() || card.More {
			m.Cards = append(m.Cards, card)
		}
	}
	return m
}

// interactiveCard is one without the cards that may be in it. left is how many more rows
// are taken over.
func interactiveCard(x *waE2E.InteractiveMessage, left *int) Menu {
	m := Menu{
		Header: clean(joined([]string{x.GetHeader().GetTitle(), x.GetHeader().GetSubtitle()}, " · ")),
		Body:   clean(cmp.Or(x.GetBody().GetText(), x.GetBloksWidget().GetFallback(), x.GetHeader().GetBloksWidget().GetFallback())),
		Footer: clean(x.GetFooter().GetText()),
	}
	switch header := x.GetHeader().GetMedia().(type) {
	case *waE2E.InteractiveMessage_Header_ImageMessage:
		m.above(header.ImageMessage)
	case *waE2E.InteractiveMessage_Header_VideoMessage:
		m.above(header.VideoMessage)
	case *waE2E.InteractiveMessage_Header_DocumentMessage:
		m.above(header.DocumentMessage)
	case *waE2E.InteractiveMessage_Header_LocationMessage:
		m.above(header.LocationMessage)
	case *waE2E.InteractiveMessage_Header_ProductMessage:
		m.above(header.ProductMessage)
	case *waE2E.InteractiveMessage_Header_JPEGThumbnail:
		if len(header.JPEGThumbnail) > 0 {
			m.Above = stillPicture(header.JPEGThumbnail)
		}
	}
	if sound := x.GetFooter().GetAudioMessage(); isStored(sound) {
		if content, _ := audio(sound); content != nil {
			if file, ok := content.(Media); ok {
				m.Sound = &file
			}
		}
	}
	f := flows{menu: &m, left: *left}
	for _, button := range x.GetNativeFlowMessage().GetButtons() {
		f.button(button.GetName(), button.GetButtonParamsJSON())
	}
	f.offer(x.GetNativeFlowMessage().GetMessageParamsJSON())
	switch {
	case x.GetShopStorefrontMessage() != nil:
		f.add(Row{Flow: "shop"})
	case x.GetCollectionMessage() != nil:
		f.add(Row{Flow: "collection"})
	}
	f.end()
	*left = f.left
	return m
}

// offer reads what a business offers for a limited time, and the code for it.
func (f *flows) offer(parameters string) {
	if parameters == "" {
		return
	}
	offer := readJSON(parameters).at("limited_time_offer")
	row := Row{Title: label(offer.at("text").text), Value: label(offer.first("copy_code", "url"))}
	if strings.TrimSpace(row.Title+row.Value) != "" {
		f.add(row)
	}
}
