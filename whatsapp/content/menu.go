package content

import (
	"cmp"
	"strings"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// mostShownCards is how many cards of a carousel are taken over: WhatsApp allows 10.
const mostShownCards = 20

// Menu is a text with things to choose from below it, as businesses send.
type Menu struct {
	Header, Body, Footer string
	// Above is what stands over the text: a file, a place, a product; nil for nothing.
	Above Content `json:",omitempty"`
	// Sound is to be heard below the text; nil for nothing.
	Sound    *Media `json:",omitempty"`
	Sections []Section
	// Cards are what can be leafed through, each with a file and buttons of its own.
	Cards []Menu `json:",omitempty"`
	// Charge is what is to be paid; nil for nothing.
	Charge *Charge `json:",omitempty"`
	// More says that there is more than is taken over.
	More bool
}

// Section is a part of a menu, which may have no title.
type Section struct {
	Title string
	Rows  []Row
}

// Row is one thing to choose.
type Row struct {
	Title, Description string
	// Value is the address that a button opens, the number that it calls, or the code that it
	// copies.
	Value string `json:",omitempty"`
	// Flow is the protocol's name of what a button without a title does.
	Flow string `json:",omitempty"`
	// Count is how many things the row stands for, which the message does not name.
	Count int `json:",omitempty"`
}

// isEmpty reports whether there is nothing to show.
func (m Menu) isEmpty() bool {
	for _, text := range []string{m.Header, m.Body, m.Footer} {
		if strings.TrimSpace(text) != "" {
			return false
		}
	}
	return m.Above == nil && m.Sound == nil && len(m.Sections) == 0 && len(m.Cards) == 0 && m.Charge == nil
}

// isNameless reports whether there are buttons and no word of what they are for.
func (m Menu) isNameless() bool {
	rows := m.Sections
	m.Sections = nil
	if !m.isEmpty() {
		return false
	}
	for _, section := range rows {
		for _, row := range section.Rows {
			if row.Title != "" || row.Value != "" {
				return false
			}
		}
	}
	return true
}

// orUnsupported is the menu, or says what it is that there is nothing to show of.
func (m Menu) orUnsupported(name string) Content {
	if m.isEmpty() {
		return Unsupported{Name: name}
	}
	m.More = m.More || m.isNameless()
	return m
}

// parts are the files: of the menu itself, of each card, and the sound.
func (m Menu) parts() []*Media {
	all := []*Media{aboveFile(m.Above)}
	for _, card := range m.Cards {
		all = append(all, aboveFile(card.Above))
	}
	return append(all, m.Sound)
}

func aboveFile(c Content) *Media {
	if c == nil {
		return nil
	}
	return Message{Content: c}.Media(0)
}

// File is the file of a part; nil if there is none.
func (m Menu) File(part int) *Media {
	if file := m.parts()[part]; file != nil && file.File != nil {
		return file
	}
	return nil
}

// HasFiles reports whether any card has a file of its own.
func (m Menu) HasFiles() bool {
	for i := range m.Cards {
		if m.File(i+1) != nil {
			return true
		}
	}
	return false
}

// SoundPart is the part that the sound is.
func (m Menu) SoundPart() int { return len(m.Cards) + 1 }

// Choice is what somebody has chosen from a menu or among buttons, which the message
// answers.
type Choice struct{ Title, Description string }

func (Menu) isContent()   {}
func (Choice) isContent() {}

// list decodes a menu whose rows a button opens. A list of products names none of them:
// they are in the catalogue.
func list(x *waE2E.ListMessage) (Content, *waE2E.ContextInfo) {
	m := Menu{Header: clean(x.GetTitle()), Body: clean(x.GetDescription()), Footer: clean(x.GetFooterText())}
	left := mostOptions
	for _, section := range x.GetSections() {
		m.More = m.More || len(section.GetRows()) > left
		part := Section{Title: label(section.GetTitle())}
		for _, row := range section.GetRows()[:min(left, len(section.GetRows()))] {
			part.Rows = append(part.Rows, Row{Title: label(row.GetTitle()), Description: label(row.GetDescription())})
			left--
		}
		if len(part.Rows) > 0 {
			m.Sections = append(m.Sections, part)
		}
	}
	products := x.GetProductListInfo()
	for _, section := range products.GetProductSections() {
		if left--; left < 0 {
			m.More = true
			break
		}
		if n := len(section.GetProducts()); n > 0 {
			m.Sections = append(m.Sections, Section{Title: label(section.GetTitle()), Rows: []Row{{Count: n}}})
		}
	}
	if still := products.GetHeaderImage().GetJPEGThumbnail(); len(still) > 0 {
		m.Above = stillPicture(still)
	}
	if button := label(x.GetButtonText()); len(m.Sections) == 0 && button != "" {
		m.Sections = []Section{{Rows: []Row{{Title: button}}}}
	}
	return m, x.GetContextInfo()
}

// buttons decodes a text with buttons below it, and perhaps a file or a place above.
func buttons(x *waE2E.ButtonsMessage) (Content, *waE2E.ContextInfo) {
	m := Menu{Header: clean(x.GetText()), Body: clean(x.GetContentText()), Footer: clean(x.GetFooterText())}
	switch header := x.GetHeader().(type) {
	case *waE2E.ButtonsMessage_ImageMessage:
		m.above(header.ImageMessage)
	case *waE2E.ButtonsMessage_VideoMessage:
		m.above(header.VideoMessage)
	case *waE2E.ButtonsMessage_DocumentMessage:
		m.above(header.DocumentMessage)
	case *waE2E.ButtonsMessage_LocationMessage:
		m.above(header.LocationMessage)
	}
	f := flows{menu: &m, left: mostOptions}
	for _, button := range x.GetButtons() {
		title := label(button.GetButtonText().GetDisplayText())
		if flow := button.GetNativeFlowInfo(); flow != nil {
			f.button(flow.GetName(), flow.GetParamsJSON(), title)
		} else {
			f.add(Row{Title: title})
		}
	}
	f.end()
	return m, x.GetContextInfo()
}

// The answers. Programs leave out the text at times, and only the choice's own id is
// there.

func listChoice(x *waE2E.ListResponseMessage) (Content, *waE2E.ContextInfo) {
	return chosen("listResponseMessage", x.GetTitle(), x.GetDescription(), x.GetSingleSelectReply().GetSelectedRowID()), x.GetContextInfo()
}

func buttonChoice(x *waE2E.ButtonsResponseMessage) (Content, *waE2E.ContextInfo) {
	return chosen("buttonsResponseMessage", x.GetSelectedDisplayText(), "", x.GetSelectedButtonID()), x.GetContextInfo()
}

func templateChoice(x *waE2E.TemplateButtonReplyMessage) (Content, *waE2E.ContextInfo) {
	return chosen("templateButtonReplyMessage", x.GetSelectedDisplayText(), "", x.GetSelectedID()), x.GetContextInfo()
}

// chosen is a choice, unless nothing says of what.
func chosen(field, title, description, id string) Content {
	if strings.TrimSpace(clean(title+description+id)) == "" {
		return Unsupported{Name: field}
	}
	return choice(title, description, id)
}

func choice(title, description, id string) Content {
	return Choice{Title: clean(cmp.Or(title, id)), Description: clean(description)}
}
