package markup

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// nasty are units of which texts were made that cost a parser the square of their
// length.
var nasty = []string{
	"*", "_", "~", "`", ".", "-", "+-", "!", "?!", ",", "[", "](", "![", "<", ">", "> ", "&", "&amp;", "&#65;", "\\", "\"", "'", "(", ")", "#", "# ", "|-|", "a|b\n", ":", "://", "//", "@", "a@", "a.", "a.co",
	"**", "***", "~~", "~~~\n", "``", "```", "```a", "```a\nb", "` ", "`a", "`a` *", "``a```b", "*a ", "*a* ", "*_a ", "_a *b ", "*a _b ~c `d [e] ", "a**b", "a*", "**a*", "*a\n", "🔥*a*", "[*a ",
	"http://", "https://a.b/", "xhttp://", "\\http://a_ ", "https://_ ", "https://a.b/( ", "x://", "www.", "www.a.com_", "a.co *", "a.b/c_", "a@b.com ", "_a_@b.com ", "mailto:", "[a](", "[a](b", "[x](https://a.b/) ", "[a][", "[a]", "[a]: b\n", "[^1]", "<http://", "<a", "<a@b.c>",
	"- ", "* ", "1. ", "999999999. ", "> - ", "a\n", "\n", "\n\n", "\r\n", " ", "\t", "\u2028", "\u202e", "\u200d", "\u00a0", "e\u0301", "+55 11 ", "{{", "{%", "{% endraw %}", "{", "😀",
}

// nastyTexts are texts of about so many bytes.
func nastyTexts(length int) map[string]string {
	texts := map[string]string{}
	for _, unit := range nasty {
		texts[unit] = strings.Repeat(unit, length/len(unit)+1)
		texts["https://a"+unit] = "https://a" + texts[unit]
		texts["*a "+unit+"b*"] = "*a " + texts[unit] + "b*"
	}
	return texts
}

// Twice the text has to be looked at about twice as often; if it were searched again
// and again it would be four times.
func TestM3_TextCostsLinearTime(t *testing.T) {
	t.Parallel()
	steps := func(s style, text string) int {
		w := &writer{style: s}
		w.text(plain(text))
		return w.steps
	}
	for _, s := range []style{{formatting: true, links: true}, {links: true}, {}} {
		twice := nastyTexts(4096)
		for name, text := range nastyTexts(2048) {
			short, long := steps(s, text), steps(s, twice[name])
			require.Less(t, long, 3*short, "%q", name)
			require.Less(t, long, 64*len(twice[name]), "%q", name)
		}
	}
}

// The cost of a tree is bounded by the size of what it is made of.
func TestM3_TreesAreMadeOfBoundedParts(t *testing.T) {
	t.Parallel()
	for name, text := range nastyTexts(20_000) {
		var whole strings.Builder
		for _, part := range parts(text) {
			whole.WriteString(part.text)
			require.True(t, part.literal || len(part.text) <= longestPart && countMarks(part.text) <= mostMarks, "%q", name)
		}
		require.Equal(t, text, whole.String())
	}
	usual := strings.Repeat("Olá **Ana**, veja [o link](https://a.b/) em `x`, ok?\n\n- um\n- dois\n", 100)
	require.Len(t, parts(usual), 1)
	require.False(t, parts(usual)[0].literal)
}

// It does not run beside others, whose allocations would be counted, too.
func TestM3_AgentsMarkdownCostsLinearSpace(t *testing.T) {
	for _, unit := range nasty {
		short, long := strings.Repeat(unit, longestPart/len(unit)), strings.Repeat(unit, 2*longestPart/len(unit))
		once := testing.AllocsPerRun(1, func() { ToWhatsApp(short) })
		require.Less(t, testing.AllocsPerRun(1, func() { ToWhatsApp(long) }), 3*once+1000, "%q", unit)
	}
}

func TestM3_AQuoteIsNotReadToItsEnd(t *testing.T) {
	t.Parallel()
	for _, text := range nastyTexts(65_536) {
		require.LessOrEqual(t, len([]rune(Snippet(text, 60))), 60)
	}
}

func BenchmarkToMarkdown(b *testing.B) { benchmark(b, ToMarkdown) }

func BenchmarkToWhatsApp(b *testing.B) { benchmark(b, ToWhatsApp) }

func BenchmarkBold(b *testing.B) { benchmark(b, Bold) }

func BenchmarkProtectLiquid(b *testing.B) { benchmark(b, ProtectLiquid) }

// benchmark converts the longest message that WhatsApp has, of the worst units.
func benchmark(b *testing.B, convert func(string) string) {
	for _, unit := range []string{".", "+-", "*_a ", "_a *b ", "`a` *", "a.co *", "\\", "[a](b", "1. ", "a\n", "{%", "word "} {
		text := strings.Repeat(unit, 65_536/len(unit))
		b.Run(strings.TrimSpace(unit), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				_ = convert(text)
			}
		})
	}
}
