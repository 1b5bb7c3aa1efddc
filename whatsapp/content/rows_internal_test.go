package content

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"
)

func noAlternate(types.JID) types.JID { return types.EmptyJID }

func stored(t *testing.T, m *waE2E.Message) Envelope {
	t.Helper()
	alice := types.NewJID("5511888880002", types.DefaultUserServer)
	info := types.MessageInfo{ID: "A1", Timestamp: time.Unix(1_800_000_000, 0), MessageSource: types.MessageSource{Chat: alice, Sender: alice}}
	e, err := MessageEnvelope(info, m, noAlternate)
	require.NoError(t, err)
	return e
}

func TestD06_WhatIsStoredIsTheWholeMessage(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]*waE2E.Message{
		"location": {LocationMessage: &waE2E.LocationMessage{
			DegreesLatitude: proto.Float64(-23.5), DegreesLongitude: proto.Float64(-46.6), Name: proto.String("Praça"), Address: proto.String("Rua 1"),
			URL: proto.String("https://example.com"), AccuracyInMeters: proto.Uint32(7), JPEGThumbnail: []byte{1, 2},
		}},
		"list": {ListMessage: &waE2E.ListMessage{Title: proto.String("Menu"), ButtonText: proto.String("open"), Sections: []*waE2E.ListMessage_Section{
			{Title: proto.String("Cakes"), Rows: []*waE2E.ListMessage_Row{{Title: proto.String("Carrot"), RowID: proto.String("c1")}}},
		}}},
		"list answer": {ListResponseMessage: &waE2E.ListResponseMessage{
			Title: proto.String("Carrot"), SingleSelectReply: &waE2E.ListResponseMessage_SingleSelectReply{SelectedRowID: proto.String("c1")},
		}},
		"order": {OrderMessage: &waE2E.OrderMessage{
			OrderID: proto.String("77"), ItemCount: proto.Int32(2), TotalAmount1000: proto.Int64(12_500), TotalCurrencyCode: proto.String("BRL"), Token: proto.String("t"),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var p payload
			require.NoError(t, json.Unmarshal(stored(t, m).Payload, &p))
			var back waE2E.Message
			require.NoError(t, proto.Unmarshal(p.Proto, &back))
			require.True(t, proto.Equal(m, &back), "every field is there for a retry, and for a later release")
		})
	}
}

func TestD11_TheTextOfAnAdsFirstMessageNeedsNoThumbnail(t *testing.T) {
	t.Parallel()
	for name, ad := range map[string]*waE2E.ContextInfo_ExternalAdReplyInfo{
		"a thumbnail to fetch": {Title: proto.String("Cakes"), ThumbnailURL: proto.String("https://gone.example.com/x.jpg"), SourceURL: proto.String("https://example.com/ad")},
		"a broken thumbnail":   {Title: proto.String("Cakes"), Thumbnail: []byte("not a picture")},
		"none":                 {SourceID: proto.String("1")},
	} {
		m, err := Decode(stored(t, &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{
			Text: proto.String("Is this still available?"), ContextInfo: &waE2E.ContextInfo{ExternalAdReply: ad},
		}}).Payload)
		require.NoError(t, err, name)
		require.Equal(t, Text{"Is this still available?"}, m.Content, name)
	}
}

func TestD18_AnIDIsTheSameAtEveryAttempt(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, line := range []string{"l1", "l2"} {
		for _, action := range []string{"send", "revoke"} {
			for message := range int64(30) {
				for part := range 3 {
					id := MessageID(line, action, message, part, 0)
					require.Equal(t, id, MessageID(line, action, message, part, 0))
					require.Regexp(t, `^3EB0[0-9A-F]{18}$`, id)
					require.False(t, seen[id], "%s %s %d %d", line, action, message, part)
					seen[id] = true
				}
			}
		}
	}
	// Messages of an earlier release were sent under these ids.
	require.Equal(t, "3EB0F7D858EE121E09BAC8", MessageID("l1", "send", 1, 0, 0))
}

func TestT09_AMessageWithAGivenIDHasAnIDOfItsOwn(t *testing.T) {
	t.Parallel()
	require.NotEqual(t, MessageID("l1", "send", 1, 0, 0), MessageID("l1", "send", 1, 0, 1))
	require.NotEqual(t, MessageID("l1", "send", 1, 0, 1), MessageID("l1", "send", 1, 0, 2))
	require.NotEqual(t, MessageID("l1", "send", 1, 0, 1), MessageID("l1", "send", 1, 1, 0))
}

func TestD27_OnlyTheCustomersReceiptsTellAgentsAnything(t *testing.T) {
	t.Parallel()
	alice, own := types.NewJID("5511888880002", types.DefaultUserServer), types.NewJID("5511999990001", types.DefaultUserServer)
	for _, tc := range []struct {
		kind   types.ReceiptType
		fromMe bool
		want   ReceiptKind // empty: none
	}{
		{types.ReceiptTypeDelivered, false, ReceiptDelivered},
		{types.ReceiptTypeRead, false, ReceiptRead},
		{types.ReceiptTypePlayed, false, ReceiptRead},
		{types.ReceiptTypeReadSelf, false, ""},
		{types.ReceiptTypePlayedSelf, false, ""},
		{types.ReceiptTypeReadSelf, true, ""},
		{types.ReceiptTypeRead, true, ""}, // read on the own phone
		{types.ReceiptTypeDelivered, true, ""},
		{types.ReceiptTypeSender, false, ""},
		{types.ReceiptTypeRetry, false, ""},
		{types.ReceiptTypeInactive, false, ""},
		{types.ReceiptTypeServerError, false, ""},
		{types.ReceiptTypeHistorySync, false, ""},
		{types.ReceiptTypePeerMsg, false, ""},
	} {
		from := alice
		if tc.fromMe {
			from = own
		}
		e, tells, err := ReceiptEnvelope(
			types.MessageSource{Chat: alice, Sender: from, IsFromMe: tc.fromMe}, tc.kind, []string{"A1"}, time.Time{}, noAlternate)
		require.NoError(t, err)
		require.Equal(t, tc.want != "", tells, "%q, from me: %t", tc.kind, tc.fromMe)
		if tells {
			r, err := DecodeReceipt(e.Payload)
			require.NoError(t, err)
			require.Equal(t, tc.want, r.Kind)
		}
	}
}

// A deletion has its own name and target, an edit its own, what concerns the chat is
// told, and every other kind, those of later releases too, is nothing to show.
func TestD29_EveryKindOfProtocolMessageIsHandledByName(t *testing.T) {
	t.Parallel()
	kinds := []waE2E.ProtocolMessage_Type{9999}
	for number := range waE2E.ProtocolMessage_Type_name {
		kinds = append(kinds, waE2E.ProtocolMessage_Type(number))
	}
	for _, kind := range kinds {
		p := &waE2E.ProtocolMessage{Type: kind.Enum(), Key: &waCommon.MessageKey{ID: proto.String("TARGET")}}
		m, err := Decode(stored(t, &waE2E.Message{ProtocolMessage: p}).Payload)
		require.NoError(t, err)
		told := map[waE2E.ProtocolMessage_Type]Content{
			waE2E.ProtocolMessage_REVOKE:                    Revoke{Target: "TARGET"},
			waE2E.ProtocolMessage_EPHEMERAL_SETTING:         Timer{},
			waE2E.ProtocolMessage_SHARE_PHONE_NUMBER:        NumberShared{},
			waE2E.ProtocolMessage_LIMIT_SHARING:             SharingLimited{Off: true},
			waE2E.ProtocolMessage_GROUP_MEMBER_LABEL_CHANGE: MemberLabel{},
			waE2E.ProtocolMessage_STATUS_MENTION_MESSAGE:    Told{Kind: StatusMention},
		}
		want, tells := told[kind]
		if !tells {
			want = Nothing{}
		}
		require.Equal(t, want, m.Content, kind.String())
	}
	edit := &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum(), Key: &waCommon.MessageKey{ID: proto.String("TARGET")},
		EditedMessage: &waE2E.Message{Conversation: proto.String("better")},
	}
	m, err := Decode(stored(t, &waE2E.Message{ProtocolMessage: edit}).Payload)
	require.NoError(t, err)
	require.Equal(t, Edit{Target: "TARGET", New: Text{"better"}}, m.Content, "an edit is neither a deletion nor a new message")
}

func TestD43_PartsOfTheProtocolAreNothingToShow(t *testing.T) {
	t.Parallel()
	keys := &waE2E.SenderKeyDistributionMessage{GroupID: proto.String("1@g.us"), AxolotlSenderKeyDistributionMessage: []byte{1}}
	for name, m := range map[string]*waE2E.Message{
		"a group's sender key":  {SenderKeyDistributionMessage: keys},
		"one of a fast ratchet": {FastRatchetKeySenderKeyDistributionMessage: keys},
		"context alone":         {MessageContextInfo: &waE2E.MessageContextInfo{}},
		"a key with context":    {SenderKeyDistributionMessage: keys, MessageContextInfo: &waE2E.MessageContextInfo{}},
		"nothing":               {},
	} {
		e := stored(t, m)
		decoded, err := Decode(e.Payload)
		require.NoError(t, err)
		require.Equal(t, Nothing{}, decoded.Content, name)
		with := stored(t, &waE2E.Message{SenderKeyDistributionMessage: keys, Conversation: proto.String("hello")})
		require.NotEqual(t, e.Dedupe, with.Dedupe, "the message comes under the same id: the key must not take its place")
		decoded, err = Decode(with.Payload)
		require.NoError(t, err)
		require.Equal(t, Text{"hello"}, decoded.Content)
	}
}
