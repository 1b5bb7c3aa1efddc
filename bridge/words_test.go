package bridge_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What is typed on one side is read on the other as it was meant.
func TestK5_T20_TextBothWays(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		for _, said := range [][2]string{ // by the customer, and the content for the dashboard
			{"🔥*Oferta*🔥 (c) oi!!!!!!", `🔥**Oferta**🔥 \(c) oi!!!\!!!`},
			{`\http://a.b![x](https://evil.example/p.png)`, `\http\:\//a\.b![x\](https\:\//evil\.example/p\.png)`},
			{"www.a.com/__b__ a_@b.com https://a.b/*c*d", `www\.a\.com/\_\_b\_\_ <a_@b.com> <https://a.b/*c*d>`},
			{"- um\r\n> dois\n[x]: https://a.b", "\\- um\n\\> dois\n\\[x]: https://a.b"},
			{"a [1] b | c ![d] e... “f”", "a [1] b | c ![d] e... “f”"},
		} {
			w.alice.SendText(w.phone, said[0])
			w.desk.wait("what the customer wrote", withText(said[1]))
		}
		var want []string
		for _, said := range [][2]string{ // by the agent, and what the customer reads
			{"# Oi\n\nveja [o site](https://a.example/x_y) ou ![](https://a.example/p.png)", "*Oi*\n\nveja o site: https://a.example/x_y ou https://a.example/p.png"},
			{`__a__ **b** *c* ~~d~~ \*e\* &amp; <https://f.example>`, "*a* *b* _c_ ~d~ *e* & https://f.example"},
			{"**a\r\nb**\n\n- c\n- d", "*a*\n*b*\n\n- c\n- d"},
			{"5*3*2 __init__.py [a](b)", "5*3*2 __init__.py [a](b)"},
		} {
			w.desk.say(said[0])
			want = append(want, said[1])
			_, err := w.alice.WaitText(patience, said[1])
			require.NoError(t, err)
		}
		require.Equal(t, want, w.alice.Texts())
	})
}
