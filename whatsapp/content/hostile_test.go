package content_test

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// hostile are messages that are built to cost more than their bytes; each is about as
// large as is asked for.
var hostile = map[string]func(size int) *waE2E.Message{
	"quotes in quotes": func(size int) *waE2E.Message {
		return nested(size, func(inner *waE2E.Message) *waE2E.Message {
			return &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{
				ContextInfo: &waE2E.ContextInfo{StanzaID: proto.String("A"), QuotedMessage: inner},
			}}
		})
	},
	"pictures that quote pictures": func(size int) *waE2E.Message {
		return nested(size, func(inner *waE2E.Message) *waE2E.Message {
			return &waE2E.Message{ImageMessage: &waE2E.ImageMessage{
				URL: proto.String("https://mmg.whatsapp.net/x"), JPEGThumbnail: make([]byte, 40),
				ContextInfo: &waE2E.ContextInfo{StanzaID: proto.String("A"), QuotedMessage: inner},
			}}
		})
	},
	"wrappers in wrappers": func(size int) *waE2E.Message {
		wrap := []func(*waE2E.FutureProofMessage) *waE2E.Message{
			func(m *waE2E.FutureProofMessage) *waE2E.Message { return &waE2E.Message{ViewOnceMessage: m} },
			func(m *waE2E.FutureProofMessage) *waE2E.Message { return &waE2E.Message{EphemeralMessage: m} },
			func(m *waE2E.FutureProofMessage) *waE2E.Message { return &waE2E.Message{GroupMentionedMessage: m} },
		}
		i := 0
		return nested(size, func(inner *waE2E.Message) *waE2E.Message {
			i++
			return wrap[i%len(wrap)](&waE2E.FutureProofMessage{Message: inner})
		})
	},
	"all wrappers at once": func(size int) *waE2E.Message {
		return nested(size, func(inner *waE2E.Message) *waE2E.Message {
			other := &waE2E.FutureProofMessage{Message: &waE2E.Message{}}
			return &waE2E.Message{
				ViewOnceMessage: &waE2E.FutureProofMessage{Message: inner}, EphemeralMessage: other, ViewOnceMessageV2: other, EditedMessage: other,
			}
		})
	},
	"edits in edits": func(size int) *waE2E.Message {
		return nested(size, func(inner *waE2E.Message) *waE2E.Message {
			return &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
				Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum(), Key: &waCommon.MessageKey{ID: proto.String("A")}, EditedMessage: inner,
			}}
		})
	},
	"mentions without number": func(size int) *waE2E.Message {
		who := slicesOf("1@lid", size/7)
		return &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: proto.String("hi"), ContextInfo: &waE2E.ContextInfo{MentionedJID: who}}}
	},
	"a text of zeros": func(size int) *waE2E.Message {
		return &waE2E.Message{Conversation: proto.String(strings.Repeat("\x00", size))}
	},
	"a text that is no UTF-8": func(size int) *waE2E.Message {
		return &waE2E.Message{Conversation: proto.String(strings.Repeat("\xff", size))}
	},
	"a long name of a file": func(size int) *waE2E.Message {
		return &waE2E.Message{DocumentMessage: &waE2E.DocumentMessage{FileName: proto.String(strings.Repeat("../", size/3)), Mimetype: proto.String(strings.Repeat(";", size/3))}}
	},
	"fields that nobody knows": func(size int) *waE2E.Message {
		var raw []byte
		for n := protowire.Number(4000); len(raw) < size; n++ {
			raw = protowire.AppendVarint(protowire.AppendTag(raw, n, protowire.VarintType), 1)
		}
		m := &waE2E.Message{}
		m.ProtoReflect().SetUnknown(raw)
		return m
	},
	"a quote with a long id": func(size int) *waE2E.Message {
		return &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{ContextInfo: &waE2E.ContextInfo{
			StanzaID: proto.String(strings.Repeat("a\x00", size/4)), Participant: proto.String(strings.Repeat(":@", size/4)),
		}}}
	},
}

func slicesOf(text string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = text
	}
	return all
}

// nested wraps a message until it has the size.
func nested(size int, wrap func(*waE2E.Message) *waE2E.Message) *waE2E.Message {
	m := &waE2E.Message{Conversation: proto.String("x")}
	// What a level adds is known from the first ones; to measure each would take long.
	const some = 64
	for range some {
		m = wrap(m)
	}
	each := max(proto.Size(m)/some, 1)
	// The library reads messages that are at most 10,000 deep.
	const deepest = 10_000 / 4
	for range min(max(0, size/(each+3)-some), deepest) {
		m = wrap(m)
	}
	return m
}

func hostileInfo() types.MessageInfo {
	alice := types.NewJID("5511888880002", types.DefaultUserServer)
	return types.MessageInfo{
		MessageSource: types.MessageSource{Chat: alice, Sender: alice}, ID: "3EB0C767D26A1B2C3D4E", PushName: "Alice",
		Timestamp: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC),
	}
}

func nobodyElse(types.JID) types.JID { return types.EmptyJID }

// cost is how many bytes it takes to take a message in and to decode it.
func cost(t *testing.T, m *waE2E.Message) uint64 {
	t.Helper()
	least := uint64(1 << 62)
	for range 3 { // other goroutines allocate too
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		e, err := content.MessageEnvelope(hostileInfo(), m, nobodyElse)
		require.NoError(t, err)
		_, err = content.Decode(e.Payload)
		require.NoError(t, err)
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}

// What a message costs grows with its bytes and with nothing else. It is not parallel:
// what others allocate would count.
func TestH3_AMessageCostsWhatItsBytesCost(t *testing.T) {
	const small, large = 16 << 10, 64 << 10
	for what, build := range hostile {
		one, four := cost(t, build(small)), cost(t, build(large))
		require.LessOrEqual(t, four, 8*one, "%s: %d and %d bytes", what, one, four)
		require.LessOrEqual(t, four, uint64(200*large), what)
	}
}

// A quote inside a quote is nobody's; what is quoted is decoded once.
func TestH3_AQuotesQuoteIsNotLookedAt(t *testing.T) {
	t.Parallel()
	e, err := content.MessageEnvelope(hostileInfo(), hostile["quotes in quotes"](4<<10), nobodyElse)
	require.NoError(t, err)
	m, err := content.Decode(e.Payload)
	require.NoError(t, err)
	require.Equal(t, &content.Quote{ID: "A", Sender: m.Quote.Sender, Content: content.Text{}}, m.Quote)
}

// BenchmarkH3 is what the event handler does with one hostile message of 64 KB; more
// than 10 ms is a failure. A worker decodes it later.
func BenchmarkH3(b *testing.B) {
	const most = 10 * time.Millisecond
	for what, build := range hostile {
		b.Run(what, func(b *testing.B) {
			m := build(64 << 10)
			for b.Loop() {
				_, err := content.MessageEnvelope(hostileInfo(), m, nobodyElse)
				require.NoError(b, err)
			}
			if each := b.Elapsed() / time.Duration(b.N); each > most {
				b.Fatalf("%s for a message", each)
			}
		})
	}
}

// A message from the wire, whatever its bytes are, is taken in or refused.
func FuzzMessageEnvelope(f *testing.F) {
	for _, build := range hostile {
		raw, err := proto.Marshal(build(2 << 10))
		if err == nil {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var m waE2E.Message
		if proto.Unmarshal(raw, &m) != nil {
			return
		}
		e, err := content.MessageEnvelope(hostileInfo(), &m, nobodyElse)
		if err != nil {
			return
		}
		again, err := content.MessageEnvelope(hostileInfo(), &m, nobodyElse)
		require.NoError(t, err)
		require.Equal(t, e.Dedupe, again.Dedupe)
		got, err := content.Decode(e.Payload)
		require.NoError(t, err)
		require.NotNil(t, got.Content)
		require.False(t, bytes.Contains(e.Payload, []byte{0}))
	})
}
