package lines

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a minimal image has no time zones of its own
	"unicode/utf8"

	"github.com/wootbridge/wootbridge/bridge/catalogue"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/strictjson"
)

// Settings are the choices an admin may change while the line runs. What each
// means, and may be, is in its row of the table.
type Settings struct {
	SendRate    float64 `json:"send_rate"`
	OrderWaitMS int     `json:"order_wait_ms"`
	MaxAgeHours int     `json:"max_age_hours"`
	// Formatting nil leaves it to Chatwoot's version: what agents write is not
	// converted where their editor is plain, which it is up to 4.8.
	Formatting *bool  `json:"formatting"`
	Language   string `json:"language"`
	Events     string `json:"events"`
	Reactions  string `json:"reactions"`
	Edits      string `json:"edits"`
	Timezone   string `json:"timezone,omitempty"`
	Listen     string `json:"listen"`
	Pictures   string `json:"pictures"`
	Names      string `json:"names"`
	// Texts replace those of the catalogue, by their keys.
	Texts map[string]string `json:"texts,omitempty"`
	// What becomes of what surrounds messages, or is none of the customer's to the desk.
	ViewOnce      string `json:"view_once"`
	Captions      string `json:"captions"`
	OwnMessages   string `json:"own_messages"`
	Deletes       string `json:"deletes"`
	StatusUpdates string `json:"status_updates"`
	Channels      string `json:"channels"`
	Calls         string `json:"calls"`
	// RejectCalls refuses calls, and RejectCallsText is what callers are written then.
	RejectCalls     bool   `json:"reject_calls"`
	RejectCallsText string `json:"reject_calls_text"`
	SecurityCodes   string `json:"security_codes"`
	// Groups says which groups come in, for GroupsListed those of GroupsList.
	Groups     string    `json:"groups"`
	GroupsList GroupList `json:"groups_list"`
	// GroupSender is a template of who of a group wrote.
	GroupSender string `json:"group_sender"`

	BlueTicks         string `json:"blue_ticks"`
	GroupTicks        string `json:"group_ticks"`
	Signature         string `json:"signature"`
	SignatureTemplate string `json:"signature_template"`
	SignatureWhen     string `json:"signature_when"`
	LinkPreviews      string `json:"link_previews"`
}

// What is shown of a file that only the phone may show, and once.
const (
	ViewOnceNotice = "notice"
	ViewOnceShow   = "show"
)

// Where the text of a file is: beside it, or below it, as a message of its own.
const (
	CaptionsTogether = "together"
	CaptionsApart    = "apart"
)

// How messages are shown that were typed on the own phone.
const (
	OwnMessagesOutgoing = "outgoing"
	OwnMessagesNote     = "note"
	OwnMessagesOff      = "off"
)

// What becomes of a message that was deleted for everyone.
const (
	DeletesNote  = "note"
	DeletesErase = "erase"
)

// Whether what people publish is shown: their statuses, and what is posted in channels.
const (
	PublicationsOff     = "off"
	PublicationsMessage = "message"
)

// How a line hears what agents do: by the inbox's webhook, by Chatwoot's live
// channel, or by whichever tells first.
const (
	ListenBoth    = "both"
	ListenWebhook = "webhook"
	ListenLive    = "live"
)

// The forms in which events can be shown: a small grey line, a private note, or
// not at all.
const (
	EventsPill = "pill"
	EventsNote = "note"
	EventsOff  = "off"
)

// Whether contacts have WhatsApp's profile pictures.
const (
	PicturesOn  = "on"
	PicturesOff = "off"
)

// Setting is one row of the table of settings.
type Setting struct {
	Name string // in JSON, in the CLI and in the documents
	// Type is how the value is written: number, integer, true or false, text.
	Type string
	// Default is the value that a line starts with, as JSON.
	Default string
	// Allowed says which values there are, to people: "must be …".
	Allowed string
	// valid checks a value that has the right type.
	valid func(Settings) bool
}

// Help is what the setting does, in a language of the catalogue.
func (s Setting) Help(language string) string {
	return catalogue.For(language).Text("setting." + s.Name)
}

// Table lists all settings, in the order in which people read them. Validation,
// the API, the CLI's help and docs/settings.md are made from it.
func Table() []Setting {
	languages := catalogue.Languages()
	return append([]Setting{
		{"send_rate", "number", "5", "between 0 and 1000 messages per second (0 = no limit)", func(s Settings) bool { return s.SendRate >= 0 && s.SendRate <= 1000 }},
		{"order_wait_ms", "integer", "250", "between 0 and 10000", func(s Settings) bool { return s.OrderWaitMS >= 0 && s.OrderWaitMS <= 10_000 }},
		{"max_age_hours", "integer", "24", "between 1 and 336", func(s Settings) bool { return s.MaxAgeHours >= 1 && s.MaxAgeHours <= 24*14 }},
		{"formatting", "true or false", "null", "true, false, or null for what fits Chatwoot's version", nil},
		{"language", "text", `"en"`, oneOf(languages), func(s Settings) bool { return slices.Contains(languages, s.Language) }},
		{"events", "text", `"pill"`, oneOf(eventForms), func(s Settings) bool { return slices.Contains(eventForms, s.Events) }},
		{"reactions", "text", `"note"`, oneOf(reactionForms), func(s Settings) bool { return slices.Contains(reactionForms, s.Reactions) }},
		{"edits", "text", `"message"`, oneOf(editForms), func(s Settings) bool { return slices.Contains(editForms, s.Edits) }},
		{"listen", "text", `"both"`, oneOf(listenings), func(s Settings) bool { return slices.Contains(listenings, s.Listen) }},
		{"view_once", "text", `"notice"`, oneOf(viewOnces), func(s Settings) bool { return slices.Contains(viewOnces, s.ViewOnce) }},
		{"captions", "text", `"together"`, oneOf(captionPlaces), func(s Settings) bool { return slices.Contains(captionPlaces, s.Captions) }},
		{"own_messages", "text", `"outgoing"`, oneOf(ownForms), func(s Settings) bool { return slices.Contains(ownForms, s.OwnMessages) }},
		{"deletes", "text", `"note"`, oneOf(deletions), func(s Settings) bool { return slices.Contains(deletions, s.Deletes) }},
		{"status_updates", "text", `"off"`, oneOf(publications), func(s Settings) bool { return slices.Contains(publications, s.StatusUpdates) }},
		{"channels", "text", `"off"`, oneOf(publications), func(s Settings) bool { return slices.Contains(publications, s.Channels) }},
		{"calls", "text", `"message"`, oneOf(callForms), func(s Settings) bool { return slices.Contains(callForms, s.Calls) }},
		{"reject_calls", "true or false", "false", "true or false", nil},
		{"reject_calls_text", "text", `""`, "at most 4096 characters long", func(s Settings) bool { return utf8.RuneCountInString(s.RejectCallsText) <= 4096 }},
		{"security_codes", "text", `"off"`, oneOf(securityForms), func(s Settings) bool { return slices.Contains(securityForms, s.SecurityCodes) }},
		{"groups", "text", `"off"`, oneOf(groupPolicies), func(s Settings) bool { return slices.Contains(groupPolicies, s.Groups) }},
		{"groups_list", "list of texts", "[]", "a list of at most 1000 ids of groups; * and ? stand for other characters, ! or - in front keeps a group out", func(s Settings) bool { return s.GroupsList.valid() }},
		{"group_sender", "text", `""`, "empty, or one line of at most 200 characters with {name} or {number} in it, and no other placeholder than these and {tag}", func(s Settings) bool { return isGroupSender(s.GroupSender) }},
		{"timezone", "text", `""`, "an IANA name such as America/Sao_Paulo, or empty", func(s Settings) bool { _, err := time.LoadLocation(s.Timezone); return err == nil }},
		{"pictures", "text", `"on"`, oneOf(switches), func(s Settings) bool { return slices.Contains(switches, s.Pictures) }},
		{"names", "text", `"fill"`, oneOf(namePolicies), func(s Settings) bool { return slices.Contains(namePolicies, s.Names) }},
		{"texts", "object", "{}", "texts by their keys, such as {\"deleted\":\"{name} took this message back\"}; placeholders stay; docs/texts.md lists the keys", nil},
	}, outwardSettings()...)
}

var listenings = []string{ListenBoth, ListenWebhook, ListenLive}

var switches = []string{PicturesOn, PicturesOff}
var (
	viewOnces     = []string{ViewOnceNotice, ViewOnceShow}
	captionPlaces = []string{CaptionsTogether, CaptionsApart}
	ownForms      = []string{OwnMessagesOutgoing, OwnMessagesNote, OwnMessagesOff}
	deletions     = []string{DeletesNote, DeletesErase}
	publications  = []string{PublicationsOff, PublicationsMessage}
)

var eventForms = []string{EventsPill, EventsNote, EventsOff}

// How reactions and edits can be shown.
var (
	reactionForms = []string{"note", "message", "off"}
	editForms     = []string{"message", "note"}
)

// How a missed call can be shown: as a message of the caller, as a private note, or not
// at all.
const (
	CallsMessage = "message"
	CallsNote    = "note"
	CallsOff     = "off"
)

var callForms = []string{CallsMessage, CallsNote, CallsOff}

// Whether people are told that somebody's security code has changed.
const (
	SecurityCodesOff  = "off"
	SecurityCodesPill = "pill"
)

var securityForms = []string{SecurityCodesOff, SecurityCodesPill}

// oneOf lists values as people do: "a, b or c".
func oneOf(values []string) string {
	last := len(values) - 1
	return strings.Join(values[:last], ", ") + " or " + values[last]
}

// DefaultSettings are what a line starts with.
func DefaultSettings() Settings {
	var s Settings
	for _, row := range Table() {
		// The table is part of the program; a test reads every default.
		_ = s.set(row.Name, json.RawMessage(row.Default))
	}
	return s
}

// Merge lays the given JSON object over s; keys that are absent keep their
// value, and unknown keys are refused so that a typing mistake is not silent.
// The error names everything that is wrong.
func (s Settings) Merge(raw json.RawMessage) (Settings, error) {
	if len(raw) == 0 {
		return s, nil
	}
	var given map[string]json.RawMessage
	if err := strictjson.Decode(raw, &given); err != nil {
		return s, fault.Invalid("settings", "settings must be one JSON object")
	}
	merged := s
	if s.Formatting != nil { // decoding would change the one that others read
		merged.Formatting = new(*s.Formatting)
	}
	merged.Texts = maps.Clone(s.Texts) // likewise
	var faults []error
	given, err := renamed(given)
	if err != nil {
		faults = append(faults, err)
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if err := merged.set(key, given[key]); err != nil {
			faults = append(faults, err)
		}
	}
	if err := invalidSettings(append(faults, merged.faults()...)); err != nil {
		return s, err
	}
	return merged, nil
}

// set takes one setting over from JSON; one that cannot be read keeps its value.
func (s *Settings) set(name string, value json.RawMessage) error {
	one, err := json.Marshal(map[string]json.RawMessage{name: value})
	if err != nil {
		return fmt.Errorf("encode the setting %s: %w", name, err)
	}
	before := s.Texts
	if name == "texts" {
		s.Texts = nil // the object as a whole: what is not in it is the catalogue's
	}
	if err = strictjson.Decode(one, s); err != nil {
		s.Texts = before
	}
	var wrongType *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrongType):
		want := strings.Replace(wrongType.Type.String(), "map[string]string", "object", 1)
		return fault.Invalid(name, fmt.Sprintf("%s must be of type %s, not %s", name, want, wrongType.Value))
	}
	return fault.Invalid(name, "there is no setting "+name)
}

// faults is everything that is wrong with the values.
func (s Settings) faults() []error {
	var faults []error
	for _, row := range Table() {
		if row.valid != nil && !row.valid(s) {
			faults = append(faults, fault.Invalid(row.Name, row.Name+" must be "+row.Allowed))
		}
	}
	for _, text := range catalogue.OverrideFaults(s.Texts) {
		faults = append(faults, fault.Invalid("texts", "texts: "+text))
	}
	return faults
}

// invalidSettings makes one error of faults that each name their field.
func invalidSettings(faults []error) error {
	switch len(faults) {
	case 0:
		return nil
	case 1:
		return faults[0]
	}
	return &fault.Error{Code: fault.CodeInvalid, Field: "settings", Message: fmt.Sprintf("%d settings are wrong", len(faults)), Err: errors.Join(faults...)}
}

// FormatsInbound reports whether customers' bold, italic and the like are shown
// as such.
func (s Settings) FormatsInbound() bool { return s.Formatting == nil || *s.Formatting }

// OrderWait is OrderWaitMS as a duration.
func (s Settings) OrderWait() time.Duration { return time.Duration(s.OrderWaitMS) * time.Millisecond }

// MaxAge is MaxAgeHours as a duration.
func (s Settings) MaxAge() time.Duration { return time.Duration(s.MaxAgeHours) * time.Hour }

// HearsWebhooks reports whether Chatwoot's webhooks are listened to.
func (s Settings) HearsWebhooks() bool { return s.Listen != ListenLive }

// HearsLive reports whether Chatwoot's live channel is listened to.
func (s Settings) HearsLive() bool { return s.Listen != ListenWebhook }

// Location is where the line's agents read times: the setting's place, else the
// inbox's, else UTC.
func (s Settings) Location(inbox string) *time.Location {
	name := cmp.Or(s.Timezone, inbox, "UTC")
	if location, err := time.LoadLocation(name); err == nil {
		return location
	}
	if location, err := time.LoadLocation(inbox); err == nil {
		return location
	}
	return time.UTC
}
