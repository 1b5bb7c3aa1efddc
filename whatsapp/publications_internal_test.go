package whatsapp

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/internal/devicestore"
)

// taken is a sink that keeps what it is given.
type taken struct{ events []content.Envelope }

func (k *taken) Take(_ context.Context, e content.Envelope) error {
	k.events = append(k.events, e)
	return nil
}
func (*taken) Typing(content.Address, bool) {}
func (*taken) StateChanged(State)           {}
func (*taken) CaughtUp()                    {}

// What nobody wrote to the desk is acknowledged and counted, and taken in only as long
// as the line wants it.
func TestPublicationsAreTakenInWhereTheLineWantsThem(t *testing.T) {
	t.Parallel()
	own, ana := types.NewJID("5511999990001", types.DefaultUserServer), types.NewJID("5511999990002", types.DefaultUserServer)
	wanted, sink, counted := Publications{}, &taken{}, 0
	s := &Session{cfg: Config{
		Sink: sink, Log: slog.New(slog.DiscardHandler), Clock: time.Now, Publications: func() Publications { return wanted },
		Count: func(event string) {
			if event == "publication" {
				counted++
			}
		},
	}}
	library := Log(slog.New(slog.DiscardHandler), func(string) {})
	device := &store.Device{ID: &own, LIDs: noLIDs{}}
	c := &connection{s: s, ctx: t.Context(), client: whatsmeow.NewClient(device, library), guard: &devicestore.Guard{}}
	post := func(chat, sender types.JID, fromMe bool) {
		sent := &waE2E.Message{Conversation: proto.String("Bom dia")}
		info := types.MessageInfo{ID: "3EB0A", MessageSource: types.MessageSource{Chat: chat, Sender: sender, IsFromMe: fromMe, IsGroup: chat == types.StatusBroadcastJID}}
		require.True(t, c.message(&events.Message{Info: info, Message: sent, RawMessage: sent}))
	}
	channel := types.NewJID("120363000000000009", types.NewsletterServer)
	post(types.StatusBroadcastJID, ana, false)
	post(channel, channel, false)
	require.Empty(t, sink.events)
	require.Equal(t, 2, counted)

	wanted.Statuses = true
	post(types.StatusBroadcastJID, ana, false)
	post(types.StatusBroadcastJID, own, true)
	post(channel, channel, false)
	require.Len(t, sink.events, 1)
	require.Equal(t, 4, counted)
	require.Equal(t, ana.String(), sink.events[0].Chat.JID, "it is in the person's own chat")
	m, err := content.Decode(sink.events[0].Payload)
	require.NoError(t, err)
	require.True(t, m.Status)
	require.False(t, m.Group)

	wanted = Publications{Channels: true}
	post(types.StatusBroadcastJID, ana, false)
	post(channel, channel, false)
	require.Len(t, sink.events, 2)
	require.Equal(t, channel.String(), sink.events[1].Chat.JID)
	require.ErrorIs(t, s.Send(t.Context(), content.Outgoing{To: channel.String()}), errChannel)
}

// noLIDs knows nobody's other address.
type noLIDs struct{ store.LIDStore }

func (noLIDs) GetLIDForPN(context.Context, types.JID) (types.JID, error) { return types.EmptyJID, nil }
func (noLIDs) GetPNForLID(context.Context, types.JID) (types.JID, error) { return types.EmptyJID, nil }
