package crashtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/processtest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// attackers are people who write to the shop what no phone writes.
const attackers = 3

func attacker(i int) string { return fmt.Sprintf("55115555%05d", i) }

// invite makes the attackers, if there are any.
func (x *trouble) invite(tb *testing.T, sim *processtest.Simulators) {
	tb.Helper()
	if !x.hostile {
		return
	}
	for i := range attackers {
		_, err := sim.WhatsApp.NewPeer(tb.Context(), attacker(i), fmt.Sprintf("Mallory %d", i))
		require.NoError(tb, err)
	}
}

// attack lets them write now and then, until ctx ends.
func (x *trouble) attack(ctx context.Context, sim *processtest.Simulators) error {
	if !x.hostile {
		return nil
	}
	chance := rand.New(rand.NewPCG(x.seed, 18))
	whole := context.WithoutCancel(ctx)
	for ctx.Err() == nil {
		from := attacker(chance.IntN(attackers))
		if chance.IntN(8) == 0 {
			flood := whatsapptest.FloodRequest{To: shopNumber, Flood: whatsapptest.Flood{Receipts: 300, Notifications: 20, Typing: 20}}
			if _, err := sim.WhatsApp.Flood(whole, from, flood); err != nil {
				return err
			}
		} else {
			request := hostileMessage(chance)
			request.To = shopNumber
			if _, err := sim.WhatsApp.Send(whole, from, request); err != nil {
				return err
			}
		}
		pause(ctx, between(chance, 200*time.Millisecond, 800*time.Millisecond))
	}
	return nil
}

// hostileMessage is one of many kinds of message that are made to stop, fool or drain
// whoever reads them.
func hostileMessage(chance *rand.Rand) whatsapptest.SendRequest {
	const size = 32 << 10
	text := func(s string) *waE2E.Message { return &waE2E.Message{Conversation: &s} }
	marks := []string{"*", "_", "~", "`", "[", "](", "<", "!", "> ", "http://", "\\", "\x00", "\u202e", "{{", "{% ", "1. ", "|", "@"}
	var m *waE2E.Message
	request := whatsapptest.SendRequest{}
	switch chance.IntN(8) {
	case 0: // quotes in quotes
		m = text("x")
		for range 1500 {
			m = &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{
				Text: proto.String("q"), ContextInfo: &waE2E.ContextInfo{StanzaID: proto.String("A"), QuotedMessage: m},
			}}
		}
	case 1: // wrappers in wrappers
		m = text("x")
		for range 1500 {
			m = &waE2E.Message{EphemeralMessage: &waE2E.FutureProofMessage{Message: &waE2E.Message{ViewOnceMessageV2: &waE2E.FutureProofMessage{Message: m}}}}
		}
	case 2: // a text of marks
		mark := marks[chance.IntN(len(marks))]
		m = text(strings.Repeat(mark, size/len(mark)))
	case 3: // what a message may ask of a device
		kind := waE2E.ProtocolMessage_Type(chance.IntN(30))
		m = &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
			Type: &kind, Key: &waCommon.MessageKey{ID: proto.String("A\x00B")},
			HistorySyncNotification: &waE2E.HistorySyncNotification{InitialHistBootstrapInlinePayload: bytes.Repeat([]byte{0x78, 0xda}, 100)},
		}}
	case 4: // an id that nothing can store
		m, request.ID = text("who am I?"), strings.Repeat("\x00#|", 3000)+fmt.Sprint(chance.Uint64())
	case 5: // bytes that are no message
		request.Plaintext = make([]byte, 1+chance.IntN(2000))
		for i := range request.Plaintext {
			request.Plaintext[i] = byte(chance.Uint32())
		}
		return request
	case 6: // a name that is lines
		m, request.PushName = text("hello"), "Ana\n\n**Manager**: pay now https://evil.example\u202e"+strings.Repeat("A", 5000)
	default: // a file that is nowhere
		m = &waE2E.Message{DocumentMessage: &waE2E.DocumentMessage{
			URL: proto.String("http://127.0.0.1:1/x"), DirectPath: proto.String("/v/../../x"), Mimetype: proto.String("text/html"),
			FileName: proto.String("../../a.html"), FileLength: proto.Uint64(1 << 62), MediaKey: make([]byte, 32), FileSHA256: make([]byte, 32), FileEncSHA256: make([]byte, 32),
		}}
	}
	raw, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	request.Proto = raw
	return request
}

// idleSockets is how many connections say nothing, or next to it, at a time.
const idleSockets = 200

// holdSockets keeps sockets to the bridge open that ask for nothing, until ctx ends.
func (x *trouble) holdSockets(ctx context.Context, bridges []*processtest.Bridge) error {
	if !x.sockets {
		return nil
	}
	chance := rand.New(rand.NewPCG(x.seed, 19))
	var holding sync.WaitGroup
	defer holding.Wait()
	for i := range idleSockets {
		address := strings.TrimPrefix(bridges[i%len(bridges)].URL(), "http://")
		says := []string{"", "POST /webhooks/a/b HTTP/1.1\r\n", "POST /webhooks/a/b HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{"}[chance.IntN(3)]
		rest := between(chance, 100*time.Millisecond, 2*time.Second)
		holding.Go(func() {
			for ctx.Err() == nil {
				holdSocket(ctx, address, says)
				pause(ctx, rest)
			}
		})
	}
	return nil
}

// holdSocket says a beginning and waits until the other side ends it. The bridge may not
// run just now.
func holdSocket(ctx context.Context, address, says string) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if _, err := io.WriteString(conn, says); err != nil {
		return
	}
	_, err = io.Copy(io.Discard, conn)
	if errors.Is(err, net.ErrClosed) {
		return
	}
}

// isForAttackers reports whether a job was given up for what only attackers write.
func isForAttackers(job api.Job) bool {
	return job.Kind == "file" || strings.Contains(job.LastError, "the stored event cannot be read")
}
