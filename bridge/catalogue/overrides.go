package catalogue

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxOverride is the length of a text of a line's own, in characters. One that is put
// on a failed bubble has less room: the box there is small.
const MaxOverride, maxFailure = 500, 120

// With is the catalogue with some texts replaced. The map is not copied.
func (c Catalogue) With(overrides map[string]string) Catalogue {
	c.own = overrides
	return c
}

// Overridable reports whether a key's text is one that agents read in Chatwoot. The
// others are of the documents and the admin API.
func Overridable(key string) bool {
	_, known := For("en").texts[key]
	return known && !strings.HasPrefix(key, "setting.")
}

// OverrideFaults says, in the order of the keys, what is wrong with texts that replace
// those of the catalogue: a sentence for each.
func OverrideFaults(overrides map[string]string) []string {
	var faults []string
	for _, key := range slices.Sorted(maps.Keys(overrides)) {
		if fault := overrideFault(key, overrides[key]); fault != "" {
			faults = append(faults, fault)
		}
	}
	return faults
}

var placeholders = regexp.MustCompile(`\{[a-z]+\}`)

func overrideFault(key, text string) string {
	if !Overridable(key) {
		shown := []rune(key)
		return fmt.Sprintf("there is no text %q", string(shown[:min(len(shown), 60)]))
	}
	longest := MaxOverride
	if strings.HasPrefix(key, "fail.") {
		longest = maxFailure
	}
	want, got := placeholdersOf(For("en").texts[key]), placeholdersOf(text)
	switch {
	case strings.TrimSpace(text) == "":
		return "the text " + key + " must not be empty"
	case utf8.RuneCountInString(text) > longest:
		return fmt.Sprintf("the text %s must have at most %d characters", key, longest)
	case strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError
	}):
		return "the text " + key + " must be one line"
	case !slices.Equal(want, got) && len(want) == 0:
		return "the text " + key + " must not have placeholders"
	case !slices.Equal(want, got):
		return "the text " + key + " must have " + strings.Join(want, ", ") + ", each once"
	}
	return ""
}

// placeholdersOf lists the placeholders in a text, in an order that is the same for all
// languages.
func placeholdersOf(text string) []string {
	found := placeholders.FindAllString(text, -1)
	slices.Sort(found)
	return found
}
