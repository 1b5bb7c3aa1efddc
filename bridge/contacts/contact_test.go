package contacts

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

func TestR37_ContactNamesFitWhatChatwootStores(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		m    content.Message
		want string
	}{
		"a name":        {content.Message{PushName: "Ana"}, "Ana"},
		"NUL":           {content.Message{PushName: "A\x00na"}, "Ana"},
		"invalid UTF-8": {content.Message{PushName: "A\xffna"}, "Ana"},
		"lines":         {content.Message{PushName: " Ana\n  Lima "}, "Ana Lima"},
		"too long":      {content.Message{PushName: strings.Repeat("é", 300)}, strings.Repeat("é", 255)},
		"blank":         {content.Message{PushName: " \x00 "}, "+5511888880002"},
		"none":          {content.Message{PushName: "-"}, "+5511888880002"},
		"own phone":     {content.Message{PushName: "Shop", FromMe: true}, "+5511888880002"},
		"a group":       {content.Message{PushName: "Ana", Group: true, Chat: content.Address{JID: "123@g.us"}}, "WhatsApp group 123"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, contactName(test.m, "+5511888880002"))
		})
	}
	require.Equal(t, "WhatsApp", contactName(content.Message{}, ""))
	hidden := content.Message{Chat: content.Address{JID: "824012345678901@lid"}}
	require.Equal(t, "WhatsApp …8901", contactName(hidden, ""), "two of them are told apart")
	require.True(t, isPlaceholderName("WhatsApp …8901", idmap.Chat{Aliases: []string{hidden.Chat.JID}}))
}

func TestK8_AContactWhoseNameShowsNothingIsCalledByItsNumber(t *testing.T) {
	t.Parallel()
	const phone = "+5511888880002"
	for _, name := range []string{"\u3164", "\u200b\u200e", "\u2800", "\u0301", "\ufe0f", "\u202e", "\u00a0", strings.Repeat("\u0301", 300) + "a"} {
		require.Equal(t, phone, contactName(content.Message{PushName: name}, phone), "%q", name)
		require.Equal(t, unnamedContact, contactName(content.Message{PushName: name}, ""), "%q", name)
		_, news := detectUpdate(idmap.Chat{Name: phone, Identifier: "5511888880002@s.whatsapp.net", Aliases: []string{"5511888880002@s.whatsapp.net"}}, content.Message{PushName: name})
		require.False(t, news, "%q", name)
	}
	require.Equal(t, "anA", contactName(content.Message{PushName: "\u202eanA"}, phone))
}

func TestR26_T08_OnlyWhatIsBlankOrStillOursIsChanged(t *testing.T) {
	t.Parallel()
	const lid, pn, phone = "77@lid", "5511888880002@s.whatsapp.net", "+5511888880002"
	both := []string{pn, lid}
	text := func(s *string) string {
		if s == nil {
			return "(left alone)"
		}
		return *s
	}
	const left = "(left alone)"
	for name, test := range map[string]struct {
		chat                    idmap.Chat
		now                     chatwoot.Contact
		news                    contactUpdate
		name, identifier, phone string
	}{
		"a stopgap gets the name": {
			idmap.Chat{Name: phone, Aliases: both}, chatwoot.Contact{Name: phone, Identifier: pn, Phone: phone}, contactUpdate{Name: "Ana"},
			"Ana", left, left,
		},
		"an agent was faster": {
			idmap.Chat{Name: phone, Aliases: both}, chatwoot.Contact{Name: "Mrs Lima", Identifier: pn, Phone: phone}, contactUpdate{Name: "Ana"},
			left, left, left,
		},
		"a number for a LID": {
			idmap.Chat{Name: "Ana", Aliases: both}, chatwoot.Contact{Name: "Ana", Identifier: lid}, contactUpdate{},
			left, pn, phone,
		},
		"another number for hers": {
			idmap.Chat{Name: "Ana", Identifier: pn, Aliases: []string{lid, "5511700000007@s.whatsapp.net"}, Former: []string{pn}, ByLID: true},
			chatwoot.Contact{Name: "Ana", Identifier: pn, Phone: phone}, contactUpdate{Lost: []string{pn}},
			left, lid, "+5511700000007",
		},
		"a number that is somebody else's now": {
			idmap.Chat{Name: "Ana", Identifier: pn, Aliases: []string{lid}, ByLID: true},
			chatwoot.Contact{Name: "Ana", Identifier: pn, Phone: phone}, contactUpdate{Lost: []string{pn}},
			left, lid, "",
		},
		"the only address is somebody else's now": {
			idmap.Chat{Name: "Ana", Identifier: pn}, chatwoot.Contact{Name: "Ana", Identifier: pn, Phone: phone}, contactUpdate{Lost: []string{pn}},
			left, "", "",
		},
		"a lost number, where the desk has written another": {
			idmap.Chat{Name: "Ana", Identifier: pn, Aliases: []string{lid}, ByLID: true},
			chatwoot.Contact{Name: "Ana", Identifier: "crm-7", Phone: "+49301234567"}, contactUpdate{Lost: []string{pn}},
			left, left, left,
		},
		"a number that is hers again": {
			idmap.Chat{Name: "Ana", Identifier: lid, Aliases: both, ByLID: true},
			chatwoot.Contact{Name: "Ana", Identifier: lid, Phone: phone}, contactUpdate{Lost: []string{pn}},
			left, left, left,
		},
		"somebody else's id and number": {
			idmap.Chat{Name: "Ana", Aliases: both}, chatwoot.Contact{Name: "Ana", Identifier: "crm-7", Phone: "+49301234567"}, contactUpdate{},
			left, left, left,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			update, changed := contactChange(test.chat, test.now, test.news)
			require.Equal(t, test.name, text(update.Name))
			require.Equal(t, test.identifier, text(update.Identifier))
			require.Equal(t, test.phone, text(update.Phone))
			require.Equal(t, changed, update.Attributes != nil)
		})
	}
}

func TestR30_UnknownKindsOfAddressesAreParked(t *testing.T) {
	t.Parallel()
	for jid, want := range map[string]bool{
		"5511888880002@s.whatsapp.net": true, "77@lid": true, "123-456@g.us": true, "13135550002@bot": true,
		"123@newsletter": false, "status@broadcast": false, "1234@broadcast": false, "1@msgr": false, "1@interop": false, "": false,
	} {
		require.Equal(t, want, IsCounterpart(jid), jid)
	}
}
