package inbound_test

import (
	"crypto/sha256"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

func keyTo(id string) *waCommon.MessageKey { return &waCommon.MessageKey{ID: &id} }

func reaction(id, emoji string) *waE2E.Message {
	return &waE2E.Message{ReactionMessage: &waE2E.ReactionMessage{Key: keyTo(id), Text: &emoji}}
}

func edit(id, words string) *waE2E.Message {
	return &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Key: keyTo(id), Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum(), EditedMessage: text(words),
	}}
}

func pollOf(question string, names ...string) *waE2E.Message {
	p := &waE2E.PollCreationMessage{Name: &question}
	for _, name := range names {
		p.Options = append(p.Options, &waE2E.PollCreationMessage_Option{OptionName: &name})
	}
	return &waE2E.Message{PollCreationMessageV3: p}
}

// vote is a vote that the files know as a name.
func (o *office) vote(poll, name string, chosen ...string) *waE2E.Message {
	inside := &waE2E.PollVoteMessage{}
	for _, option := range chosen {
		hash := sha256.Sum256([]byte(option))
		inside.SelectedOptions = append(inside.SelectedOptions, hash[:])
	}
	o.seals(name, inside)
	return &waE2E.Message{PollUpdateMessage: &waE2E.PollUpdateMessage{
		PollCreationMessageKey: keyTo(poll), Vote: &waE2E.PollEncValue{EncPayload: []byte(name), EncIV: make([]byte, 12)},
	}}
}

func (o *office) seals(name string, inside proto.Message) {
	if o.files.unsealed == nil {
		o.files.unsealed = map[string]proto.Message{}
	}
	o.files.unsealed[name] = inside
}

// inGroup takes in what a member of a group writes.
func (o *office) inGroup(p person, m *waE2E.Message) (id string) {
	o.t.Helper()
	info := o.info(p)
	info.Chat, info.IsGroup, info.SenderAlt = types.NewJID("120363000000000001", types.GroupServer), true, p.lid
	o.accept(content.MessageEnvelope(info, m, nobodyElse))
	require.Empty(o.t, o.drain())
	return info.ID
}

// all are the texts of the desk, with what each is.
func (o *office) all() (all []string) {
	for _, m := range o.messages() {
		kind := m.Kind
		if m.Private {
			kind = "note"
		}
		all = append(all, kind+": "+m.Text)
	}
	return all
}

// resolved makes a line whose only conversation is resolved, and whose inbox opens a new
// one for each question.
func (o *office) resolved() {
	o.t.Helper()
	o.ask(http.MethodPatch, "/inboxes/"+strconv.Itoa(o.Inboxes()[0].ID), `{"lock_to_single_conversation":false}`)
	conversation := o.Conversations()[0].ID
	require.NoError(o.t, o.Resolve(conversation))
	require.NoError(o.t, o.intake.AcceptEvent(o.t.Context(), chatwoot.Event{Kind: chatwoot.EventStatusChanged, Conversation: chatwoot.EventConversation{
		ID: chatwoot.ConversationID(conversation), Status: "resolved", SourceID: o.contactSource(),
	}}, nil))
}

// A customer's reactions, and what happens beside the messages, are told in the
// conversation that there is, be it resolved.
func TestReactionsAreNotesThatReopenNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.settings(func(s *lines.Settings) { s.Events = lines.EventsPill })
	asked := o.from(alicia, byNumber, text("hi"))
	o.resolved()
	liked := o.from(alicia, byNumber, reaction(asked, "👍"))
	loved := o.from(alicia, byNumber, reaction(asked, "❤️"))
	removed := o.from(alicia, byNumber, reaction(asked, ""))
	unknown := o.from(alicia, byNumber, reaction("3EB0NOBODY", "👍"))
	o.from(alicia, byNumber, &waE2E.Message{PinInChatMessage: &waE2E.PinInChatMessage{Key: keyTo(asked), Type: waE2E.PinInChatMessage_PIN_FOR_ALL.Enum()}})
	o.from(alicia, byNumber, &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_EPHEMERAL_SETTING.Enum(), EphemeralExpiration: proto.Uint32(604800),
	}})
	require.Equal(t, []string{
		"incoming: hi", "activity: Conversation was marked resolved by Ana", "note: Alice reacted 👍", "note: Alice reacted ❤️", "note: Alice removed the reaction ❤️", "note: Alice reacted 👍",
		"activity: Alice pinned a message: “hi”", "activity: Disappearing messages: 7 days, set by Alice",
	}, o.all())
	for _, id := range []string{liked, loved, removed} {
		require.Equal(t, o.posted(asked).ID, o.posted(id).ReplyTo)
	}
	require.Zero(t, o.posted(unknown).ReplyTo)
	require.Len(t, o.Conversations(), 1)
	require.Equal(t, "resolved", o.Conversations()[0].Status)

	o.settings(func(s *lines.Settings) { s.Reactions = "off" })
	o.from(alicia, byNumber, reaction(asked, "👍"))
	require.Len(t, o.all(), 8)
	o.settings(func(s *lines.Settings) { s.Reactions = "message" })
	woken := o.posted(o.from(alicia, byNumber, reaction(asked, "👍")))
	require.Equal(t, "incoming", woken.Kind)
	require.Len(t, o.Conversations(), 2)
}

// In a group a reaction is a small line, which shows what it is about.
func TestReactionsInAGroupShowWhatTheyAreAbout(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	asked := o.inGroup(alicia, text("Quem vem *amanhã*?"))
	bento := newPerson("Bento <b>", "5511888880003")
	o.inGroup(bento, reaction(asked, "👍"))
	o.inGroup(alicia, reaction("3EB0NOBODY", "👍"))
	o.inGroup(bento, reaction(asked, ""))
	require.Equal(t, []string{
		"activity: Bento &lt;b&gt; reacted 👍: “Quem vem amanhã?”", "activity: Alice reacted 👍", "activity: Bento &lt;b&gt; removed the reaction 👍",
	}, o.all()[1:])
}

// An edit is shown below what it changes, if it changes anything.
func TestEditsAreShownBelowWhatTheyChange(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	asked := o.from(alicia, byNumber, text("hi"))
	o.from(alicia, byNumber, edit(asked, "hi"))
	better := o.from(alicia, byNumber, edit(asked, "hi there"))
	o.from(alicia, byNumber, edit(asked, "hi there"))
	back := o.from(alicia, byNumber, edit(asked, "hi"))
	o.from(alicia, byNumber, edit("3EB0NOBODY", "of old"))
	require.Equal(t, []string{
		"incoming: hi", "incoming: *✏️ Edited*\n\nhi there", "incoming: *✏️ Edited*\n\nhi", "incoming: *✏️ Edited*\n\nof old",
	}, o.all())
	require.Equal(t, o.posted(asked).ID, o.posted(better).ReplyTo)
	require.Equal(t, o.posted(asked).ID, o.posted(back).ReplyTo)
	o.settings(func(s *lines.Settings) { s.Edits = "note" })
	require.True(t, o.posted(o.from(alicia, byNumber, edit(asked, "hi all"))).Private)
}

// Nobody edits what somebody else wrote, whatever an app claims.
func TestNobodyEditsWhatAnotherWrote(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	typed := o.typed(alicia, text("our price"))
	o.from(alicia, byNumber, edit(typed, "half the price"))
	asked := o.inGroup(alicia, text("hi"))
	o.inGroup(newPerson("Bento", "5511888880003"), edit(asked, "I give up"))
	require.Len(t, o.all(), 2)
	o.inGroup(alicia, edit(asked, "hi all"))
	require.Len(t, o.all(), 3)
}

// What a machine writes grows by edits; what is written over already is passed over.
func TestTextsThatGrowAreShownOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	bot := person{name: "Meta AI", pn: types.NewJID("867051314767696", types.BotServer)}
	asked := o.inGroup(bot, text("Claro"))
	group := types.NewJID("120363000000000001", types.GroupServer)
	for _, words := range []string{"Claro! Para", "Claro! Para 10", "Claro! Para 10 pessoas"} {
		info := o.info(bot)
		info.Chat, info.IsGroup = group, true
		o.accept(content.MessageEnvelope(info, edit(asked, words), nobodyElse))
	}
	require.Empty(t, o.drain())
	require.Len(t, o.all(), 2)
	require.Contains(t, o.all()[1], "Claro! Para 10 pessoas")
}

// A vote is what was chosen, in words, however old the poll is.
func TestVotesNameWhatWasChosen(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	asked := o.typed(alicia, pollOf("Que dia?", "Segunda", "Terça"))
	_, err := o.line.DB.Exec(`DELETE FROM job`) // the journal forgets
	require.NoError(t, err)
	first := o.from(alicia, byNumber, o.vote(asked, "v1", "Terça"))
	require.Equal(t, o.posted(asked).ID, o.posted(first).ReplyTo)
	o.from(alicia, byNumber, o.vote(asked, "v2", "Segunda", "Terça"))
	o.from(alicia, byNumber, o.vote(asked, "v3"))
	o.from(alicia, byNumber, o.vote("3EB0NOBODY", "v4", "Quarta"))
	require.Equal(t, []string{
		"incoming: ☑ **Terça**", "incoming: ☑ **Segunda**\n☑ **Terça**", "incoming: Vote withdrawn", "incoming: ☑ **Votes: 1**\nOpen it on the phone.",
	}, o.all()[1:])
}

// In a group votes are counted in one note, when there have been none for a while.
func TestVotesOfAGroupAreCountedOnce(t *testing.T) {
	t.Parallel()
	now := time.Now()
	o := newOfficeAt(t, func() time.Time { return now })
	bento, clara := newPerson("Bento", "5511888880003"), newPerson("Clara", "5511888880004")
	asked := o.inGroup(alicia, pollOf("Que dia?", "Segunda", "Terça"))
	o.inGroup(bento, o.vote(asked, "v1", "Segunda"))
	now = now.Add(20 * time.Second)
	o.inGroup(clara, o.vote(asked, "v2", "Terça"))
	now = now.Add(20 * time.Second)
	o.inGroup(bento, o.vote(asked, "v3", "Terça"))
	require.Empty(t, o.drain())
	require.Len(t, o.all(), 1, "votes still come")
	now = now.Add(time.Minute)
	require.Empty(t, o.drain())
	require.Equal(t, "note: **Votes: 2**\n**Terça 2**", o.all()[1])
	require.Equal(t, o.posted(asked).ID, o.messages()[1].ReplyTo)
	now = now.Add(time.Minute)
	o.inGroup(alicia, o.vote(asked, "v4", "Segunda"))
	now = now.Add(time.Minute)
	require.Empty(t, o.drain())
	require.Len(t, o.all(), 3)
	require.Equal(t, "note: **Votes: 3**\nSegunda 1 · **Terça 2**", o.all()[2])
}

// What cannot be read yet is a placeholder; what was in it is threaded to that when the
// secret comes.
func TestWhatIsSealedIsShownWhenItsSecretComes(t *testing.T) {
	t.Parallel()
	now := time.Now()
	o := newOfficeAt(t, func() time.Time { return now })
	asked := o.from(alicia, byNumber, text("hi"))
	sealed := &waE2E.Message{SecretEncryptedMessage: &waE2E.SecretEncryptedMessage{
		TargetMessageKey: keyTo(asked), EncPayload: []byte("e1"), EncIV: make([]byte, 12),
		SecretEncType: waE2E.SecretEncryptedMessage_MESSAGE_EDIT.Enum(),
	}}
	waits := o.from(alicia, byNumber, sealed)
	placeholder := o.posted(waits + "#waiting")
	require.Contains(t, placeholder.Text, "Waiting for this message")
	require.Equal(t, o.posted(asked).ID, placeholder.ReplyTo)
	o.from(alicia, byNumber, text("and?"))
	require.Len(t, o.all(), 3)

	o.seals("e1", edit("OTHER", "hi there"))
	now = now.Add(time.Minute)
	require.Empty(t, o.drain())
	require.Equal(t, "incoming: *✏️ Edited*\n\nhi there", o.all()[3])
	require.Equal(t, placeholder.ID, o.posted(waits).ReplyTo)
	var waiting int
	require.NoError(t, o.line.DB.QueryRow(`SELECT COUNT(*) FROM job WHERE state = 'waiting'`).Scan(&waiting))
	require.Zero(t, waiting)
	require.Len(t, o.Conversations(), 1)
}

// A group may vote in a poll that nobody here can read: one placeholder says so, and the
// count comes when the secret does. It is not waited for without end.
func TestVotesThatCannotBeReadAreOnePlaceholder(t *testing.T) {
	t.Parallel()
	now := time.Now()
	o := newOfficeAt(t, func() time.Time { return now })
	asked := o.inGroup(alicia, pollOf("Que dia?", "Segunda", "Terça"))
	bento, clara := newPerson("Bento", "5511888880003"), newPerson("Clara", "5511888880004")
	votes := []*waE2E.Message{o.vote(asked, "v1", "Segunda"), o.vote(asked, "v2", "Terça")}
	known := o.files.unsealed
	o.files.unsealed = nil
	o.inGroup(bento, votes[0])
	o.inGroup(clara, votes[1])
	require.Len(t, o.all(), 2)
	require.Contains(t, o.all()[1], "note: ")
	o.files.unsealed = known
	now = now.Add(time.Minute)
	require.Empty(t, o.drain())
	now = now.Add(time.Minute)
	require.Empty(t, o.drain())
	require.Equal(t, "note: **Votes: 2**\n**Segunda 1** · **Terça 1**", o.all()[2])

	o.files.unsealed = nil
	o.inGroup(bento, o.vote("3EB0OLD", "v3", "Segunda"))
	delete(o.files.unsealed, "v3")
	now = now.Add(8 * 24 * time.Hour)
	require.Empty(t, o.drain())
	var left int
	require.NoError(t, o.line.DB.QueryRow(`SELECT COUNT(*) FROM job WHERE state = 'waiting'`).Scan(&left))
	require.Zero(t, left)
}

// Answers to events and comments are threaded to what they are about.
func TestAnswersAndCommentsAreThreaded(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	asked := o.inGroup(alicia, text("Degustação"))
	bento := newPerson("Bento", "5511888880003")
	o.seals("a1", &waE2E.EventResponseMessage{Response: waE2E.EventResponseMessage_GOING.Enum(), ExtraGuestCount: proto.Int32(2)})
	o.seals("c1", text("Concordo"))
	o.seals("r1", &waE2E.ReactionMessage{Text: proto.String("👍")})
	iv := make([]byte, 12)
	answer := o.inGroup(bento, &waE2E.Message{EncEventResponseMessage: &waE2E.EncEventResponseMessage{EventCreationMessageKey: keyTo(asked), EncPayload: []byte("a1"), EncIV: iv}})
	comment := o.inGroup(bento, &waE2E.Message{EncCommentMessage: &waE2E.EncCommentMessage{TargetMessageKey: keyTo(asked), EncPayload: []byte("c1"), EncIV: iv}})
	o.inGroup(bento, &waE2E.Message{EncReactionMessage: &waE2E.EncReactionMessage{TargetMessageKey: keyTo(asked), EncPayload: []byte("r1"), EncIV: iv}})
	require.Equal(t, []string{
		"incoming: **~Bento** (+5511888880003):\nGoing (+2)", "incoming: **~Bento** (+5511888880003):\nConcordo",
		"activity: Bento reacted 👍: “Degustação”",
	}, o.all()[1:])
	for _, id := range []string{answer, comment} {
		require.Equal(t, o.posted(asked).ID, o.posted(id).ReplyTo)
	}
}
