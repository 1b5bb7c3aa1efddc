package foreign_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/foreign"
)

func TestC3_KeysThatFitStayAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, key := range []string{
		"", "3EB0C767D26A1B2C3D4E", "l1|c1|wa|in|3EB0C767D26A1B2C3D4E|message", "l1|created|12", "5511988880002@s.whatsapp.net",
		"Ana 😀|\u202eRTL\u200f|a%b_c\\", strings.Repeat("x", foreign.KeyMost), "~" + strings.Repeat("0", 64),
	} {
		require.Equal(t, key, foreign.Key(key))
	}
}

func TestC3_OtherKeysAreHashedWhereTheyDoNotFit(t *testing.T) {
	t.Parallel()
	require.Regexp(t, `^l1\|c1\|wa\|receipt\|read\|~[0-9a-f]{64}$`, foreign.Key("l1|c1|wa|receipt|read|"+strings.Repeat("3EB0C767D26A1B2C3D4E,", 300)))
	require.Regexp(t, `^l1\|c1\|wa\|in\|~[0-9a-f]{64}\|message$`, foreign.Key("l1|c1|wa|in|a\x00b|message"))
	require.Regexp(t, `^l1\|~[0-9a-f]{64}$`, foreign.Key("l1"+strings.Repeat("|x", 600)))
}

func FuzzKey(f *testing.F) {
	for _, seed := range []string{"a", "a\x00b", "\xff", strings.Repeat("x", 201), strings.Repeat("|", 2000), strings.Repeat("a\n|", 100)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key := foreign.Key(text)
		require.LessOrEqual(t, len(key), 1100)
		require.True(t, foreign.IsClean(key))
		require.Equal(t, key, foreign.Key(key), "the key of a key is itself")
		require.NotEqual(t, key, foreign.Key(text+"\x00"))
		stored := foreign.Text(text)
		require.True(t, utf8.ValidString(stored) && !strings.Contains(stored, "\x00") && len(stored) <= foreign.TextMost)
		require.Equal(t, stored, foreign.Text(stored))
	})
}

func TestC3_TextLosesOnlyWhatCannotBeStored(t *testing.T) {
	t.Parallel()
	require.Equal(t, "two\nlines 😀\u202e", foreign.Text("two\nlines 😀\u202e"))
	require.Equal(t, "ab\uFFFD", foreign.Text("a\x00b\xff"))
	require.Equal(t, "a"+strings.Repeat("é", 999), foreign.Text("a"+strings.Repeat("é", 1500)))
}
