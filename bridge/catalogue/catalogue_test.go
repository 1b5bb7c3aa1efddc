package catalogue_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/catalogue"
)

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

func TestLanguagesAreCompleteAndAlike(t *testing.T) {
	t.Parallel()
	english := catalogue.For("en")
	require.NotEmpty(t, english.Keys())
	for _, language := range catalogue.Languages() {
		c := catalogue.For(language)
		require.ElementsMatch(t, english.Keys(), c.Keys(), language)
		for _, key := range english.Keys() {
			require.NotEmpty(t, c.Text(key), key)
			want, got := placeholder.FindAllString(english.Text(key), -1), placeholder.FindAllString(c.Text(key), -1)
			slices.Sort(want)
			slices.Sort(got)
			require.Equal(t, want, got, "%s of %s", key, language)
			if strings.HasPrefix(key, "fail.") {
				require.LessOrEqual(t, utf8.RuneCountInString(c.Text(key)), 120, "%s of %s does not fit its box", key, language)
			}
		}
	}
}

func TestPlaceholdersAreFilled(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Ana reacted {emoji}", catalogue.For("en").Text("reacted", "name", "Ana", "emoji", "{emoji}"))
	require.Equal(t, catalogue.For("en").Text("waiting"), catalogue.For("xx").Text("waiting"))
	require.Equal(t, "no.such.key", catalogue.For("en").Text("no.such.key"))
}
