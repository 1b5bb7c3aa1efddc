package lines

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/fault"
)

// When a customer sees blue ticks: when somebody answers, when an agent opens the
// conversation, when the message is in Chatwoot, or not at all.
const (
	BlueOnReply   = "on_reply"
	BlueOnOpen    = "on_open"
	BlueOnArrival = "on_arrival"
	BlueNever     = "never"
)

// When a message to a group counts as delivered or read.
const (
	GroupTicksAll   = "all"
	GroupTicksFirst = "first"
)

// What stands above an agent's message.
const (
	SignatureOff      = "off"
	SignatureName     = "name"
	SignatureTemplate = "template"
)

// When a signature stands there.
const (
	SignAlways       = "always"
	SignAgentChanged = "agent_changed"
)

// Whether links are sent with what they lead to.
const (
	LinkPreviewsOn  = "on"
	LinkPreviewsOff = "off"
)

// longestTemplate bounds a signature's template, in bytes.
const longestTemplate = 500

// outwardSettings are the rows of what goes from the desk to customers.
func outwardSettings() []Setting {
	blue, groups := []string{BlueOnReply, BlueOnOpen, BlueOnArrival, BlueNever}, []string{GroupTicksAll, GroupTicksFirst}
	signatures, when, previews := []string{SignatureOff, SignatureName, SignatureTemplate}, []string{SignAlways, SignAgentChanged}, []string{LinkPreviewsOn, LinkPreviewsOff}
	return []Setting{
		{"blue_ticks", "text", `"on_reply"`, oneOf(blue), func(s Settings) bool { return slices.Contains(blue, s.BlueTicks) }},
		{"group_ticks", "text", `"all"`, oneOf(groups), func(s Settings) bool { return slices.Contains(groups, s.GroupTicks) }},
		{"signature", "text", `"off"`, oneOf(signatures), func(s Settings) bool { return slices.Contains(signatures, s.Signature) }},
		{"signature_template", "text", `"*{name}:*"`, "a text of at most 500 bytes, with {name} for the agent's name", func(s Settings) bool {
			return len(s.SignatureTemplate) <= longestTemplate && strings.TrimSpace(s.SignatureTemplate) != "" && !strings.ContainsRune(s.SignatureTemplate, 0)
		}},
		{"signature_when", "text", `"always"`, oneOf(when), func(s Settings) bool { return slices.Contains(when, s.SignatureWhen) }},
		{"link_previews", "text", `"on"`, oneOf(previews), func(s Settings) bool { return slices.Contains(previews, s.LinkPreviews) }},
	}
}

// legacyBlue is the key of earlier releases for what blue_ticks says: true was on_reply,
// false never.
const legacyBlue = "read_receipts"

// blueTicks is what a value of the earlier key means now.
func blueTicks(value json.RawMessage) (string, error) {
	var on bool
	err := json.Unmarshal(value, &on)
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType):
		return "", fault.Invalid(legacyBlue, fmt.Sprintf("%s must be of type %s, not %s", legacyBlue, wrongType.Type, wrongType.Value))
	case err != nil || string(value) == "null":
		return "", fault.Invalid(legacyBlue, legacyBlue+" must be true or false")
	case on:
		return BlueOnReply, nil
	}
	return BlueNever, nil
}

// renamed is a JSON object of settings with today's keys for those of earlier releases.
// Today's count where both are there.
func renamed(given map[string]json.RawMessage) (map[string]json.RawMessage, error) {
	value, old := given[legacyBlue]
	if !old {
		return given, nil
	}
	delete(given, legacyBlue)
	now, err := blueTicks(value)
	if err != nil {
		return given, err
	}
	if _, both := given["blue_ticks"]; !both {
		given["blue_ticks"] = json.RawMessage(`"` + now + `"`)
	}
	return given, nil
}

// readStored reads settings as this or an earlier release has stored them over the
// defaults. What a later one has added is left out.
func (s *Settings) readStored(raw []byte) error {
	if err := json.Unmarshal(raw, s); err != nil {
		return err
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(raw, &keys); err != nil {
		return err
	}
	if value, old := keys[legacyBlue]; old && keys["blue_ticks"] == nil {
		now, err := blueTicks(value)
		if err != nil {
			return err
		}
		s.BlueTicks = now
	}
	return nil
}
