package content

import (
	"cmp"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// mostShownCards is how many cards of a carousel are taken over: WhatsApp allows 10.
const mostShownCards = 20

// Menu is a text with things to choose from below it, as businesses send.
type Menu struct {
	Header, Body, Footer string
	Sections             []Section
	// More says that there are more rows than are taken over.
	More bool
}

// Section is a part of a menu, which may have no title.
type Section struct {
	Title string
	Rows  []Row
}

// Row is one thing to choose.
type Row struct{ Title, Description string }

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
		part := Section{Title: clean(section.GetTitle())}
		for _, row := range section.GetRows()[:min(left, len(section.GetRows()))] {
			part.Rows = append(part.Rows, Row{Title: clean(row.GetTitle()), Description: clean(row.GetDescription())})
			left--
		}
		if len(part.Rows) > 0 {
			m.Sections = append(m.Sections, part)
		}
	}
	if button := clean(x.GetButtonText()); len(m.Sections) == 0 && button != "" {
		m.Sections = []Section{{Rows: []Row{{Title: button}}}}
	}
	return m, x.GetContextInfo()
}

// buttons decodes a text with buttons below it. One with a file or place above it is not
// decoded yet.
func buttons(x *waE2E.ButtonsMessage) (Content, *waE2E.ContextInfo) {
	if _, text := x.GetHeader().(*waE2E.ButtonsMessage_Text); x.GetHeader() != nil && !text {
		return nil, nil
	}
	m := Menu{
		Header: clean(x.GetText()), Body: clean(x.GetContentText()), Footer: clean(x.GetFooterText()), More: len(x.GetButtons()) > mostOptions,
	}
	var rows []Row
	for _, button := range x.GetButtons()[:min(mostOptions, len(x.GetButtons()))] {
		if title := clean(button.GetButtonText().GetDisplayText()); title != "" {
			rows = append(rows, Row{Title: title})
		}
	}
	if len(rows) > 0 {
		m.Sections = []Section{{Rows: rows}}
	}
	return m, x.GetContextInfo()
}

// The answers. Programs leave out the text at times, and only the choice's own id is
// there.

func listChoice(x *waE2E.ListResponseMessage) (Content, *waE2E.ContextInfo) {
	return choice(x.GetTitle(), x.GetDescription(), x.GetSingleSelectReply().GetSelectedRowID()), x.GetContextInfo()
}

func buttonChoice(x *waE2E.ButtonsResponseMessage) (Content, *waE2E.ContextInfo) {
	return choice(x.GetSelectedDisplayText(), "", x.GetSelectedButtonID()), x.GetContextInfo()
}

func templateChoice(x *waE2E.TemplateButtonReplyMessage) (Content, *waE2E.ContextInfo) {
	return choice(x.GetSelectedDisplayText(), "", x.GetSelectedID()), x.GetContextInfo()
}

func choice(title, description, id string) Content {
	return Choice{Title: clean(cmp.Or(title, id)), Description: clean(description)}
}
