package content_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

func TestTheTimerOfAChatIsReadFromItsMessages(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]*content.ChatTimer{
		"ephemeral-1":    {Seconds: 604800, Set: time.Unix(1789999950, 0).UTC()},
		"ephemeral-2":    nil,
		"timer-change-1": {Seconds: 86400, Set: time.Unix(1790000000, 0).UTC()},
		"timer-change-2": {Seconds: 0, Set: time.Unix(1790000060, 0).UTC()},
		"timer-change-4": {Seconds: 86400, Set: time.Unix(1790000000, 0).UTC()},
	} {
		raw, err := os.ReadFile(filepath.Join("testdata", "timer", name+".json"))
		require.NoError(t, err)
		var s sample
		require.NoError(t, json.Unmarshal(raw, &s), name)
		m, err := content.Decode(s.envelope(t).Payload)
		require.NoError(t, err)
		require.Equal(t, want, m.Timer, name)
	}
}

func TestWhatSurroundsAMessageIsInEveryKind(t *testing.T) {
	t.Parallel()
	up := &content.Upload{URL: "u", DirectPath: "d"}
	timer := &content.ChatTimer{Seconds: 86400, Set: time.Unix(1790000000, 0)}
	card := content.OutgoingCard{Name: "Ana", VCard: "BEGIN:VCARD\nFN:Ana\nEND:VCARD"}
	for name, o := range map[string]content.Outgoing{
		"text":     {Text: "hi"},
		"image":    {Media: &content.OutgoingMedia{Kind: content.Image}},
		"video":    {Media: &content.OutgoingMedia{Kind: content.Video}},
		"voice":    {Media: &content.OutgoingMedia{Kind: content.Voice}},
		"document": {Media: &content.OutgoingMedia{Kind: content.Document}, Text: "hi"},
		"place":    {Location: &content.Place{Latitude: 1, Longitude: 2, Name: "Here"}},
		"contact":  {Contacts: []content.OutgoingCard{card}},
		"contacts": {Contacts: []content.OutgoingCard{card, card}},
	} {
		bare, err := content.Encode(o, up)
		require.NoError(t, err)
		require.Nil(t, contextOf(bare), name)
		o.Timer, o.Quote, o.Mentions, o.Everybody = timer, &content.OutgoingQuote{ID: "Q", Sender: "1@lid"}, []string{"2@lid"}, true
		m, err := content.Encode(o, up)
		require.NoError(t, err)
		want := &waE2E.ContextInfo{
			StanzaID: proto.String("Q"), Participant: proto.String("1@lid"), QuotedMessage: &waE2E.Message{Conversation: proto.String("")},
			MentionedJID: []string{"2@lid"}, NonJIDMentions: proto.Uint32(1), Expiration: proto.Uint32(86400), EphemeralSettingTimestamp: proto.Int64(1790000000),
		}
		require.True(t, proto.Equal(want, contextOf(m)), name)
		again, err := content.Encode(o, up)
		require.NoError(t, err)
		require.True(t, proto.Equal(m, again), name)
	}
}

// contextOf is what surrounds an encoded message, of whatever kind.
func contextOf(m *waE2E.Message) *waE2E.ContextInfo {
	if inner := m.GetDocumentWithCaptionMessage().GetMessage(); inner != nil {
		m = inner
	}
	for _, c := range []*waE2E.ContextInfo{
		m.GetExtendedTextMessage().GetContextInfo(), m.GetImageMessage().GetContextInfo(), m.GetVideoMessage().GetContextInfo(), m.GetAudioMessage().GetContextInfo(),
		m.GetDocumentMessage().GetContextInfo(), m.GetLocationMessage().GetContextInfo(), m.GetContactMessage().GetContextInfo(), m.GetContactsArrayMessage().GetContextInfo(),
	} {
		if c != nil {
			return c
		}
	}
	return nil
}

func TestPlacesContactsAndPreviewsAreEncoded(t *testing.T) {
	t.Parallel()
	m, err := content.Encode(content.Outgoing{Text: "see https://a.example", Preview: &content.Preview{Link: "https://a.example", Title: "A", Description: "B", Thumbnail: []byte{1}}}, nil)
	require.NoError(t, err)
	text := m.GetExtendedTextMessage()
	require.Equal(t, []string{"see https://a.example", "https://a.example", "A", "B"}, []string{text.GetText(), text.GetMatchedText(), text.GetTitle(), text.GetDescription()})
	require.Equal(t, []byte{1}, text.GetJPEGThumbnail())
	m, err = content.Encode(content.Outgoing{Location: &content.Place{Latitude: -23.5, Longitude: 0}}, nil)
	require.NoError(t, err)
	require.Equal(t, -23.5, m.GetLocationMessage().GetDegreesLatitude())
	require.NotNil(t, m.GetLocationMessage().DegreesLongitude, "0 is a longitude")
	require.Nil(t, m.GetLocationMessage().Name)
	m, err = content.Encode(content.Outgoing{Contacts: []content.OutgoingCard{{Name: "Ana", VCard: "a"}, {Name: "Bia", VCard: "b"}}}, nil)
	require.NoError(t, err)
	require.Len(t, m.GetContactsArrayMessage().GetContacts(), 2)
	require.Equal(t, "b", m.GetContactsArrayMessage().GetContacts()[1].GetVcard())
}
