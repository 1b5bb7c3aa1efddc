package inbound_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

var jpeg = []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00")

// set changes the line's settings while it runs.
func (o *office) set(change func(*lines.Settings)) {
	record := o.line.Inbox.Record()
	change(&record.Settings)
	o.line.Inbox.Update(record)
}

// belonging is a file that belongs to another message, in a wrapper or without.
func belonging(kind waE2E.MessageAssociation_AssociationType, to string, wrapped bool, file *waE2E.Message) *waE2E.Message {
	if wrapped {
		file = &waE2E.Message{AssociatedChildMessage: &waE2E.FutureProofMessage{Message: file}}
	}
	file.MessageContextInfo = &waE2E.MessageContextInfo{MessageAssociation: &waE2E.MessageAssociation{
		AssociationType: kind.Enum(), ParentMessageKey: &waCommon.MessageKey{ID: proto.String(to)},
	}}
	return file
}

func TestAPictureInTwoQualitiesIsOne(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const hd = waE2E.MessageAssociation_HD_IMAGE_DUAL_UPLOAD
	first := o.from(alicia, byBoth, o.image(jpeg, "look"))
	o.from(alicia, byBoth, belonging(hd, first, true, o.image(jpeg, "look")))
	require.Equal(t, []string{"look"}, o.incoming())

	// The first one was lost: then the second stands for it, whatever follows.
	o.from(alicia, byBoth, belonging(hd, "3EB00004", true, o.image(jpeg, "lost")))
	require.Equal(t, "3EB00004", o.from(alicia, byBoth, o.image(jpeg, "lost")))
	require.Equal(t, []string{"look", "lost"}, o.incoming())

	// Nobody replaces what another one has written.
	other := o.from(bento, byBoth, belonging(hd, first, true, o.image(jpeg, "mine")))
	require.NotEqual(t, first, other)
	require.Len(t, o.incoming(), 3)
	o.from(alicia, byBoth, belonging(waE2E.MessageAssociation_MOTION_PHOTO, first, true, o.video([]byte("film"), "", false)))
	require.Len(t, o.incoming(), 3)
}

func TestAnAlbumAnswersWhatItsHeaderAnswers(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	asked := o.from(alicia, byBoth, text("photos?"))
	header := o.from(alicia, byBoth, &waE2E.Message{AlbumMessage: &waE2E.AlbumMessage{
		ExpectedImageCount: proto.Uint32(2), ContextInfo: &waE2E.ContextInfo{StanzaID: proto.String(asked), Participant: proto.String(alicia.pn.String())},
	}})
	require.Equal(t, []string{"photos?"}, o.incoming(), "a header is nothing to see")
	const album = waE2E.MessageAssociation_MEDIA_ALBUM
	first := o.posted(o.from(alicia, byBoth, belonging(album, header, true, o.image(jpeg, ""))))
	second := o.posted(o.from(alicia, byBoth, belonging(album, header, false, o.image(jpeg, "two"))))
	require.Equal(t, o.posted(asked).ID, first.ReplyTo)
	require.Zero(t, second.ReplyTo)
	require.Equal(t, []string{"photos?", "", "two"}, o.incoming())

	reply := answer("nice", header, alicia.pn.String(), "", "")
	reply.ExtendedTextMessage.ContextInfo.QuotedMessage = &waE2E.Message{AlbumMessage: &waE2E.AlbumMessage{}}
	answered := o.posted(o.from(alicia, byBoth, reply))
	require.Equal(t, first.ID, answered.ReplyTo)
	require.Equal(t, "nice", answered.Text)

	unknown := o.posted(o.from(alicia, byBoth, belonging(album, "3EB0NOBODY", true, o.image(jpeg, ""))))
	require.Empty(t, unknown.Text, "files of an album without a header")
}

func TestPeopleAreNamed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.files.people = map[string]content.Person{"300000000000003@lid": {Name: "Bruno"}, "100000000000001@lid": {Own: true}}
	m := answer("@300000000000003 @999999999999999", "3EB0NOBODY", "300000000000003@lid", "", "@300000000000003?")
	mentioned := []string{"300000000000003@lid", "999999999999999@lid"}
	m.ExtendedTextMessage.ContextInfo.MentionedJID = mentioned
	m.ExtendedTextMessage.ContextInfo.QuotedMessage = &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{
		Text: proto.String("@300000000000003?"), ContextInfo: &waE2E.ContextInfo{MentionedJID: mentioned},
	}}
	require.Equal(t, "> ↩ **Bruno:** \\@Bruno?\n\n@Bruno @someone", o.posted(o.from(alicia, byBoth, m)).Text)
	own := answer("Oi", "3EB0NOBODY", "100000000000001@lid", "status@broadcast", "Torta")
	require.Equal(t, "> ↩ **You · Status:** Torta\n\nOi", o.posted(o.from(alicia, byBoth, own)).Text)
}

func TestAForwardedPhotoStaysBare(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	photo := o.image(jpeg, "")
	photo.ImageMessage.ContextInfo = &waE2E.ContextInfo{IsForwarded: proto.Bool(true), ForwardingScore: proto.Uint32(7)}
	o.set(func(s *lines.Settings) { s.Events = lines.EventsPill })
	id := o.from(alicia, byBoth, photo)
	require.Equal(t, "activity", o.posted(id+"#forwarded").Kind)
	require.Equal(t, "Forwarded many times", o.posted(id+"#forwarded").Text)
	require.Less(t, o.posted(id+"#forwarded").ID, o.posted(id).ID)
	require.Empty(t, o.posted(id).Text)
	require.Len(t, o.posted(id).Files, 1)
}

// fromAd is the first message of somebody who pressed an ad's button.
func fromAd(words, source string, picture []byte) *waE2E.Message {
	return &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: proto.String(words), ContextInfo: &waE2E.ContextInfo{
		ExternalAdReply: &waE2E.ContextInfo_ExternalAdReplyInfo{
			Title: proto.String("Pão"), Body: proto.String("Peça já."), SourceType: proto.String("ad"), SourceID: proto.String(source),
			SourceURL: proto.String("https://ads.example/" + source), CtwaClid: proto.String("click " + source), Thumbnail: picture,
		},
	}}}
}

func TestAnAdIsKeptWithTheContactAndTheConversation(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.from(alicia, byBoth, fromAd("", "1", jpeg))
	require.Equal(t, "📣 **From an ad**", o.posted(id).Text, "it wakes the conversation")
	note := o.posted(id + "#ad")
	require.True(t, note.Private)
	require.Zero(t, note.ReplyTo)
	require.Equal(t, "📣 **From an ad: Pão**\nPeça já.\n[Open the ad](https://ads.example/1)", note.Text)
	require.Len(t, note.Files, 1)

	client, ctx := o.line.Inbox.Client(), t.Context()
	contact, conversation := chatwoot.ContactID(o.contact().ID), chatwoot.ConversationID(note.Conversation)
	there, err := client.ContactAttributes(ctx, contact)
	require.NoError(t, err)
	require.JSONEq(t, `"click 1"`, string(there["ctwa_clid"]))
	seen := there["ad_first_seen"]
	require.NotEmpty(t, seen)
	require.NoError(t, client.SetConversationAttributes(ctx, conversation, chatwoot.CustomAttributes{"theirs": json.RawMessage("7"), "ad_first_seen": json.RawMessage(`"long ago"`)}))

	o.from(alicia, byBoth, fromAd("again", "2", []byte("no picture")))
	there, err = client.ContactAttributes(ctx, contact)
	require.NoError(t, err)
	require.JSONEq(t, `"2"`, string(there["ad_source_id"]))
	require.Equal(t, seen, there["ad_first_seen"])
	require.Contains(t, there, "whatsapp_lid", "what else is there stays")
	there, err = client.ConversationAttributes(ctx, conversation)
	require.NoError(t, err)
	require.JSONEq(t, `"https://ads.example/2"`, string(there["ad_source_url"]))
	require.JSONEq(t, `"long ago"`, string(there["ad_first_seen"]))
	require.JSONEq(t, "7", string(there["theirs"]))
}

func TestADeletedMessageIsErasedWhereTheLineHasItSo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.set(func(s *lines.Settings) { s.Deletes = lines.DeletesErase })
	id := o.from(alicia, byBoth, text("secret"))
	other := o.from(bento, byBoth, text("his"))
	count := len(o.messages())
	o.from(alicia, byBoth, revoke(id))
	o.from(alicia, byBoth, revoke(id))
	o.from(alicia, byBoth, revoke(other))
	o.from(alicia, byBoth, revoke("3EB0NOBODY"))
	require.True(t, o.posted(id).Deleted)
	require.False(t, o.posted(other).Deleted)
	require.Len(t, o.messages(), count, "and no note")

	typed := o.typed(alicia, text("from the phone"))
	o.typed(alicia, revoke(typed))
	require.True(t, o.posted(typed).Deleted)

	o.set(func(s *lines.Settings) { s.Deletes = lines.DeletesNote })
	kept := o.from(alicia, byBoth, text("kept"))
	note := o.posted(o.from(alicia, byBoth, revoke(kept)))
	require.False(t, o.posted(kept).Deleted)
	require.Equal(t, o.posted(kept).ID, note.ReplyTo)
}

func TestWhatTheOwnPhoneWritesIsShownAsTheLineHasIt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	customers := o.from(alicia, byBoth, text("hello"))
	require.True(t, o.posted(o.typed(alicia, text("one"))).Echo)
	o.set(func(s *lines.Settings) { s.OwnMessages = lines.OwnMessagesNote })
	require.True(t, o.posted(o.typed(alicia, text("two"))).Private)
	o.set(func(s *lines.Settings) { s.OwnMessages = lines.OwnMessagesOff })
	count := len(o.messages())
	hidden := o.typed(alicia, text("three"))
	o.typed(alicia, o.image(jpeg, "four"))
	o.typed(alicia, revoke(hidden))
	require.Len(t, o.messages(), count)
	o.from(alicia, byBoth, text("hello again"))
	require.Len(t, o.messages(), count+1, "what customers write comes")
	_ = customers
}

func TestFilesAreShownAsTheLineHasThem(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	once := func() *waE2E.Message {
		return &waE2E.Message{ViewOnceMessageV2: &waE2E.FutureProofMessage{Message: o.image(jpeg, "once")}}
	}
	require.Empty(t, o.posted(o.from(alicia, byBoth, once())).Files)
	o.set(func(s *lines.Settings) { s.ViewOnce, s.Captions = lines.ViewOnceShow, lines.CaptionsApart })
	id := o.from(alicia, byBoth, once())
	require.Len(t, o.posted(id).Files, 1)
	require.Empty(t, o.posted(id).Text)
	require.Equal(t, "once", o.posted(id+"#caption").Text)
	require.Equal(t, o.posted(id).ID, o.posted(id+"#caption").ReplyTo)

	o.files.failures = []error{media.ErrNoRoom}
	id = o.from(alicia, byBoth, once())
	require.Len(t, o.posted(id+"#file").Files, 1, "a file that may be seen once follows, too")
	require.Equal(t, "once", o.posted(id+"#caption").Text)
}

func TestAPostOfAChannelIsAMessage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	channel := types.NewJID("120363000000000009", types.NewsletterServer)
	info := types.MessageInfo{MessageSource: types.MessageSource{Chat: channel, Sender: channel}, ID: "3EB0POST", Timestamp: o.line.Clock()}
	o.accept(content.MessageEnvelope(info, text("news"), nobodyElse))
	require.Empty(t, o.drain())
	require.Equal(t, "news", o.posted("3EB0POST").Text)
	require.Equal(t, "WhatsApp channel 120363000000000009", o.contact().Name)
}
