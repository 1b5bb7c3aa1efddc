package outbound_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

const bakers = "120363010000000001@g.us"

// set changes the line's settings.
func (o *office) set(change func(*lines.Settings)) {
	record := o.line.Inbox.Record()
	change(&record.Settings)
	o.line.Inbox.Update(record)
}

// setTimer is what the way in does when a chat's timer is told.
func (o *office) setTimer(seconds, at int64) {
	o.t.Helper()
	chat, err := o.line.IDs.ChatByConversation(o.t.Context(), linetest.ID, int64(o.conversation))
	require.NoError(o.t, err)
	o.line.InTx(func(ctx context.Context, tx *sql.Tx) error {
		return o.line.IDs.SetTimer(ctx, tx, linetest.ID, chat.ID, seconds, at)
	})
}

// joinBakers lets the office write to a group.
func (o *office) joinBakers(members ...content.Member) {
	o.t.Helper()
	o.phone.group = content.Group{Members: members}
	o.line.Know(bakers, int64(o.conversation)+1)
	group, err := o.AddContact("name", "Bakers")
	require.NoError(o.t, err)
	began, err := o.StartConversation(o.Inboxes()[0].ID, group.ID, "hello")
	require.NoError(o.t, err)
	o.conversation = began.Conversation
	require.Empty(o.t, o.drain())
	require.Equal(o.t, bakers, o.phone.sent[len(o.phone.sent)-1].To)
	o.phone.sent = nil
}

// repeats lets a message fail once while its text is on the way, then changes what it
// was made of, and gives what is sent at the second attempt.
func (o *office) repeats(text string, change func()) (first, second content.Outgoing) {
	o.t.Helper()
	failed := false
	o.phone.refuse = func(out content.Outgoing) error {
		if failed {
			return nil
		}
		failed, first = true, out
		return errors.New("the connection broke")
	}
	o.write(text)
	require.NotEmpty(o.t, o.drain())
	change()
	require.Empty(o.t, o.drain())
	require.Len(o.t, o.phone.sent, 1)
	o.phone.refuse = nil
	second = o.phone.sent[0].Outgoing
	o.phone.sent = nil
	return first, second
}

func TestRepliesHaveTheChatsTimerAndARepeatHasTheSame(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.say("before")
	require.Nil(t, o.phone.sent[0].Timer)
	o.phone.sent = nil
	o.setTimer(86400, 1_790_000_000)
	o.say("now")
	day := &content.ChatTimer{Seconds: 86400, Set: time.Unix(1_790_000_000, 0).UTC()}
	require.Equal(t, day, o.phone.sent[0].Timer)
	o.phone.sent = nil
	first, second := o.repeats("again", func() { o.setTimer(0, 1_790_000_060) })
	require.Equal(t, day, first.Timer)
	require.Equal(t, first, second, "what was decided is what is repeated")
	o.say("off")
	require.Nil(t, o.phone.sent[0].Timer)
	o.setTimer(604800, 1_790_000_030)
	o.say("an older choice changes nothing")
	require.Nil(t, o.phone.sent[1].Timer)
}

func TestAFilesPartsHaveTheTimerToo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setTimer(604800, 1_790_000_000)
	o.say("two", chatwoottest.WithFile("1.pdf", pdf, []byte("%PDF-1")), chatwoottest.WithFile("2.pdf", pdf, []byte("%PDF-2")))
	require.Len(t, o.phone.sent, 2)
	for _, sent := range o.phone.sent {
		require.EqualValues(t, 604800, sent.Timer.Seconds)
	}
}

func TestAgentsAreNamedAsTheSettingsSay(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	bia := o.AddAgent(1, chatwoottest.UserSpec{Name: "Bia"})
	o.say("by the first")
	require.Equal(t, []string{"by the first"}, o.phone.texts(), "off at first")
	const name = "Ana"
	say := func(options ...chatwoottest.MessageOption) string {
		o.phone.sent = nil
		o.say("hi", options...)
		return o.phone.sent[0].Text
	}
	o.set(func(s *lines.Settings) { s.Signature = lines.SignatureName })
	require.Equal(t, "*"+name+":*\nhi", say())
	require.Equal(t, "*Bia:*\nhi", say(chatwoottest.By(bia)))
	require.Equal(t, "hi", say(chatwoottest.ByNobody()), "automation signs nothing")
	o.set(func(s *lines.Settings) { s.Signature, s.SignatureTemplate = lines.SignatureTemplate, "_{name}, Acme_" })
	require.Equal(t, "_Bia, Acme_\nhi", say(chatwoottest.By(bia)))
	require.Equal(t, "_Bia, Acme_\nhi", say(chatwoottest.By(bia)))
	o.set(func(s *lines.Settings) { s.SignatureWhen = lines.SignAgentChanged })
	require.Equal(t, "hi", say(chatwoottest.By(bia)), "she signed the one before")
	require.Equal(t, "_"+name+", Acme_\nhi", say())
	require.Equal(t, "hi", say())
	require.Equal(t, "_Bia, Acme_\nhi", say(chatwoottest.By(bia)))
	o.phone.sent = nil
	first, second := o.repeats("changed back", func() {
		o.set(func(s *lines.Settings) { s.Signature = lines.SignatureOff })
	})
	require.Equal(t, "_"+name+", Acme_\nchanged back", first.Text)
	require.Equal(t, first, second)
}

func TestMembersAreMentionedAndARepeatNamesTheSame(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	joao := content.Member{JID: "200000000000003@lid", Alt: "5511888880003@s.whatsapp.net", Names: []string{"João Lima"}}
	rita := content.Member{JID: "200000000000004@lid", Names: []string{"Rita"}}
	o.joinBakers(joao, rita)
	o.say("Hi @joão lima, see @+5511888880003 and x@rita.example")
	require.Equal(t, "Hi @200000000000003, see @200000000000003 and x@rita.example", o.phone.sent[0].Text)
	require.Equal(t, []string{joao.JID}, o.phone.sent[0].Mentions)
	o.phone.sent = nil
	first, second := o.repeats("@all: @Rita is here", func() { o.phone.group = content.Group{} })
	require.Equal(t, "@all: @200000000000004 is here", first.Text)
	require.True(t, first.Everybody)
	require.Equal(t, []string{joao.JID, rita.JID}, first.Mentions)
	require.Equal(t, first, second)
}

func TestAGroupsTimerIsWhatWhatsAppSays(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.joinBakers(content.Member{JID: "200000000000003@lid"})
	o.setTimer(604800, 1_790_000_000)
	o.phone.group.Timer = 86400
	o.say("hi")
	require.Equal(t, &content.ChatTimer{Seconds: 86400}, o.phone.sent[0].Timer)
	o.phone.group = content.Group{} // it did not say anything
	o.say("hi")
	require.EqualValues(t, 604800, o.phone.sent[1].Timer.Seconds)
	o.phone.group = content.Group{TimerChanged: time.Unix(1_790_000_001, 0)}
	o.say("hi")
	require.Nil(t, o.phone.sent[2].Timer, "it was switched off since")
}

func TestAMapLinkAloneIsAPlaceAndContactFilesAreContacts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.set(func(s *lines.Settings) { s.Signature = lines.SignatureName })
	o.say("https://www.google.com/maps?q=-23.5505,-46.6333")
	require.Equal(t, &content.Place{Latitude: -23.5505, Longitude: -46.6333}, o.phone.sent[0].Location)
	require.Empty(t, o.phone.sent[0].Text, "nothing is signed that is no text")
	o.phone.sent = nil
	card := "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Rita\r\nTEL:+5511888880004\r\nEND:VCARD\r\n"
	o.say("call her", chatwoottest.WithFile("rita.vcf", "text/vcard", []byte(card)))
	require.Len(t, o.phone.sent, 2)
	require.Contains(t, o.phone.sent[0].Text, "call her")
	require.Equal(t, []content.OutgoingCard{{Name: "Rita", VCard: "BEGIN:VCARD\nVERSION:3.0\nFN:Rita\nTEL:+5511888880004\nEND:VCARD"}}, o.phone.sent[1].Contacts)
	o.phone.sent = nil
	o.say("", chatwoottest.WithFile("two.vcf", "text/x-vcard", []byte(card+card)))
	require.Len(t, o.phone.sent[0].Contacts, 2)
	o.phone.sent = nil
	o.say("", chatwoottest.WithFile("broken.vcf", "text/vcard", []byte("BEGIN:VCARD\r\nFN:x\r\n")))
	require.Equal(t, []string{"document"}, o.phone.kinds())
}

// pages tells of links what it is made of.
type pages struct{ title string }

func (p *pages) Of(_ context.Context, link string) *content.Preview {
	if p.title == "" {
		return nil
	}
	return &content.Preview{Link: link, Title: p.title, Thumbnail: []byte{0xff, 0xd8}}
}

func TestALinksPreviewIsRepeatedAsItWas(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := &pages{title: "Our shop"}
	o.out.Previews = p
	first, second := o.repeats("see https://shop.example/a.", func() { p.title = "Something else" })
	require.Equal(t, &content.Preview{Link: "https://shop.example/a", Title: "Our shop", Thumbnail: []byte{0xff, 0xd8}}, first.Preview)
	require.Equal(t, first, second)
	p.title = ""
	first, second = o.repeats("see https://shop.example/b", func() { p.title = "Back again" })
	require.Nil(t, first.Preview)
	require.Equal(t, first, second, "also that there was nothing")
	o.set(func(s *lines.Settings) { s.LinkPreviews = lines.LinkPreviewsOff })
	o.say("see https://shop.example/a")
	require.Nil(t, o.phone.sent[0].Preview)
}
