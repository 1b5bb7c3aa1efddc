package whatsapp_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func text(s string) *waE2E.Message { return &waE2E.Message{Conversation: &s} }

func wrapped(m *waE2E.Message) *waE2E.FutureProofMessage {
	return &waE2E.FutureProofMessage{Message: m}
}

// nested is a text in a view-once in an ephemeral message, again and again, in a
// copy of a message sent.
func nested(times int) *waE2E.Message {
	m := text("deep inside")
	for range times {
		m = &waE2E.Message{EphemeralMessage: wrapped(&waE2E.Message{ViewOnceMessageV2: wrapped(m)})}
	}
	return &waE2E.Message{DeviceSentMessage: &waE2E.DeviceSentMessage{Message: m}}
}

// ofALaterRelease is a message with a content that nobody here knows.
func ofALaterRelease() *waE2E.Message {
	m := &waE2E.Message{MessageContextInfo: &waE2E.MessageContextInfo{}}
	m.ProtoReflect().SetUnknown(protowire.AppendString(protowire.AppendTag(nil, 5_000, protowire.BytesType), "hologram"))
	return m
}

// Whatever comes, there is something of it for the desk or for the operator, and
// what comes after it is not in danger.
func TestNoOddMessageIsLostWithoutAWord(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("words ", 200_000)
	undecryptable := content.Undecryptable{}
	for name, tc := range map[string]struct {
		message *waE2E.Message
		options []whatsapptest.SendOption
		want    content.Content
		counted string // in place of an event
	}{
		"a message without anything in it": {message: &waE2E.Message{}, want: content.Nothing{}},
		"content of a later release": {message: ofALaterRelease(),
			want: content.Unsupported{Name: "unknown field"}},
		"a huge text":                {message: text(huge), want: content.Text{Text: huge[:65_536+1]}},
		"letters that are none":      {message: text("caf\xe9 \x00!"), want: content.Text{Text: "caf\uFFFD !"}},
		"a text in several wrappers": {message: nested(3), want: content.Text{Text: "deep inside"}},
		"a text in too many wrappers": {message: nested(500),
			want: content.Unsupported{Name: "viewOnceMessageV2"}},
		"a deletion of nothing": {
			message: &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{Type: waE2E.ProtocolMessage_REVOKE.Enum()}},
			want:    content.Nothing{},
		},
		"an edit of nothing": {
			message: &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
				Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum(), EditedMessage: text("new"),
			}},
			want: content.Edit{New: content.Text{Text: "new"}},
		},
		"bytes that are no message":   {options: plaintext("\xff\xff\xff\xff\x01"), want: undecryptable},
		"a message that breaks off":   {options: plaintext("\x0a\x7fhello\x01"), want: undecryptable},
		"no bytes at all":             {options: plaintext(""), want: undecryptable},
		"padding only":                {options: plaintext("\x03\x03\x03"), want: content.Nothing{}},
		"padding longer than itself":  {options: plaintext("\x0a\x05hello\xff"), want: undecryptable},
		"padding that does not match": {options: plaintext("\x0a\x05hello\x02"), want: undecryptable},
		"no padding":                  {options: plaintext("\x0a\x05hello\x00"), want: undecryptable},
		"no type, name or hidden id": {message: text("hello"), options: without("type", "notify", "sender_lid"),
			want: content.Text{Text: "hello"}},
		"no id":                   {message: text("hello"), options: without("id"), counted: "message not understood"},
		"no time":                 {message: text("hello"), options: without("t"), counted: "message not understood"},
		"no sender":               {message: text("hello"), options: without("from"), counted: "message not understood"},
		"no encryption's version": {message: text("hello"), options: []whatsapptest.SendOption{whatsapptest.WithoutEncAttr("v")}, counted: "message not understood"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, c, _ := newCountingWorld(t, whatsapptest.New(whatsapptest.Options{}))
			w.phone.SetAnswersResends(false) // it would hand over what is well-formed
			if tc.message == nil {
				tc.message = &waE2E.Message{}
			}
			id := w.alice.Send(w.phone, tc.message, tc.options...)
			w.alice.SendText(w.phone, "after it")
			var got []content.Message
			w.sink.wait(t, "what comes after it", func() bool {
				got = got[:0]
				for _, payload := range w.sink.takenOf(content.EnvMessage) {
					m, err := content.Decode(payload)
					require.NoError(t, err)
					got = append(got, m)
				}
				// Not the last one for certain: what she sends again, when she is
				// asked for it, may come behind.
				return slices.ContainsFunc(got, func(m content.Message) bool { return m.Content == content.Text{Text: "after it"} })
			})
			require.Zero(t, c.all()["panic"])
			require.Equal(t, 1, w.phone.Companion().Logins())
			if tc.counted != "" {
				require.Len(t, got, 1)
				require.Equal(t, 1, c.all()[tc.counted])
				return
			}
			require.Greater(t, len(got), 1, "there is nothing of it")
			m := got[0]
			require.Equal(t, id, m.ID)
			require.Equal(t, w.alice.JID().String(), m.Chat.JID)
			require.Equal(t, tc.want, m.Content)
			if m.Content == undecryptable {
				require.NoError(t, w.phone.Companion().WaitSettled(patience))
				require.Positive(t, w.alice.RetriesServed(), "she was asked for it again")
			}
		})
	}
}

func plaintext(raw string) []whatsapptest.SendOption {
	return []whatsapptest.SendOption{whatsapptest.WithPlaintext([]byte(raw))}
}

func without(names ...string) []whatsapptest.SendOption {
	return []whatsapptest.SendOption{whatsapptest.WithoutAttr(names...)}
}
