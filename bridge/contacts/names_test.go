package contacts

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// What a message with a name does to the name of a contact, for each choice of the line.
func TestALineChoosesWhenContactsGetNames(t *testing.T) {
	t.Parallel()
	const pn, phone = "5511888880002@s.whatsapp.net", "+5511888880002"
	for what, test := range map[string]struct {
		given, stands, pushed string // given by the bridge; in Chatwoot
		fill, always, never   string
	}{
		"a stopgap":                   {phone, phone, "Ana", "Ana", "Ana", phone},
		"nothing":                     {"", "", "Ana", "", "Ana", ""}, // fill takes it for the desk's
		"an agent's":                  {phone, "Mrs Lima", "Ana", "Mrs Lima", "Ana", "Mrs Lima"},
		"an agent's, as is known":     {"", "Mrs Lima", "Ana", "Mrs Lima", "Ana", "Mrs Lima"},
		"an earlier one":              {"Ana", "Ana", "Ana B.", "Ana", "Ana B.", "Ana"},
		"the same":                    {"Ana", "Ana", "Ana", "Ana", "Ana", "Ana"},
		"one that shows nothing":      {"Ana", "Ana", "\u200b", "Ana", "Ana", "Ana"},
		"a number, for an agent's":    {"", "Mrs Lima", phone, "Mrs Lima", "Mrs Lima", "Mrs Lima"},
		"a stopgap, and no name":      {phone, phone, "", phone, phone, phone},
		"the same, written by others": {"", "Ana", "Ana", "Ana", "Ana", "Ana"},
	} {
		for names, want := range map[string]string{lines.NamesFill: test.fill, lines.NamesAlways: test.always, lines.NamesNever: test.never} {
			settings := lines.DefaultSettings()
			settings.Names = names
			d := &Directory{Inbox: inbox.New(inbox.Config{Line: lines.Line{Settings: settings}})}
			chat := idmap.Chat{Name: test.given, Identifier: pn, Aliases: []string{pn}}
			m := content.Message{PushName: test.pushed, Chat: content.Address{JID: pn}}
			got := test.stands
			if news, any := d.news(chat, m); any {
				update, _ := contactChange(chat, chatwoot.Contact{Name: test.stands, Identifier: pn, Phone: phone}, news.wanted(names))
				if update.Name != nil {
					got = *update.Name
				}
			}
			require.Equal(t, want, got, "%s with %s", what, names)
			m.FromMe = true
			require.False(t, d.Tells(chat, m), "%s with %s: it is the line's own name", what, names)
		}
	}
}

// A line may change its mind between a message and what that tells of its contact.
func TestNamesThatALineDoesNotWantAnyMoreAreNotWritten(t *testing.T) {
	t.Parallel()
	over := contactUpdate{Name: "Ana", Over: true}
	require.Equal(t, over, over.wanted(lines.NamesAlways))
	require.Equal(t, contactUpdate{Name: "Ana"}, over.wanted(lines.NamesFill))
	require.Equal(t, contactUpdate{}, over.wanted(lines.NamesNever))
	group := contactUpdate{Name: "Shop", Follows: true}
	require.Equal(t, group, group.wanted(lines.NamesNever), "groups are called as on WhatsApp")
}
