package content

import (
	"cmp"
	"net/url"
	"strings"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// mostNested is how deep templates are looked for in each other's texts.
const mostNested = 3

// template decodes a text that a business had approved. It comes in four forms, of which
// some stand beside each other and say the same: what the richest lacks is taken from
// the others.
func template(x *waE2E.TemplateMessage) (Content, *waE2E.ContextInfo) {
	context := x.GetContextInfo()
	if context == nil {
		context = x.GetInteractiveMessageTemplate().GetContextInfo()
	}
	if x.GetHydratedTemplate().GetMaskLinkedDevices() || x.GetHydratedFourRowTemplate().GetMaskLinkedDevices() {
		return Told{Kind: OneTimeCode}, context // which other devices than the phone are not to show
	}
	return templateMenu(x, mostNested).orUnsupported("templateMessage"), context
}

// structured decodes the oldest form of a template.
func structured(x *waE2E.HighlyStructuredMessage) (Content, *waE2E.ContextInfo) {
	m := structuredMenu(x, mostNested)
	return m.orUnsupported("highlyStructuredMessage"), x.GetHydratedHsm().GetContextInfo()
}

func templateMenu(x *waE2E.TemplateMessage, levels int) Menu {
	if x == nil || levels == 0 {
		return Menu{}
	}
	m := interactiveMenu(x.GetInteractiveMessageTemplate())
	m.complete(hydrated(x.GetHydratedFourRowTemplate()))
	m.complete(hydrated(x.GetHydratedTemplate()))
	m.complete(fourRows(x.GetFourRowTemplate(), levels))
	return m
}

// complete adds what another form of the same text has.
func (m *Menu) complete(other Menu) {
	if m.isEmpty() {
		*m = other
		return
	}
	if m.Header == "" && other.Header != m.Body {
		m.Header = other.Header
	}
	m.Body, m.Footer = cmp.Or(m.Body, other.Body), cmp.Or(m.Footer, other.Footer)
	if m.Above == nil {
		m.Above = other.Above
	}
	if len(m.Sections) == 0 && len(m.Cards) == 0 {
		m.Sections = other.Sections
	}
}

func hydrated(x *waE2E.TemplateMessage_HydratedFourRowTemplate) Menu {
	m := Menu{Header: clean(x.GetHydratedTitleText()), Body: clean(x.GetHydratedContentText()), Footer: clean(x.GetHydratedFooterText())}
	switch title := x.GetTitle().(type) {
	case *waE2E.TemplateMessage_HydratedFourRowTemplate_ImageMessage:
		m.above(title.ImageMessage)
	case *waE2E.TemplateMessage_HydratedFourRowTemplate_VideoMessage:
		m.above(title.VideoMessage)
	case *waE2E.TemplateMessage_HydratedFourRowTemplate_DocumentMessage:
		m.above(title.DocumentMessage)
	case *waE2E.TemplateMessage_HydratedFourRowTemplate_LocationMessage:
		m.above(title.LocationMessage)
	}
	f := flows{menu: &m, left: mostOptions}
	for _, button := range x.GetHydratedButtons() {
		switch button := button.GetHydratedButton().(type) {
		case *waE2E.HydratedTemplateButton_UrlButton:
			f.add(Row{Title: label(button.UrlButton.GetDisplayText()), Value: label(codeOf(button.UrlButton.GetURL()))})
		case *waE2E.HydratedTemplateButton_CallButton:
			f.add(Row{Title: label(button.CallButton.GetDisplayText()), Value: label(button.CallButton.GetPhoneNumber())})
		case *waE2E.HydratedTemplateButton_QuickReplyButton:
			f.add(Row{Title: label(cmp.Or(button.QuickReplyButton.GetDisplayText(), button.QuickReplyButton.GetID()))})
		}
	}
	f.end()
	return m
}

// codeOf is the one-time code in the address of a button that copies it, which no page
// is at; any other address stays as it is.
func codeOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.") != "whatsapp.com" || !strings.HasPrefix(u.Path, "/otp/") {
		return address
	}
	return cmp.Or(strings.TrimPrefix(u.Query().Get("code"), "otp"), address)
}

// fourRows is a template whose text the phone makes of a language pack. Where it has
// not come along, there are only the words that were put into it.
func fourRows(x *waE2E.TemplateMessage_FourRowTemplate, levels int) Menu {
	m := structuredMenu(x.GetContent(), levels)
	switch title := x.GetTitle().(type) {
	case *waE2E.TemplateMessage_FourRowTemplate_HighlyStructuredMessage:
		m.Header = cmp.Or(m.Header, structuredText(title.HighlyStructuredMessage, levels))
	case *waE2E.TemplateMessage_FourRowTemplate_ImageMessage:
		m.above(title.ImageMessage)
	case *waE2E.TemplateMessage_FourRowTemplate_VideoMessage:
		m.above(title.VideoMessage)
	case *waE2E.TemplateMessage_FourRowTemplate_DocumentMessage:
		m.above(title.DocumentMessage)
	case *waE2E.TemplateMessage_FourRowTemplate_LocationMessage:
		m.above(title.LocationMessage)
	}
	m.Footer = cmp.Or(m.Footer, structuredText(x.GetFooter(), levels))
	f := flows{menu: &m, left: mostOptions}
	for _, button := range x.GetButtons() {
		switch button := button.GetButton().(type) {
		case *waE2E.TemplateButton_UrlButton:
			f.add(Row{Title: label(structuredText(button.UrlButton.GetDisplayText(), levels)), Value: label(codeOf(structuredText(button.UrlButton.GetURL(), levels)))})
		case *waE2E.TemplateButton_CallButton_:
			f.add(Row{Title: label(structuredText(button.CallButton.GetDisplayText(), levels)), Value: label(structuredText(button.CallButton.GetPhoneNumber(), levels))})
		case *waE2E.TemplateButton_QuickReplyButton_:
			f.add(Row{Title: cmp.Or(label(structuredText(button.QuickReplyButton.GetDisplayText(), levels)), label(button.QuickReplyButton.GetID()))})
		}
	}
	f.end()
	return m
}

// structuredMenu is such a text with what may be around it.
func structuredMenu(x *waE2E.HighlyStructuredMessage, levels int) Menu {
	if x == nil || levels == 0 {
		return Menu{}
	}
	if m := templateMenu(x.GetHydratedHsm(), levels-1); !m.isEmpty() {
		return m
	}
	words := structuredWords(x)
	return Menu{Body: words, More: words != ""}
}

// structuredText is such a text in a place for words alone.
func structuredText(x *waE2E.HighlyStructuredMessage, levels int) string {
	m := structuredMenu(x, levels)
	return cmp.Or(m.Body, m.Header)
}

// structuredWords are what was put into a text that is not there.
func structuredWords(x *waE2E.HighlyStructuredMessage) string {
	const most = 32
	var words []string
	for _, word := range x.GetLocalizableParams()[:min(most, len(x.GetLocalizableParams()))] {
		words = append(words, label(word.GetDefault()))
	}
	if joined(words, "") == "" {
		words = nil
		for _, word := range x.GetParams()[:min(most, len(x.GetParams()))] {
			words = append(words, label(word))
		}
	}
	return joined(words, " · ")
}
