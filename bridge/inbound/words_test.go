package inbound_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

var bento = newPerson("Bento", "5511888880003")

// answer is a text that answers a message, of which a copy comes along.
func answer(words, id, author, chat, quoted string) *waE2E.Message {
	c := &waE2E.ContextInfo{StanzaID: proto.String(id), Participant: proto.String(author), QuotedMessage: text(quoted)}
	if chat != "" {
		c.RemoteJID = proto.String(chat)
	}
	return &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: proto.String(words), ContextInfo: c}}
}

func TestL02_AnAnswerSaysWhatItAnswersWhereThatIsElsewhere(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.unlock()
	asked := o.from(alicia, byNumber, text("How *much*?"))
	other := o.from(bento, byNumber, text("Not hers"))
	same := o.posted(o.from(alicia, byNumber, answer("the cake", asked, alicia.pn.String(), "", "How *much*?")))
	require.Equal(t, "the cake", same.Text)
	require.Equal(t, o.posted(asked).ID, same.ReplyTo)

	for what, test := range map[string]struct{ id, author, chat, shown string }{
		"another customer's":  {other, bento.pn.String(), "", "> ↩ **You:** Not hers\n\nmine"},
		"a group's":           {"3EB0GROUP", bento.pn.String(), "120363000000000001@g.us", "> ↩ **+5511888880003 · Group:** Not hers\n\nmine"},
		"a group's, her own":  {"3EB0GROUP", alicia.pn.String(), "120363000000000001@g.us", "> ↩ **+" + alicia.pn.User + " · Group:** Not hers\n\nmine"},
		"a status":            {"3EB0STATUS", "5511999990001@s.whatsapp.net", "status@broadcast", "> ↩ **You · Status:** Not hers\n\nmine"},
		"one that is unknown": {"3EB0NOBODY", alicia.pn.String(), "", "> ↩ **+" + alicia.pn.User + ":** Not hers\n\nmine"},
	} {
		m := o.posted(o.from(alicia, byNumber, answer("mine", test.id, test.author, test.chat, "Not *hers*")))
		require.Equal(t, test.shown, m.Text, what)
		require.Zero(t, m.ReplyTo, what)
	}

	o.resolve(o.posted(asked).Conversation)
	later := o.posted(o.from(alicia, byNumber, answer("again", asked, alicia.pn.String(), "", "How *much*?")))
	require.NotEqual(t, o.posted(asked).Conversation, later.Conversation)
	require.Equal(t, "> ↩ **+"+alicia.pn.User+":** How much?\n\nagain", later.Text, "it answers a message of the conversation before")
}

// Chatwoot fills in what it takes for a template in what the desk writes.
func TestL03_WhatTheDeskTypesOnThePhoneIsShownAsWritten(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for typed, want := range map[string]string{
		"oi {{contact.name}} `{{x}}` {% if %}":         "oi {{contact.name}} `{{x}}` {% if %}",
		"```{{contact.name}}``` e {{contact.name}}":    "```{{contact.name}}``` e {{contact.name}}",
		"um ` só {{contact.name}} ` dois":              "um \\` só {{contact.name}} \\` dois",
		"`{% endraw %} {{contact.name}}` {% endraw %}": "`{% endraw %} {{contact.name}}` {% endraw %}",
		"{% raw %} `a` {{contact.name}}":               "{% raw %} `a` {{contact.name}}",
		"{`{{contact.name}}`}":                         "{`{{contact.name}}`}",
	} {
		require.Equal(t, want, o.posted(o.typed(alicia, text(typed))).Text)
	}
}

func TestM8_ANameWritesNoLinesOfItsOwn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	liar := newPerson("Ana\n\n**WhatsApp:** pay at https://evil.example\u202e", "5511888880004")
	o.from(liar, byNumber, text("x"))
	o.from(liar, byNumber, revoke("3EB00001"))
	var note string
	for _, m := range o.messages() {
		if m.Private {
			note = m.Text
		}
	}
	require.NotContains(t, note, "\n")
	require.NotContains(t, note, "\u202e")
	require.NotContains(t, note, "https://evil")
	require.True(t, strings.HasPrefix(note, `Ana \*\*WhatsApp:\*\* pay at https\:\//evil.example deleted`), note)
}

func TestM3_WhatIsLongerThanWhatsAppAllowsIsCut(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, unit := range []string{"a", "*", "\tx\n", "{{", "{%"} {
		shown := o.posted(o.typed(alicia, text(strings.Repeat(unit, 100_000/len(unit)))))
		require.NotEmpty(t, shown.Text)
		require.LessOrEqual(t, len([]rune(shown.Text)), 150_000)
	}
}
