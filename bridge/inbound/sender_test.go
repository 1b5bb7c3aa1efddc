package inbound_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// tagged is what tells that a group calls the sender something.
func tagged(label string) *waE2E.Message {
	return &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_GROUP_MEMBER_LABEL_CHANGE.Enum(), MemberLabel: &waE2E.MemberLabel{Label: proto.String(label)},
	}}
}

func TestWhoOfAGroupWroteIsCalledAsThePhoneAndTheGroupDo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.settings(func(s *lines.Settings) { s.Events = lines.EventsOff })
	bento := newPerson("Bento", "5511888880003")
	require.Equal(t, "**~Alice** (+5511888880002):\nOi", o.posted(o.inGroup(alicia, text("Oi"))).Text)
	o.inGroup(alicia, tagged("Vendas"))
	require.Equal(t, "**~Alice** (+5511888880002) · Vendas:\nOi", o.posted(o.inGroup(alicia, text("Oi"))).Text)
	require.Equal(t, "**~Bento** (+5511888880003):\nOi", o.posted(o.inGroup(bento, text("Oi"))).Text, "another member")

	o.files.people = map[string]content.Person{alicia.pn.String(): {Name: "Alice Lima", Saved: true}}
	require.Equal(t, "**Alice Lima** · Vendas:\nOi", o.posted(o.inGroup(alicia, text("Oi"))).Text)
	o.settings(func(s *lines.Settings) { s.GroupSender = "{tag} | *{name}* ({number})" })
	require.Equal(t, "Vendas | *Alice Lima* (+5511888880002)\nOi", o.posted(o.inGroup(alicia, text("Oi"))).Text)
	o.inGroup(alicia, tagged(""))
	require.Equal(t, "*Alice Lima* (+5511888880002)\nOi", o.posted(o.inGroup(alicia, text("Oi"))).Text, "no tag any more")
}
