package bridge_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// What surrounds an agent's message goes through the real library: a timer, a mention, the
// ticks of a group.
func TestAGroupsRepliesHaveTimerMentionsAndTicksOfAll(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		bob := w.wa.NewPeer("5511888880003", "Bob")
		group := w.wa.NewGroup("Bakers", true, w.alice, w.alice, bob, w.phone)
		bob.SendText(group, "hi from Bob")
		w.alice.Send(group, &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{
			Text: proto.String("hi"), ContextInfo: &waE2E.ContextInfo{Expiration: proto.Uint32(86400), EphemeralSettingTimestamp: proto.Int64(1_700_000_000)},
		}})
		w.desk.wait("the group", func(m chatwoottest.Message) bool { return m.Text == "**~Alice** (+5511888880002):\nhi" })
		m := w.desk.say("Hello @Bob and @+5511888880002")
		want := "Hello @" + bob.LID().User + " and @" + w.alice.LID().User
		got, err := w.alice.WaitText(patience, want)
		require.NoError(t, err)
		require.ElementsMatch(t, []string{bob.LID().String(), w.alice.LID().String()}, got.Message.GetExtendedTextMessage().GetContextInfo().GetMentionedJID())
		w.desk.wait("delivered to all", withStatus(m.ID, "delivered"))
		bob.MarkRead(got.ID)
		w.idle("status")
		require.Equal(t, "delivered", w.status(m.ID), "Alice has not read it")
		w.alice.MarkRead(got.ID)
		w.desk.wait("read by all", withStatus(m.ID, "read"))
	})
}

func (w *world) status(message int) string {
	w.t.Helper()
	m, ok := w.desk.Message(message)
	require.True(w.t, ok)
	return m.Status
}

func TestAChatsTimerAPlaceAndThatTheDeskIsOnlineReachAPhone(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.alice.Send(w.phone, &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
			Type: waE2E.ProtocolMessage_EPHEMERAL_SETTING.Enum(), EphemeralExpiration: proto.Uint32(604800), EphemeralSettingTimestamp: proto.Int64(1_700_000_000),
		}})
		talking(w)
		conversation := w.desk.Conversations()[0].ID
		w.desk.say("hello")
		context := w.got(0).Message.GetExtendedTextMessage().GetContextInfo()
		require.EqualValues(t, 604800, context.GetExpiration())
		require.EqualValues(t, 1_700_000_000, context.GetEphemeralSettingTimestamp())
		w.desk.say("https://maps.google.com/?q=-23.5,-46.5")
		place := w.got(1).Message.GetLocationMessage()
		require.Equal(t, [2]float64{-23.5, -46.5}, [2]float64{place.GetDegreesLatitude(), place.GetDegreesLongitude()})
		require.EqualValues(t, 604800, place.GetContextInfo().GetExpiration())
		require.NoError(t, w.desk.Type(conversation, true))
		_, err := w.alice.WaitTyping(patience, whatsapptest.Composing)
		require.NoError(t, err)
		require.NoError(t, w.phone.Companion().WaitAvailable(patience, true))
	})
}
