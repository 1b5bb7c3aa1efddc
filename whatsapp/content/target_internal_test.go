package content

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// What is sealed in the samples says what their makers wrote into them.
func TestSealedContentsAreWhatWasSealed(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Content{
		"poll-vote-1":      Vote{"ACC1D2B5E41AAFE7FAF34719D8D0FC05", []string{OptionHash("Segunda"), OptionHash("Quarta 🍕")}},
		"poll-vote-2":      Vote{Target: "ACC1D2B5E41AAFE7FAF34719D8D0FC05"},
		"enc-reaction-1":   Reaction{Target: "AC0C99C0FF97AB9D918039AF1F390708", Emoji: "👍"},
		"event-response-1": EventAnswer{"ACB0C82A3ADE3497964CB8034BE915DA", Going, 1},
		"event-response-2": EventAnswer{"ACB0C82A3ADE3497964CB8034BE915DA", NotGoing, 0},
		"secret-edit-1":    Edit{Target: "ACFE8DF1A5A1980493CA9406AD3BB0E4", New: Text{"Oi, tudo bem? Ainda tem mesa para amanhã?"}},
		"secret-edit-5":    PollOption{"ACC43ABF33BBA2F8D5B4505DE21212F4", "Quinta"},
		"secret-edit-4":    Edit{Target: "ACC1D2B5E41AAFE7FAF34719D8D0FC05", New: Poll{Question: "Qual dia fica melhor mesmo?", Options: []string{"Segunda", "Terça"}}},
	} {
		raw, err := os.ReadFile(filepath.Join("testdata", "messages", name+".json"))
		require.NoError(t, err)
		var s struct {
			Message   json.RawMessage `json:"message"`
			Decrypted struct {
				Message json.RawMessage `json:"message"`
				Type    string          `json:"type"`
			} `json:"decrypted"`
		}
		require.NoError(t, json.Unmarshal(raw, &s))
		var sent waE2E.Message
		require.NoError(t, protojson.Unmarshal(s.Message, &sent))
		inside := map[string]proto.Message{
			"PollVoteMessage": &waE2E.PollVoteMessage{}, "ReactionMessage": &waE2E.ReactionMessage{},
			"EventResponseMessage": &waE2E.EventResponseMessage{}, "Message": &waE2E.Message{},
		}[s.Decrypted.Type]
		require.NoError(t, protojson.Unmarshal(s.Decrypted.Message, inside), name)
		plaintext, err := proto.Marshal(inside)
		require.NoError(t, err)
		content, _ := decodeContent(&sent, 0)
		require.IsType(t, Sealed{}, content, name)
		m, err := Open(Message{ID: "A1"}, content.(Sealed), plaintext)
		require.NoError(t, err, name)
		require.Equal(t, want, m.Content, name)
	}
}

// Who has the secret of one message says nothing about another one, and nothing that
// needs no secret.
func TestASealedContentConcernsTheMessageWhoseSecretItHas(t *testing.T) {
	t.Parallel()
	other := &waCommon.MessageKey{ID: proto.String("OTHER")}
	for name, tc := range map[string]struct {
		inside *waE2E.Message
		want   Content
	}{
		"an edit of another": {&waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
			Key: other, Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum(), EditedMessage: &waE2E.Message{Conversation: proto.String("x")},
		}}, Edit{Target: "MINE", New: Text{"x"}}},
		"a deletion": {&waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{Key: other}}, Nothing{}},
		"a reaction": {&waE2E.Message{ReactionMessage: &waE2E.ReactionMessage{Key: other, Text: proto.String("👍")}}, Nothing{}},
		"nothing":    {&waE2E.Message{}, Nothing{}},
		"a text":     {&waE2E.Message{Conversation: proto.String("x")}, Edit{Target: "MINE", New: Text{"x"}}},
	} {
		plaintext, err := proto.Marshal(tc.inside)
		require.NoError(t, err)
		m, err := Open(Message{}, Sealed{Kind: SealedEdit, Target: Key{ID: "MINE"}}, plaintext)
		require.NoError(t, err, name)
		require.Equal(t, tc.want, m.Content, name)
	}
	for _, kind := range []SealedKind{SealedVote, SealedReaction, SealedComment, SealedAnswer, SealedEdit} {
		_, err := Open(Message{}, Sealed{Kind: kind}, []byte{0xff, 0xff, 0xff})
		require.Error(t, err, kind)
	}
}

// An edit in an edit, as deep as anybody likes, ends.
func TestEditsWithinEditsAreNothing(t *testing.T) {
	t.Parallel()
	m := &waE2E.Message{Conversation: proto.String("x")}
	for range 2000 {
		m = &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
			Key: &waCommon.MessageKey{ID: proto.String("A")}, Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum(), EditedMessage: m,
		}}
	}
	content, _ := decodeContent(m, 0)
	require.Equal(t, Nothing{}, content)
	comment, _ := decodeContent(&waE2E.Message{CommentMessage: &waE2E.CommentMessage{Message: &waE2E.Message{CommentMessage: &waE2E.CommentMessage{}}}}, 0)
	require.Equal(t, Nothing{}, comment)
}

// An edit may come under the id of what it changes, more than once.
func TestAnEditIsNoCopyOfWhatItChanges(t *testing.T) {
	t.Parallel()
	seen, ids := map[string]bool{}, map[string]bool{}
	for i, m := range []*waE2E.Message{{Conversation: proto.String("one")}, edited1("two"), edited1("three")} {
		alice := types.NewJID("5511888880002", types.DefaultUserServer)
		info := types.MessageInfo{ID: "A1", Timestamp: time.Unix(1_800_000_000+int64(i), 0), MessageSource: types.MessageSource{Chat: alice, Sender: alice}}
		info.MsgBotInfo.EditType = map[int]types.BotEditType{1: types.EditTypeInner, 2: types.EditTypeLast}[i]
		e, err := MessageEnvelope(info, m, noAlternate)
		require.NoError(t, err)
		got, err := Decode(e.Payload)
		require.NoError(t, err)
		require.False(t, seen[e.Dedupe] || ids[got.ID], e.Dedupe)
		seen[e.Dedupe], ids[got.ID] = true, true
		if i > 0 {
			require.Equal(t, "A1", Target(got.Content))
			require.Equal(t, i == 1, got.Content.(Edit).Unfinished, "who watches a machine write sees the end")
		}
	}
}

func edited1(text string) *waE2E.Message {
	return &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Key: &waCommon.MessageKey{ID: proto.String("A1")}, Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum(),
		EditedMessage: &waE2E.Message{Conversation: proto.String(text)},
	}}
}
