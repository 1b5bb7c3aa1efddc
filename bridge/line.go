package bridge

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// LineID names a line for ever; ids of deleted lines are not used again.
type LineID string

// Line is one WhatsApp number tied to one Chatwoot API-channel inbox, as kept
// in the database. Its address, account and inbox never change.
type Line struct {
	ID              LineID
	Name            string
	ChatwootURL     string
	Account         int64
	Inbox           chatwoot.InboxID
	InboxIdentifier string
	Settings        Settings
	// JID is the paired device, empty before the first pairing and after a
	// logout. It is our own copy: the library deletes its row on a logout.
	JID   string
	Phone string
	// Paused is the sentence that says why the line does not run, or empty.
	Paused  string
	Created time.Time

	token         string
	webhookSecret string
	pathSecret    string
	sourceKey     string
	held          holding
	strange       int64              // see passMark
	watermark     chatwoot.MessageID // at the making: see passMark
}

// Settings are the choices an admin may change while the line runs.
type Settings struct {
	// SendRate is the pace of sends in messages per second; 0 = no limit.
	SendRate float64 `json:"send_rate"`
	// OrderWaitMS is how long an agent's message waits for the webhook of an
	// earlier one of its conversation.
	OrderWaitMS int `json:"order_wait_ms"`
	// MaxAgeHours is how long an agent's message waits for a WhatsApp that is
	// not connected before it is given up.
	MaxAgeHours int `json:"max_age_hours"`
	// ReadReceipts shows customers blue ticks when an agent replies.
	ReadReceipts bool `json:"read_receipts"`
	// Formatting converts bold, italic and the like in both directions. nil
	// leaves it to Chatwoot's version: what agents write is not converted where
	// their editor is plain, which it is up to 4.8.
	Formatting *bool `json:"formatting"`
	// Language is the message catalogue's: en, pt-BR or es.
	Language string `json:"language"`
	// Events is how what happened beside the messages is shown: eventsPill,
	// eventsNote or eventsOff.
	Events string `json:"events"`
	// Timezone is an IANA name; empty = the inbox's.
	Timezone string `json:"timezone,omitempty"`
}

// The forms in which events can be shown: a small grey line, a private note, or
// not at all.
const (
	eventsPill = "pill"
	eventsNote = "note"
	eventsOff  = "off"
)

// DefaultSettings are what a line starts with.
func DefaultSettings() Settings {
	return Settings{
		SendRate:     5,
		OrderWaitMS:  250,
		MaxAgeHours:  24,
		ReadReceipts: true,
		Language:     "en",
		Events:       eventsPill,
	}
}

// Merge lays the given JSON object over s; keys that are absent keep their
// value, and unknown keys are refused so that a typing mistake is not silent.
// The error names everything that is wrong.
func (s Settings) Merge(raw json.RawMessage) (Settings, error) {
	if len(raw) == 0 {
		return s, nil
	}
	var given map[string]json.RawMessage
	if err := decodeStrict(raw, &given); err != nil {
		return s, invalid("settings", "settings must be one JSON object")
	}
	merged := s
	if s.Formatting != nil { // decoding would change the one that others read
		merged.Formatting = new(*s.Formatting)
	}
	var faults []error
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
func (s *Settings) set(key string, value json.RawMessage) error {
	one, err := json.Marshal(map[string]json.RawMessage{key: value})
	if err != nil {
		return fmt.Errorf("encode the setting %s: %w", key, err)
	}
	err = decodeStrict(one, s)
	var wrongType *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrongType):
		return invalid(key, fmt.Sprintf("%s must be of type %s, not %s", key, wrongType.Type, wrongType.Value))
	}
	return invalid(key, "there is no setting "+key)
}

// faults is everything that is wrong with the values.
func (s Settings) faults() []error {
	var faults []error
	want := func(ok bool, field, must string) {
		if !ok {
			faults = append(faults, invalid(field, field+" must be "+must))
		}
	}
	_, err := time.LoadLocation(s.Timezone)
	want(s.SendRate >= 0 && s.SendRate <= 1000, "send_rate", "between 0 and 1000 messages per second (0 = no limit)")
	want(s.OrderWaitMS >= 0 && s.OrderWaitMS <= 10_000, "order_wait_ms", "between 0 and 10000")
	want(s.MaxAgeHours >= 1 && s.MaxAgeHours <= 24*14, "max_age_hours", "between 1 and 336")
	want(slices.Contains([]string{"en", "pt-BR", "es"}, s.Language), "language", "en, pt-BR or es")
	want(slices.Contains([]string{eventsPill, eventsNote, eventsOff}, s.Events), "events", "pill, note or off")
	want(err == nil, "timezone", "an IANA name such as America/Sao_Paulo, or empty")
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
	return &Error{Code: CodeInvalid, Field: "settings", Message: fmt.Sprintf("%d settings are wrong", len(faults)), Err: errors.Join(faults...)}
}

// FormatsInbound reports whether customers' bold, italic and the like are shown
// as such.
func (s Settings) FormatsInbound() bool { return s.Formatting == nil || *s.Formatting }

// OrderWait is OrderWaitMS as a duration.
func (s Settings) OrderWait() time.Duration { return time.Duration(s.OrderWaitMS) * time.Millisecond }

// MaxAge is MaxAgeHours as a duration.
func (s Settings) MaxAge() time.Duration { return time.Duration(s.MaxAgeHours) * time.Hour }
