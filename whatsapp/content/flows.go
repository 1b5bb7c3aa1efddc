package content

import (
	"cmp"
	"strings"
)

// flows puts the buttons of a menu together: what there is to choose, to open, to call,
// to copy and to pay. Each says what it does in JSON of its own.
type flows struct {
	menu *Menu
	rows []Row // of no section
	left int   // how many more rows are taken over
}

// add takes a button over.
func (f *flows) add(row Row) {
	if f.left == 0 {
		f.menu.More = true
		return
	}
	f.left--
	if row != (Row{}) {
		f.rows = append(f.rows, row)
	}
}

// end puts the buttons below the sections.
func (f *flows) end() {
	if len(f.rows) > 0 {
		f.menu.Sections = append(f.menu.Sections, Section{Rows: f.rows})
	}
}

// button reads one button, which may have a title beside its JSON.
func (f *flows) button(name, parameters, beside string) {
	if f.left == 0 {
		f.menu.More = true
		return
	}
	v, whole := readJSON(parameters)
	f.menu.More = f.menu.More || !whole
	title := cmp.Or(v.first("display_text", "title", "flow_cta", "button_text"), beside)
	switch {
	case name == "single_select" || len(v.at("sections").list) > 0 && name != "mpm": // whose sections name no products
		f.sections(title, v.at("sections").list)
	case v.at("payment_settings").list != nil || v.at("order").fields != nil || strings.Contains(name, "pay") || name == "review_order":
		f.charge(name, v, title)
	default:
		value := cmp.Or(v.first("url", "phone_number", "copy_code", "code"), v.at("link", "url").text)
		row := Row{Title: label(title), Value: label(value), Flow: flowOf(title, name)}
		if row.Flow != "" && value == "" && needsValue[name] {
			row = Row{} // it does nothing
		}
		f.add(row)
	}
}

// needsValue are the buttons that do something with a value.
var needsValue = map[string]bool{"cta_url": true, "cta_call": true, "cta_copy": true, "open_webview": true}

// flowOf is what a button does, where it has no title.
func flowOf(title, name string) string {
	if strings.TrimSpace(title) != "" {
		return ""
	}
	return label(name)
}

func (f *flows) charge(name string, v loose, title string) {
	c := charge(name, v)
	switch {
	case !c.saysNothing() && f.menu.Charge == nil:
		f.menu.Charge = c
	default:
		f.add(Row{Title: label(title), Value: label(v.first("transaction_id")), Flow: flowOf(title, name)})
	}
}

// sections reads a list that a button opens, whose title stands over a list without
// sections of its own.
func (f *flows) sections(title string, all []loose) {
	if len(all) == 0 {
		f.add(Row{Title: label(title)})
		return
	}
	for _, one := range all {
		section := Section{Title: label(joined([]string{title, one.at("title").text}, " · "))}
		if mark := one.at("highlight_label").text; mark != "" {
			section.Title = label(joined([]string{section.Title, "(" + mark + ")"}, " "))
		}
		title = "" // once is enough
		for _, row := range one.at("rows").list {
			if f.left == 0 {
				f.menu.More = true
				break
			}
			f.left--
			section.Rows = append(section.Rows, Row{
				Title: label(joined([]string{row.at("header").text, row.at("title").text}, " · ")), Description: label(row.at("description").text),
			})
		}
		if len(section.Rows) > 0 {
			f.menu.Sections = append(f.menu.Sections, section)
		}
	}
}
