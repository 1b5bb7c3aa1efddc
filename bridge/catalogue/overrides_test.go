package catalogue_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/catalogue"
)

func TestATextOfALineReplacesThatOfTheCatalogue(t *testing.T) {
	t.Parallel()
	english := catalogue.For("en")
	own := english.With(map[string]string{"deleted": "{name} took this back"})
	require.Equal(t, "Ana took this back", own.Text("deleted", "name", "Ana"))
	require.Equal(t, english.Text("edited"), own.Text("edited"))
	require.NotEqual(t, own.Text("deleted"), english.Text("deleted"), "the catalogue itself stays")
	require.Equal(t, english.Text("edited"), english.With(nil).Text("edited"))
}

func TestEveryFaultOfATextIsNamed(t *testing.T) {
	t.Parallel()
	require.Empty(t, catalogue.OverrideFaults(nil))
	require.Empty(t, catalogue.OverrideFaults(map[string]string{"deleted": "gone, says {name}", "edited": strings.Repeat("é", 500), "fail.size": "{n} MB at most"}))
	require.Equal(t, []string{
		"the text call.rejected must not have placeholders",
		"the text deleted must have {name}, each once",
		"the text edited must not be empty",
		"the text fail.notwa must have at most 120 characters",
		"the text forwarded must be one line",
		"the text open.phone must have at most 500 characters",
		"the text reacted must have {emoji}, {name}, each once",
		`there is no text "setting.language"`,
		"the text sticker must be one line",
		`there is no text "` + strings.Repeat("x", 60) + `"`,
	}, catalogue.OverrideFaults(map[string]string{
		"deleted": "gone", "edited": " ", "forwarded": "a\nb", "open.phone": strings.Repeat("x", 501), "call.rejected": "{name} was rejected",
		"reacted": "{name} {name} {emoji}", "setting.language": "x", strings.Repeat("x", 100): "y", "fail.notwa": strings.Repeat("x", 121), "sticker": "a\x00",
	}))
	for _, language := range catalogue.Languages() {
		all := map[string]string{}
		for _, key := range catalogue.For(language).Keys() {
			if catalogue.Overridable(key) {
				all[key] = catalogue.For(language).Text(key)
			}
		}
		require.Empty(t, catalogue.OverrideFaults(all), "what is in the catalogue is allowed, in %s", language)
	}
}
