package upgradetest

import (
	"net/http"
	"strconv"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/bridge/bridgetest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func number(id int) string { return strconv.Itoa(id) }

var (
	photo = []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00a small picture")
	pdf   = []byte("%PDF-1.4 a price list")
	song  = []byte("ID3\x04 a song")
)

// leaveDone lets everything happen that can, and end well.
func (f *freezer) leaveDone() {
	f.alice = f.meet("Alice")
	f.old.Customer = f.alice.Number()
	f.old.AskedID = f.alice.SendText(f.Phone, "an old question")
	f.old.Asked = f.arrived(f.old.AskedID).ID

	first, got := f.answered(f.alice, "read long ago", chatwoottest.Quoting(f.old.Asked))
	f.alice.MarkRead(got.ID)
	f.waitStatus(first.ID, "read")
	reply, got := f.answered(f.alice, "not read yet")
	f.old.Reply, f.old.ReplyID = reply.ID, got.ID
	f.answered(f.alice, "with a file", chatwoottest.WithFile("prices.pdf", "application/pdf", pdf))
	f.answered(f.alice, "before a song", chatwoottest.WithFile("song.mp3", "audio/mpeg", song)) // two parts

	f.old.TypedID = f.Phone.TypeText(f.alice.Peer, "typed on the phone")
	f.old.Typed = f.arrived(f.old.TypedID).ID
	f.arrived(f.alice.SendUnavailable(f.Phone, "view_once") + "#waiting")
	f.leaveKinds()
	f.arrived(f.alice.SendText(f.Phone, "an hour late", whatsapptest.WithTime(f.Clock.Now().Add(-time.Hour))))

	remove := f.withhold(http.StatusNotFound, 2)
	f.old.FileID = f.alice.SendImage(f.Phone, photo, whatsapptest.WithCaption("a file that came late"))
	f.old.File = f.arrived(f.old.FileID + "#file").ID
	remove()

	// The tick of a deletion keeps the chat's upkeep waiting for a minute.
	taken, got := f.answered(f.alice, "taken back long ago")
	require.NoError(f.t, f.Chatwoot.Delete(taken.ID))
	f.revoked(f.alice, got.ID)

	red, _ := f.answered(f.alice, "red for nothing")
	f.redden(red)
	f.waitStatus(red.ID, "delivered")

	// Their order in the journal is that in which flip takes them.
	require.NoError(f.t, f.Phone.SendHistory(history(f.alice.Peer, waHistorySync.HistorySync_INITIAL_BOOTSTRAP)))
	f.waitJobs("upkeep/history/done", 1)
	require.NoError(f.t, f.Phone.SendHistory(history(f.alice.Peer, waHistorySync.HistorySync_RECENT)))
	f.waitJobs("upkeep/history/done", 2)
	require.NoError(f.t, f.Phone.SendHistory(history(f.alice.Peer, waHistorySync.HistorySync_FULL)))
	f.waitJobs("upkeep/history/done", 3)

	f.bruno = f.meet("Bruno", whatsapptest.WithLIDOnly())
	f.bruno.SendText(f.Phone, "and my number", whatsapptest.WithLID())
	f.waitContact(f.bruno.Number())
	f.waitJobs("upkeep/contact/done", 1)

	f.begun(f.meet("Carla", whatsapptest.WithLIDOnly())).SendText(f.Phone, "that is me")
	f.waitText("that is me")
	f.waitJobs("upkeep/merge/done", 1)
	for i, name := range []string{"Dora", "Dalva"} {
		f.joinWhileBusy(f.meet(name, whatsapptest.WithLIDOnly()), 3*time.Second)
		f.waitJobs("upkeep/join/done", i+1)
	}

	f.unnumbered = f.withoutNumber("Elsa", "your order is here")
	require.NoError(f.t, f.Chatwoot.Retry(f.unnumbered.ID))
	f.waitStatus(f.unnumbered.ID, "delivered")
	f.unnumbered = f.withoutNumber("Flavia", "it waits to be tried again")

	stranger := f.WhatsApp.NewPeer("7700000000001", "Stranger")
	stranger.SendText(f.Phone, "from another service", whatsapptest.WithServer("interop"))
	f.waitJobs("upkeep/parked/dead", 1)

	f.rita = f.somebody("Rita")
	f.rita.Shop = f.second
	f.greet(f.rita)
	f.answered(f.rita, "good evening")
}

// leaveKinds lets messages come of which something is remembered: a poll, a reaction, an
// edit, a timer, and one of a kind that nobody knows.
func (f *freezer) leaveKinds() {
	asked := &waCommon.MessageKey{ID: &f.old.AskedID, FromMe: proto.Bool(false), RemoteJID: proto.String(f.Phone.JID().String())}
	unknown := &waE2E.Message{}
	const newField = 900
	unknown.ProtoReflect().SetUnknown(protowire.AppendString(protowire.AppendTag(nil, newField, protowire.BytesType), "new"))
	for _, m := range []*waE2E.Message{
		{PollCreationMessageV3: &waE2E.PollCreationMessage{Name: proto.String("Which day?"), Options: []*waE2E.PollCreationMessage_Option{{OptionName: proto.String("Monday")}}}},
		{ReactionMessage: &waE2E.ReactionMessage{Key: asked, Text: proto.String("👍")}},
		{ProtocolMessage: &waE2E.ProtocolMessage{Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum(), Key: asked, EditedMessage: &waE2E.Message{Conversation: proto.String("an old question, mended")}}},
		{ProtocolMessage: &waE2E.ProtocolMessage{Type: waE2E.ProtocolMessage_EPHEMERAL_SETTING.Enum(), EphemeralExpiration: proto.Uint32(86400)}},
		unknown,
	} {
		f.arrived(f.alice.Send(f.Phone, m))
	}
}

// revoked waits until a customer's phone was told to take a message back.
func (f *freezer) revoked(c *bridgetest.Conversation, id string) {
	f.t.Helper()
	_, err := c.WaitMessage(patience, func(r whatsapptest.Received) bool { return r.Kind() == "revoke" && r.Target() == id })
	require.NoError(f.t, err)
}

// redden shows a bubble as failed, as Chatwoot does when a webhook was lost.
func (f *freezer) redden(m chatwoottest.Message) {
	f.t.Helper()
	f.ask(http.MethodPatch, "/conversations/"+number(m.Conversation)+"/messages/"+number(m.ID), `{"status":"failed","external_error":"503 Service Unavailable"}`)
}

func (f *freezer) waitContact(digits string) {
	f.t.Helper()
	_, err := f.Chatwoot.WaitContact(patience, func(c chatwoottest.Contact) bool { return c.Phone == "+"+digits })
	require.NoError(f.t, err)
}

// begun is a customer known by hidden id to whom an agent has written by number,
// without knowing that it is the same person.
func (f *freezer) begun(c *bridgetest.Conversation) *bridgetest.Conversation {
	f.t.Helper()
	listed, err := f.Chatwoot.AddContact("name", c.Name()+" from the list", "phone_number", "+"+c.Number())
	require.NoError(f.t, err)
	_, err = f.Chatwoot.StartConversation(f.inbox, listed.ID, "about your order, "+c.Name())
	require.NoError(f.t, err)
	_, err = c.WaitText(patience, "about your order, "+c.Name())
	require.NoError(f.t, err)
	return c
}

// joinWhileBusy lets it become known that two chats are one person while one of
// them waits for Chatwoot's answer. An agent begins the other one meanwhile: the
// library learns then who it is.
func (f *freezer) joinWhileBusy(c *bridgetest.Conversation, busy time.Duration) (slow, after string) {
	f.t.Helper()
	began := make(chan struct{}, 10)
	remove := f.Chatwoot.OnRequest(func(r *http.Request) chatwoottest.Fault {
		if r.Header.Get("Api-Access-Token") != f.token || !posts(r) {
			return chatwoottest.Fault{}
		}
		began <- struct{}{}
		return chatwoottest.Slow(busy)
	})
	before := f.jobs()
	slow = c.SendText(f.Phone, "slow, "+c.Name(), whatsapptest.WithLIDOnly())
	<-began
	remove()
	f.begun(c)
	after = c.SendText(f.Phone, "that is me, "+c.Name())
	f.eventually("the join", func() bool {
		now := f.jobs()
		return now["Shop/upkeep/join/waiting"] > before["Shop/upkeep/join/waiting"] || now["Shop/upkeep/join/done"] > before["Shop/upkeep/join/done"]
	})
	return slow, after
}

// withoutNumber is a message that failed because its contact had no number; by
// now it has one.
func (f *freezer) withoutNumber(name, text string) chatwoottest.Message {
	f.t.Helper()
	c := f.somebody(name)
	listed, err := f.Chatwoot.AddContact("name", name, "email", name+"@example.com")
	require.NoError(f.t, err)
	m, err := f.Chatwoot.StartConversation(f.inbox, listed.ID, text)
	require.NoError(f.t, err)
	f.waitStatus(m.ID, "failed")
	f.ask(http.MethodPut, "/contacts/"+number(listed.ID), `{"phone_number":"+`+c.Number()+`"}`)
	return m
}
