package visible_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/internal/visible"
)

func TestATextIsVisibleIfOneOfItsCharactersIs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"Ana": true, "日本": true, "👩‍🚀": true, "❤️": true, ".": true, "7": true, "\u200e\u05d0": true, "नी": true,
		"": false, " \t\n": false, "\u00a0\u3000": false, "\u200b\u200c\u200d\u2060\ufeff": false, "\u3164\uffa0\u115f\u1160": false, "\u2800": false,
		"\u0301\u0308": false, "\ufe0f": false, "\u202e\u2066": false, "\u180e\u034f\u17b4": false, "\U000E0001\U000E0041": false, "\x00\x07": false, "\xff": false,
	} {
		require.Equal(t, want, visible.Any(text), "%q", text)
	}
}

func TestWhatCommandsTheDisplayIsTold(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a\u202eb\u2066c\u200fd": "abcd", "a\r\n\x00b\u2028": "ab", "👩‍🚀": "👩‍🚀", "می\u200cخواهم": "می\u200cخواهم", "\ufeffa": "a",
		"🏴\U000E0067\U000E0062\U000E007F": "🏴\U000E0067\U000E0062\U000E007F",
	} {
		require.Equal(t, want, strings.Map(func(r rune) rune {
			if visible.Control(r) {
				return -1
			}
			return r
		}, text))
	}
}
