package content_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

func decodeSample(t *testing.T, name string) content.Message {
	t.Helper()
	m, err := content.Decode(samples(t)[name].envelope(t).Payload)
	require.NoError(t, err)
	return m
}

func decoded(t *testing.T, sent *waE2E.Message) content.Message {
	t.Helper()
	ana := types.NewJID("5511999990002", types.DefaultUserServer)
	e, err := content.MessageEnvelope(types.MessageInfo{ID: "3EB0A", MessageSource: types.MessageSource{Chat: ana, Sender: ana}}, sent,
		func(types.JID) types.JID { return types.EmptyJID })
	require.NoError(t, err)
	m, err := content.Decode(e.Payload)
	require.NoError(t, err)
	return m
}

func TestWhatSurroundsAContentIsDecoded(t *testing.T) {
	t.Parallel()
	mention := func(jid, name string) content.Marks {
		return content.Marks{Mentions: []content.Mention{{JID: jid, Name: name}}}
	}
	whole := content.Ad{Title: "Pão fresco todo dia", Body: "Fale com a gente e peça já.", URL: "https://www.instagram.com/p/AAAAAAAAAAA/", SourceID: "120000000000000001", ClickID: "dummyClid_AAAA"}
	for name, want := range map[string]content.Marks{
		"forwarded-1":          {Forwarded: content.ForwardedOnce},
		"forwarded-2":          {Forwarded: content.ForwardedOften},
		"newsletter-forward-1": {Forwarded: content.ForwardedOnce, Channel: "Canal Exemplo"},
		"newsletter-forward-2": {Forwarded: content.ForwardedOnce, Channel: "Canal Exemplo"},
		"text-mention-1":       mention("300000000000003@lid", ""),
		"text-mention-2":       {},
		"group-mention-1":      mention("120363000000000002@g.us", "Avisos"),
		"bot-invoke-1":         mention("100000000000777@bot", ""),
		"hd-twin-1":            {},
		"hd-twin-2":            {CopyOf: "AC76D8A4AB8D289EFD1DEABF73366C71"},
		"hd-twin-5":            {CopyOf: "AC83F352DD9A2E100FEA4D41D68483F8"},
		"album-child-1":        {Album: "AC5CEB7342BC2E31CF1B103E69DD82A5"},
		"album-child-2":        {Album: "AC5CEB7342BC2E31CF1B103E69DD82A5"},
		"motion-photo-1":       {},
		"ad-1":                 {Ad: &whole},
		"ad-2":                 {Ad: &content.Ad{}},
		"ad-4":                 {Ad: &whole},
		"ad-5":                 {},
		"ad-6":                 {},
		"ad-8":                 {},
		"text-link-preview-2":  {},
	} {
		require.Equal(t, want, decodeSample(t, name).Marks, name)
	}
	old := decodeSample(t, "context-fields-1").Ad
	require.Equal(t, []string{"Loja Exemplo", "Promoção"}, []string{old.Title, old.Body})
	require.NotEmpty(t, old.Picture)
}

func TestFilmsAndAlbumsAreNoMessagesOfTheirOwn(t *testing.T) {
	t.Parallel()
	require.Equal(t, content.Nothing{}, decodeSample(t, "motion-photo-2").Content)
	require.IsType(t, content.Media{}, decodeSample(t, "motion-photo-1").Content)
	require.Equal(t, content.Album{Pictures: 2}, decodeSample(t, "album-1").Content)
	header := decodeSample(t, "album-2")
	require.Equal(t, content.Album{Pictures: 3}, header.Content)
	require.Equal(t, "3EB0A574AFC18B7D9B7CE7", header.Quote.ID)

	film := &waE2E.Message{VideoMessage: &waE2E.VideoMessage{ContextInfo: &waE2E.ContextInfo{PairedMediaType: waE2E.ContextInfo_MOTION_PHOTO_CHILD.Enum()}}}
	require.Equal(t, content.Nothing{}, decoded(t, film).Content, "also without an association")
}

func TestAQuoteTellsWhomItsTextNames(t *testing.T) {
	t.Parallel()
	require.Equal(t, []content.Mention{{JID: "300000000000003@lid"}}, decodeSample(t, "quote-2").Quote.Mentions)
	require.Equal(t, "status@broadcast", decodeSample(t, "status-reply-1").Quote.Chat)
	require.Equal(t, "120363000000000001@g.us", decodeSample(t, "quote-18").Quote.Chat)
	require.IsType(t, content.ViewOnce{}, decodeSample(t, "quote-12").Quote.Content)
}

func TestTheAssociationOfWhatTheOwnPhoneSends(t *testing.T) {
	t.Parallel()
	for _, kind := range []waE2E.MessageAssociation_AssociationType{waE2E.MessageAssociation_HD_VIDEO_DUAL_UPLOAD, waE2E.MessageAssociation_HD_IMAGE_DUAL_UPLOAD} {
		inner := &waE2E.Message{
			MessageContextInfo: &waE2E.MessageContextInfo{MessageAssociation: &waE2E.MessageAssociation{
				AssociationType: kind.Enum(), ParentMessageKey: &waCommon.MessageKey{ID: proto.String("PARENT")},
			}},
			AssociatedChildMessage: &waE2E.FutureProofMessage{Message: &waE2E.Message{ImageMessage: &waE2E.ImageMessage{}}},
		}
		m := decoded(t, &waE2E.Message{DeviceSentMessage: &waE2E.DeviceSentMessage{Message: inner}})
		require.Equal(t, "PARENT", m.CopyOf)
		require.IsType(t, content.Media{}, m.Content)
	}
}

func TestOddMarksAreLeftOut(t *testing.T) {
	t.Parallel()
	var jids []string
	for range 10_000 {
		jids = append(jids, "1@lid")
	}
	m := decoded(t, &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: proto.String("x"), ContextInfo: &waE2E.ContextInfo{
		MentionedJID:  append([]string{"", "@lid", "abc@lid", "1", "55:3@s.whatsapp.net"}, jids...),
		GroupMentions: []*waE2E.GroupMention{nil, {}, {GroupJID: proto.String("1-2@g.us"), GroupSubject: proto.String("A\n\u202eB")}},
		ExternalAdReply: &waE2E.ContextInfo_ExternalAdReplyInfo{
			SourceID: proto.String("1"), Thumbnail: []byte("<svg/>"), Title: proto.String("a\x00\xff"),
		},
	}}})
	require.Len(t, m.Mentions, 2048)
	require.Equal(t, []content.Mention{{JID: "1-2@g.us", Name: "A B"}, {JID: "55@s.whatsapp.net"}, {JID: "1@lid"}}, m.Mentions[:3])
	require.Equal(t, &content.Ad{SourceID: "1", Title: "a\uFFFD"}, m.Ad)
}

// A card without a text is not empty.
func TestALinkWithoutATextIsShown(t *testing.T) {
	t.Parallel()
	m := decoded(t, &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: proto.String(""), MatchedText: proto.String("https://a.b"), Title: proto.String("A")}})
	require.Equal(t, content.Text{Text: "https://a.b"}, m.Content)
}
