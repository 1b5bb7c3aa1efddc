package render_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// senders are members of a group, of whom more or less is known.
func senders() map[string]func(*content.Message, *render.Context) {
	saved := func(m *content.Message, c *render.Context) {
		c.People = map[string]content.Person{m.Sender.JID: {Name: "Ana Lima", Saved: true, Number: "5511888880002"}}
	}
	return map[string]func(*content.Message, *render.Context){
		"saved":        saved,
		"saved-tagged": func(m *content.Message, c *render.Context) { saved(m, c); c.Tag = "Vendas *1*" },
		"known-not-saved": func(m *content.Message, c *render.Context) {
			c.People = map[string]content.Person{m.Sender.JID: {Name: "Aninha", Number: "5511888880002"}}
		},
		"tagged":        func(_ *content.Message, c *render.Context) { c.Tag = "Vendas" },
		"number":        func(m *content.Message, _ *render.Context) { m.PushName = "" },
		"number-tagged": func(m *content.Message, c *render.Context) { m.PushName, c.Tag = "", "Vendas" },
		"hidden":        func(m *content.Message, _ *render.Context) { m.Sender = content.Address{JID: brunoLID} },
		"hidden-number-known": func(m *content.Message, c *render.Context) {
			m.Sender = content.Address{JID: brunoLID}
			c.People = map[string]content.Person{brunoLID: {Number: "5511999990003"}}
		},
		"nobody": func(m *content.Message, c *render.Context) {
			m.Sender, m.PushName, c.Tag = content.Address{JID: brunoLID}, " \x1b", "\u202e"
		},
	}
}

func TestWhoOfAGroupWroteAsAgentsSeeIt(t *testing.T) {
	t.Parallel()
	for name, set := range senders() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, c := inGroup(content.Text{Text: "Oi"}), context("en")
			set(&m, &c)
			golden(t, "sender-"+name, "en", render.Message(m, c))
		})
	}
}

func TestALinesOwnTemplateSaysWhoWrote(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ template, who, want string }{
		{"**{name}** ({number}) · {tag}:", "saved-tagged", `**Ana Lima** (+5511888880002) · Vendas \*1\*:`},
		{"**{name}** ({number}) · {tag}:", "saved", `**Ana Lima** (+5511888880002):`},
		{"**{name}** ({number}) · {tag}:", "known-not-saved", `**~Ana \*Silva\*** (+5511888880002):`},
		{"**{name}** ({number}) · {tag}:", "number", `**+5511888880002**:`},
		{"**{name}** ({number}) · {tag}:", "number-tagged", `**+5511888880002** · Vendas:`},
		{"**{name}** ({number}) · {tag}:", "hidden", `**~Ana \*Silva\***:`},
		{"**{name}** ({number}) · {tag}:", "nobody", `**WhatsApp**:`},
		{"[{tag}] {name}:", "tagged", `[Vendas] ~Ana \*Silva\*:`},
		{"[{tag}] {name}:", "saved", "Ana Lima:"},
		{"{number}", "number", "+5511888880002"},
		{"{number} {tag}", "hidden", `**~Ana \*Silva\*:**`}, // nothing of it is known
		{"{number}", "hidden-number-known", "+5511999990003"},
		{"{name} / {name}", "saved", "Ana Lima / Ana Lima"},
	} {
		m, c := inGroup(content.Text{Text: "Oi"}), context("en")
		senders()[test.who](&m, &c)
		c.GroupSender = test.template
		require.Equal(t, test.want+"\nOi", render.Message(m, c)[0].Content, "%s of %s", test.template, test.who)

		m.FromMe = true
		require.Equal(t, "Oi", render.Message(m, c)[0].Content, "the desk's own")
	}
}

// Whatever a person is called and tagged with stays within the line.
func TestM8_WhoOfAGroupWroteIsNothingButNames(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{
		"Ana\n\n**Admin:** https://evil.example [x](https://evil.example)\u202e\x1b " + strings.Repeat("x", 500),
		"{name}{number}{tag}", "{{contact.name}}", "<b>x</b>", "# x", "1. x", "> x", "- x", "**", "`x`", "\u2028x",
	} {
		for _, template := range []string{"", "**{name}** ({number}) · {tag}:", "{tag}{name}", "[{tag}]({name})"} {
			for _, set := range []func(*content.Message, *render.Context){
				func(m *content.Message, c *render.Context) { m.PushName = evil },
				func(m *content.Message, c *render.Context) { c.Tag = evil },
				func(m *content.Message, c *render.Context) {
					c.People = map[string]content.Person{m.Sender.JID: {Name: evil, Saved: true}}
				},
			} {
				m, c := inGroup(content.Text{Text: "Oi"}), context("en")
				set(&m, &c)
				c.GroupSender = template
				got := render.Message(m, c)[0].Content
				require.Len(t, strings.Split(got, "\n"), 2, "%q: %q", template, got)
				line, _, _ := strings.Cut(got, "\n")
				require.Less(t, len([]rune(line)), 300, "%q", line)
				require.NotContains(t, line, "\u202e")
				require.NotContains(t, line, "\x1b")
				require.NotContains(t, line, "https://")
				require.NotRegexp(t, `(^|[^\\])<b>`, line)
				require.NotRegexp(t, `^(# |1\. |> |- )`, line)
			}
		}
	}
}

func FuzzM8_WhoOfAGroupWrote(f *testing.F) {
	f.Add("{name} ({number}) · {tag}:", "Ana", "Vendas")
	f.Add("((({tag}))) **{name}**", "", "")
	f.Add("{tag}{name}{number}", "{tag}", "\n")
	f.Fuzz(func(t *testing.T, template, name, tag string) {
		if len(template) > 200 || strings.ContainsAny(template, "\n\r") {
			return
		}
		m, c := inGroup(content.Text{Text: "Oi"}), context("en")
		m.PushName, c.Tag, c.GroupSender = name, tag, template
		require.Equal(t, 1, strings.Count(render.Message(m, c)[0].Content, "\n"))
	})
}
