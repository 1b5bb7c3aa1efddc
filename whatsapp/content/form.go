package content

import (
	"regexp"
	"strings"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// Form is what somebody has filled in.
type Form struct {
	Title  string // of the form, perhaps empty
	Text   string // what the app shows instead of the fields, perhaps empty
	Fields []FormField
	// More says that there are more fields than are taken over.
	More bool
}

// FormField is one answer.
type FormField struct {
	Name  string
	Value string    // empty for a date or a tick
	Date  time.Time // zero for no date
	Tick  *bool     // nil for what is neither ticked nor left
}

func (Form) isContent() {}

// mostFields is how many answers are taken over.
const mostFields = 100

// notAnswers are fields of a form's own, which nobody has filled in.
var notAnswers = map[string]bool{"flow_token": true, "wa_flow_response_params": true, "saved_address_id": true, "flow_id": true, "flow_name": true}

// interactiveAnswer decodes what somebody has chosen or filled in. What it is the JSON
// beside it tells.
func interactiveAnswer(x *waE2E.InteractiveResponseMessage) (Content, *waE2E.ContextInfo) {
	const name = "interactiveResponseMessage"
	answer, shown := x.GetNativeFlowResponseMessage(), clean(x.GetBody().GetText())
	v, whole := readJSON(answer.GetParamsJSON())
	switch {
	case isForm(answer.GetName(), v):
		f := Form{Title: label(v.at("wa_flow_response_params").first("title", "flow_name")), Text: shown, More: !whole}
		f.add("", v)
		if len(f.Fields) == 0 && whole && strings.TrimSpace(f.Title+f.Text) == "" {
			return Unsupported{Name: name}, x.GetContextInfo()
		}
		return f, x.GetContextInfo()
	case strings.Contains(answer.GetName(), "pay"):
		if c := charge(answer.GetName(), v); !c.saysNothing() || c.Method != "" {
			return Menu{Body: shown, Charge: c}, x.GetContextInfo()
		}
	}
	if title := v.first("title", "display_text"); title != "" {
		return choice(title, v.first("description"), ""), x.GetContextInfo()
	}
	if title, rest, _ := strings.Cut(strings.TrimSpace(shown), "\n"); title != "" {
		return choice(title, rest, ""), x.GetContextInfo()
	}
	if kind, ok := callAnswers[strings.ToLower(v.at("response").text)]; ok && answer.GetName() == "call_permission_reply" {
		return Told{Kind: kind}, x.GetContextInfo()
	}
	if id := v.first("id", "selected_id"); id != "" {
		return choice(id, "", ""), x.GetContextInfo()
	}
	f := Form{}
	if f.add("", v); len(f.Fields) > 0 {
		return f, x.GetContextInfo()
	}
	return Unsupported{Name: name}, x.GetContextInfo()
}

// callAnswers are the answers to a business that asks whether it may call.
var callAnswers = map[string]ToldKind{"accept": CallsAllowed, "reject": CallsRefused}

func isForm(name string, v loose) bool {
	switch name {
	case "galaxy_message", "flow", "nfm_reply", "address_message":
		return true
	}
	return v.at("flow_token").text != "" || v.at("wa_flow_response_params").fields != nil
}

// add takes over what is in a value, under its path.
func (f *Form) add(path string, v loose) {
	switch {
	case v.at("file_name").text != "": // of a file, which stays with the form's owner
		f.field(path, v.at("file_name").text)
	case v.fields != nil:
		for _, field := range v.fields {
			if !notAnswers[field.name] {
				f.add(within(path, field.name), field.value)
			}
		}
	case v.list != nil:
		var several []string
		for _, one := range v.list {
			if one.fields != nil || one.list != nil {
				f.add(path, one)
			} else {
				several = append(several, optionOf(path, one.text))
			}
		}
		f.field(path, joined(several, ", "))
	default:
		f.field(path, v.text)
	}
}

// within is a field of a field. What apps put around all of them is no name.
func within(path, name string) string {
	if path == "" || path == "values" || path == "response" {
		return name
	}
	return path + " · " + name
}

func (f *Form) field(name, value string) {
	if strings.TrimSpace(value) == "" {
		return
	}
	if len(f.Fields) == mostFields {
		f.More = true
		return
	}
	field := FormField{Name: label(name)}
	at, isTime := stampOf(value)
	switch {
	case value == "true" || value == "false":
		ticked := value == "true"
		field.Tick = &ticked
	case isTime && isDateName.MatchString(name):
		field.Date = at
	default:
		field.Value = label(optionOf(name, value))
	}
	f.Fields = append(f.Fields, field)
}

// isDateName tells a field for a date from one for a number.
var isDateName = regexp.MustCompile(`(?i)date|data|fecha|nasc|birth|_day|_dia`)

// isNamedByMachine are fields that the makers of forms did not name, whose options begin
// with their number.
var isNamedByMachine = regexp.MustCompile(`^screen_\d+_(?:Dropdown|RadioButtonsGroup|CheckboxGroup|ChipsSelector)_\d+$`)

var optionNumber = regexp.MustCompile(`^\d+_`)

func optionOf(field, value string) string {
	if !isNamedByMachine.MatchString(field) {
		return value
	}
	return strings.ReplaceAll(optionNumber.ReplaceAllString(value, ""), "_", " ")
}
