package markup_test

import (
	"html"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"github.com/wootbridge/wootbridge/bridge/markup"
)

// requireHarmless looks at the tree that the dashboard shows, not at the
// markdown: there is no picture, every link is what it says, and the letters are
// those that were written.
func requireHarmless(t testing.TB, written, content, marks string) {
	t.Helper()
	source := []byte(content)
	tree := dashboard.Parser().Parse(text.NewReader(source))
	require.NoError(t, ast.Walk(tree, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Image, *ast.HTMLBlock, *ast.RawHTML:
			require.Fail(t, "something to load", "%q was written as %q", written, content)
		case *ast.Link:
			require.Fail(t, "a link with a text of its own", "%q was written as %q", written, content)
		case *ast.AutoLink:
			target := strings.TrimPrefix(strings.TrimPrefix(string(n.URL(source)), "mailto:"), "http://")
			require.Equal(t, strings.TrimPrefix(string(n.Label(source)), "http://"), target, "%q was written as %q", written, content)
		}
		return ast.WalkContinue, nil
	}))
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(marks, r) {
				return -1
			}
			return r
		}, string([]rune(strings.ReplaceAll(s, "\x00", ""))))
	}
	require.Equal(t, letters(written), letters(html.UnescapeString(tag.ReplaceAllString(render(t, content), ""))), "%q was written as %q", written, content)
}

func requireBothHarmless(t testing.TB, written string) {
	t.Helper()
	requireHarmless(t, written, markup.Escape(written), singleTilde)
	requireHarmless(t, written, markup.ToMarkdown(written), "*_~`")
}

// hostile are texts of which each once became a picture, a disguised link or a
// mention.
var hostile = []string{
	`\http://a.b![x](https://evil.example/p.png)`,
	`\\\http://a.b![x](https://evil.example/p.png)`,
	"https://bank.example/\v[https://bank.example/login](https://evil.example/)",
	"https://a.b/\x01[@Admin](mention://user/1/Admin)",
	"https://a.b/\x7f[@Admin](mention://user/1/Admin)",
	"https://a.b/\u0085[@Admin](mention://user/1/Admin)",
	"https://a.b/\u2028[@Admin](mention://user/1/Admin)",
	"https://a.b/\x00\x1b![x](https://evil.example/p.png)",
	`*\http://a.b/[x](https://evil.example/)*`,
	`_\https://a.b/(![x](https://evil.example/p.png)_`,
	"- \\https://a.b/_[x](https://evil.example/)",
	"`a`\\https://a.b/_[x](https://evil.example/)",
	"```a```\\https://a.b/_[x](https://evil.example/)",
	"\\\nhttps://a.b/_[x](https://evil.example/)",
	"[x\\](https://a.b/_)[y](https://evil.example/)",
	"![https://a.b/_](https://evil.example/p.png)",
	"[a]: https://evil.example/\n\\https://a.b/_[a]",
	"<https://a.b/_>[x](https://evil.example/)",
	"[x `a]: https://evil.example` b\n[x]",
	"[x <https://a.b/_]: https://evil.example>",
	"https://a.b/*[x](https://evil.example/)*",
	"www.a.com/_[x](https://evil.example/)_",
	"a_@b.com![x](https://evil.example/p.png)",
	"> - 1. [x](https://evil.example/)",
	"[x]\\(https://evil.example/)",
	"[x](https://evil.example/ \"t\")",
	"![x][y]\n\n[y]: https://evil.example/p.png",
	"<javascript:alert(1)> <mention://user/1/Admin>",
	"https://bank.example@evil.example/ https://bank.example\u202e/_",
}

func TestH1_TextBecomesNeitherAPictureNorADisguisedLink(t *testing.T) {
	t.Parallel()
	for _, written := range hostile {
		requireBothHarmless(t, written)
	}
}

var hostilePieces = append([]string{
	"http://", "https://a.b/", "https://a.b/_", "https://a.b/(", "HTTPS://x", "www.a.example", "![x](https://e.vil/p.png)", "[x](https://e.vil/)",
	"[@A](mention://user/1/A)", "](", "][", "]:", "<", ">", `\`, `\\`, `\`, "\v", "\x01", "\f", "\x1b", "\x7f", "\u0085", "\u00a0", "\u2028", "\x00", "\t", "\r",
	"```", "javascript:", "mailto:", "\xff", "\u202e", "\u2028", "\u200d", "🔥", "¿", "e\u0301", "www.a.com/__b__", "a_@b.com", "ftp://", "//", "{{", "(c)", "|-|", "~~~", "*b*", "_i_", "~s~",
}, pieces...)

func TestH1_RandomTextIsHarmless(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 5_000 {
		var written strings.Builder
		for range 1 + random.IntN(12) {
			written.WriteString(hostilePieces[random.IntN(len(hostilePieces))])
		}
		requireBothHarmless(t, written.String())
	}
}

func FuzzTheTreeIsHarmless(f *testing.F) {
	for _, written := range append(corpus(f), hostile...) {
		f.Add(written)
	}
	f.Fuzz(func(t *testing.T, written string) { requireBothHarmless(t, written) })
}
