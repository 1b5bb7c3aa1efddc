package whatsapptest_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func (c *client) awaitID(id string) *events.Message {
	c.t.Helper()
	return await(c, func(m *events.Message) bool { return m.Info.ID == id })
}

func TestPairByCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := newClient(t, w.srv)
	require.NoError(t, c.cli.Connect())
	await(c, anyOf[*events.QR])
	code, err := c.cli.PairPhone(context.Background(), "+55 11 99999-0001", true, whatsmeow.PairClientChrome, "Chrome (Linux)")
	require.NoError(t, err)
	require.ErrorContains(t, w.alice.EnterPairCode(code), "no client asks")
	require.NoError(t, w.phone.EnterPairCode(code))
	await(c, anyOf[*events.Connected])
	w.alice.SendText(w.phone, "hello")
	c.awaitText("hello")
}

func TestPairWithWrongCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := newClient(t, w.srv)
	require.NoError(t, c.cli.Connect())
	await(c, anyOf[*events.QR])
	_, err := c.cli.PairPhone(context.Background(), w.phone.Number(), true, whatsmeow.PairClientChrome, "Chrome (Linux)")
	require.NoError(t, err)
	require.ErrorContains(t, w.phone.EnterPairCode("ABCD-EFGH"), "code is wrong")
	require.Nil(t, w.phone.Companion())
}

func TestQRTimeoutAndAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// Not by GetQRChannel, whose closing races with its own sender.
	c := newClient(t, w.srv, func(cli *whatsmeow.Client) { cli.EnableAutoReconnect = false })
	require.NoError(t, c.cli.Connect())
	first := await(c, anyOf[*events.QR]).Codes[0]
	w.srv.ExpireQR()
	await(c, anyOf[*events.Disconnected])
	require.ErrorContains(t, w.phone.ScanQR(first), "not shown")
	require.NoError(t, c.cli.Connect())
	second := await(c, func(e *events.QR) bool { return e.Codes[0] != first }).Codes[0]
	require.NoError(t, w.phone.ScanQR(second))
	await(c, anyOf[*events.Connected])
}

func TestSentFromOwnPhone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		opts []whatsapptest.SendOption
		chat func(*whatsapptest.Peer) types.JID
	}{
		"by number":    {nil, (*whatsapptest.Peer).JID},
		"by hidden id": {[]whatsapptest.SendOption{whatsapptest.WithLID()}, (*whatsapptest.Peer).LID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.pair(safely)
			id := w.phone.TypeText(w.alice, "typed on the phone", tc.opts...)
			message := c.awaitID(id)
			require.True(t, message.Info.IsFromMe)
			require.Equal(t, tc.chat(w.alice), message.Info.Chat)
			require.Equal(t, tc.chat(w.phone), message.Info.Sender, "by the address of the same kind")
			require.Equal(t, "typed on the phone", textOf(message))
			_, err := w.alice.WaitText(patience, "typed on the phone")
			require.NoError(t, err)
			await(c, func(r *events.Receipt) bool { return r.MessageIDs[0] == id && r.Type == types.ReceiptTypeDelivered })
			require.NoError(t, w.phone.Companion().WaitSettled(patience))
		})
	}
}

func TestQuotedReactionEditRevoke(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	ctx := context.Background()

	first := w.alice.SendText(w.phone, "how much?")
	c.awaitID(first)
	resp, err := c.cli.SendMessage(ctx, w.alice.JID(), &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{
		Text: proto.String("ten"),
		ContextInfo: &waE2E.ContextInfo{
			StanzaID: &first, Participant: proto.String(w.alice.JID().String()), QuotedMessage: &waE2E.Message{Conversation: proto.String("how much?")},
		},
	}})
	require.NoError(t, err)
	ten, err := w.alice.WaitText(patience, "ten")
	require.NoError(t, err)
	require.Equal(t, first, ten.Quoted().GetStanzaID())

	reply := c.awaitID(w.alice.Reply(w.phone, ten, "too much"))
	require.Equal(t, resp.ID, reply.Message.GetExtendedTextMessage().GetContextInfo().GetStanzaID())

	reaction := c.awaitID(w.alice.React(w.phone, ten, "👍"))
	require.Equal(t, "👍", reaction.Message.GetReactionMessage().GetText())
	require.Equal(t, resp.ID, reaction.Message.GetReactionMessage().GetKey().GetID())

	w.alice.Edit(w.phone, first, "how much is it?")
	edit := await(c, func(m *events.Message) bool { return m.IsEdit })
	require.Equal(t, "how much is it?", edit.Message.GetProtocolMessage().GetEditedMessage().GetConversation())

	revoke := c.awaitID(w.alice.Revoke(w.phone, first))
	require.Equal(t, first, revoke.Message.GetProtocolMessage().GetKey().GetID())
	require.Equal(t, types.EditAttributeSenderRevoke, revoke.Info.Edit)

	_, err = c.cli.SendMessage(ctx, w.alice.JID(), c.cli.BuildReaction(w.alice.JID(), w.alice.JID(), first, "🙏"))
	require.NoError(t, err)
	got, err := w.alice.WaitKind(patience, "reaction")
	require.NoError(t, err)
	require.Equal(t, first, got.Target())

	_, err = c.cli.SendMessage(ctx, w.alice.JID(), c.cli.BuildEdit(w.alice.JID(), resp.ID, &waE2E.Message{Conversation: proto.String("nine")}))
	require.NoError(t, err)
	got, err = w.alice.WaitKind(patience, "edit")
	require.NoError(t, err)
	require.Equal(t, resp.ID, got.Target())
	require.Equal(t, "nine", got.Text())

	_, err = c.cli.SendMessage(ctx, w.alice.JID(), c.cli.BuildRevoke(w.alice.JID(), types.EmptyJID, resp.ID))
	require.NoError(t, err)
	got, err = w.alice.WaitKind(patience, "revoke")
	require.NoError(t, err)
	require.Equal(t, resp.ID, got.Target())
}

func TestLocationContactPollUnavailable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	place := c.awaitID(w.alice.SendLocation(w.phone, -23.5, -46.6, "Office", "Main street 1"))
	require.InDelta(t, -23.5, place.Message.GetLocationMessage().GetDegreesLatitude(), 0.001)
	card := c.awaitID(w.alice.SendContact(w.phone, "Bob", "5511777770003"))
	require.Contains(t, card.Message.GetContactMessage().GetVcard(), "waid=5511777770003")
	poll := c.awaitID(w.alice.SendPoll(w.phone, "When?", []string{"today", "tomorrow"}))
	require.Len(t, poll.Message.GetPollCreationMessage().GetOptions(), 2)
	require.Equal(t, "poll", poll.Info.Type)
	w.phone.SetAnswersResends(false)
	id := w.alice.SendUnavailable(w.phone, "view_once")
	hidden := await(c, func(u *events.UndecryptableMessage) bool { return u.Info.ID == id })
	require.Equal(t, events.UnavailableTypeViewOnce, hidden.UnavailableType)
	require.NoError(t, w.phone.Companion().WaitSettled(patience))
}

func TestTypingAndPresence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	ctx := context.Background()
	require.NoError(t, c.cli.SendPresence(ctx, types.PresenceAvailable))
	require.NoError(t, c.cli.SubscribePresence(ctx, w.alice.JID()))
	require.NoError(t, c.cli.SendChatPresence(ctx, w.alice.JID(), types.ChatPresenceComposing, types.ChatPresenceMediaText))
	_, err := w.alice.WaitTyping(patience, whatsapptest.Composing)
	require.NoError(t, err)
	w.alice.SetOnline(true)
	await(c, func(p *events.Presence) bool { return p.From == w.alice.JID() && !p.Unavailable })
	w.alice.Typing(w.phone, whatsapptest.Recording)
	recording := await(c, func(p *events.ChatPresence) bool { return p.State == types.ChatPresenceComposing })
	require.Equal(t, types.ChatPresenceMediaAudio, recording.Media)
	w.alice.Typing(w.phone, whatsapptest.Paused)
	await(c, func(p *events.ChatPresence) bool { return p.State == types.ChatPresencePaused })
	id := w.alice.SendText(w.phone, "hi")
	_, err = w.alice.WaitReceipt(patience, id, types.ReceiptTypeDelivered)
	require.NoError(t, err)
	require.NoError(t, c.cli.MarkRead(ctx, []string{id}, time.Now(), w.alice.JID(), w.alice.JID()))
	_, err = w.alice.WaitReceipt(patience, id, types.ReceiptTypeRead)
	require.NoError(t, err)
}

func TestReadReceiptOfSeveral(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	first, second := c.sendText(w.alice.JID(), "one").ID, c.sendText(w.alice.JID(), "two").ID
	_, err := w.alice.WaitText(patience, "two")
	require.NoError(t, err)
	w.alice.MarkRead(first, second)
	read := await(c, func(r *events.Receipt) bool { return r.Type == types.ReceiptTypeRead })
	require.Equal(t, []string{first, second}, read.MessageIDs)
}

func TestLookup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely)
	w.alice.AddAlias("551188880002")
	answers, err := c.cli.IsOnWhatsApp(context.Background(), []string{"+5511888880002", "+551188880002", "+5511000000000"})
	require.NoError(t, err)
	require.Len(t, answers, 3)
	for _, answer := range answers[:2] {
		require.True(t, answer.IsIn)
		require.Equal(t, w.alice.LID(), answer.JID)
		require.Equal(t, w.alice.JID(), answer.PhoneNumber)
	}
	require.False(t, answers[2].IsIn)
}

func TestAppStateAndHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.pair(safely, func(cli *whatsmeow.Client) { cli.ManualHistorySyncDownload = true })
	ctx := context.Background()
	// The first version of a collection is a full sync, which makes no events.
	require.NoError(t, w.phone.ChangeAppState(appstate.BuildMute(w.alice.JID(), false, 0)))
	await(c, func(e *events.AppStateSyncComplete) bool {
		return e.Name == appstate.WAPatchRegularHigh && e.Version == 1
	})
	require.NoError(t, w.phone.ChangeAppState(appstate.BuildMute(w.alice.JID(), true, time.Hour)))
	muted := await(c, func(e *events.Mute) bool { return e.JID == w.alice.JID() })
	require.True(t, muted.Action.GetMuted())
	require.NoError(t, c.cli.SendAppState(ctx, appstate.BuildArchive(w.alice.JID(), false, time.Time{}, nil)))
	require.NoError(t, c.cli.SendAppState(ctx, appstate.BuildArchive(w.alice.JID(), true, time.Time{}, nil)))
	await(c, func(e *events.Archive) bool { return e.JID == w.alice.JID() })

	require.NoError(t, w.phone.SendHistory(&waHistorySync.HistorySync{
		SyncType:                 waHistorySync.HistorySync_RECENT.Enum(),
		PhoneNumberToLidMappings: []*waHistorySync.PhoneNumberToLIDMapping{{PnJID: proto.String("551155550005@s.whatsapp.net"), LidJID: proto.String("99887766@lid")}},
		Conversations:            []*waHistorySync.Conversation{{ID: proto.String(w.alice.JID().String())}},
	}))
	message := await(c, func(m *events.Message) bool {
		return m.Message.GetProtocolMessage().GetHistorySyncNotification() != nil
	})
	history, err := c.cli.DownloadHistorySync(ctx, message.Message.GetProtocolMessage().GetHistorySyncNotification(), true)
	require.NoError(t, err)
	require.Len(t, history.GetConversations(), 1)
	known, err := c.cli.Store.LIDs.GetLIDForPN(ctx, types.NewJID("551155550005", types.DefaultUserServer))
	require.NoError(t, err)
	require.Equal(t, "99887766", known.User)
	_, err = w.phone.WaitReceipt(patience, message.Info.ID, types.ReceiptTypeHistorySync)
	require.NoError(t, err)
}

func TestGroups(t *testing.T) {
	t.Parallel()
	for name, lid := range map[string]bool{"by hidden id": true, "by number": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			bob := w.srv.NewPeer("5511777770003", "Bob")
			group := w.srv.NewGroup("Suppliers", lid, w.alice, w.phone, bob)
			c := w.pair(safely)
			for _, text := range []string{"first", "second"} {
				id := w.alice.SendText(group, text)
				message := await(c, func(m *events.Message) bool { return m.Info.ID == id && textOf(m) == text })
				require.Equal(t, group.JID(), message.Info.Chat)
				require.Equal(t, w.alice.Number(), map[bool]string{true: message.Info.SenderAlt.User, false: message.Info.Sender.User}[lid])
			}
			w.alice.SendText(group, "spoiled", whatsapptest.Corrupted())
			c.awaitText("spoiled")
			sent := c.sendText(group.JID(), "hello all")
			for _, member := range []*whatsapptest.Peer{w.alice, bob} {
				got, err := member.WaitText(patience, "hello all")
				require.NoError(t, err)
				require.Equal(t, group, got.Group)
			}
			await(c, func(r *events.Receipt) bool { return r.MessageIDs[0] == sent.ID && r.Chat == group.JID() })
			bob.FailNext(1)
			c.sendText(group.JID(), "once more")
			got, err := bob.WaitText(patience, "once more")
			require.NoError(t, err)
			require.Equal(t, 1, got.Retry)
			group.SetSubject(w.alice, "Buyers")
			await(c, func(e *events.GroupInfo) bool { return e.Name != nil && e.Name.Name == "Buyers" })
			info, err := c.cli.GetGroupInfo(context.Background(), group.JID())
			require.NoError(t, err)
			require.Equal(t, "Buyers", info.Name)
			require.Len(t, info.Participants, 3)
			require.NoError(t, w.phone.Companion().WaitSettled(patience))
		})
	}
}

func TestTwoClientsTalkThroughTheServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.pair(safely)
	other := &world{t: t, srv: w.srv, phone: w.alice}
	b := other.pair(safely)
	for _, text := range []string{"one", "two", "three"} {
		sent := a.sendText(w.alice.JID(), text)
		got := b.awaitText(text)
		require.Equal(t, w.phone.LID().User, got.Info.Sender.User)
		await(a, func(r *events.Receipt) bool { return r.MessageIDs[0] == sent.ID })
		b.sendText(w.phone.JID(), "re: "+text)
		a.awaitText("re: " + text)
	}
	require.Empty(t, eventsOf[*events.UndecryptableMessage](a))
	require.Empty(t, eventsOf[*events.UndecryptableMessage](b))
}
