package render_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// Whatever stands around a mention, and whatever somebody is called: the rest of the text
// is what it would be with a plain name, and the name opens no link.
func FuzzAMention(f *testing.F) {
	for _, seed := range []struct{ before, after, name string }{
		{"*", "*", "Ana"}, {"`", "`", "a`b"}, {"```", "```", "x\ny"}, {"[", "](https://a.b)", "](https://evil.example)"}, {"https://a.b/", "", "c"},
		{"\U000F0000", "\U000F0001", "**b**"}, {"@", "@", "@"}, {"> ", " <b>", "{{x}}"}, {"_~*", "*~_", "www.evil.example"},
	} {
		f.Add(seed.before, seed.after, seed.name)
	}
	f.Fuzz(func(t *testing.T, before, after, name string) {
		if !utf8.ValidString(before + after + name) {
			return
		}
		c := context("en")
		shown := func(name string) string {
			c.People = map[string]content.Person{brunoLID: {Name: content.PersonName(name)}}
			return render.Message(marked(from(content.Text{Text: before + "@300000000000003" + after}), mentioning(brunoLID)), c)[0].Content
		}
		got, plain := shown(name), shown("QXZ")
		at := strings.Index(plain, "QXZ")
		if at < 0 || strings.Contains(before+after, "QXZ") || content.PersonName(name) == "" {
			return
		}
		require.True(t, strings.HasPrefix(got, plain[:at]), "%q: %q", plain, got)
		require.True(t, strings.HasSuffix(got, plain[at+len("QXZ"):]), "%q: %q", plain, got)
		middle := strings.TrimSuffix(strings.TrimPrefix(got, plain[:at]), plain[at+len("QXZ"):])
		require.NotContains(t, middle, "\n")
		require.NotContains(t, middle, "`")
		require.NotRegexp(t, `[^\\]\]\(`, middle)
	})
}
