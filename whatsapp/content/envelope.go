package content

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"
)

// EnvelopeKind tells what was taken in.
type EnvelopeKind string

// The kinds of envelopes.
const (
	EnvMessage    EnvelopeKind = "message"     // also one that could not be read
	EnvReceipt    EnvelopeKind = "receipt"     // somebody got or read messages
	EnvHistory    EnvelopeKind = "history"     // the phone offers its history
	EnvMediaRetry EnvelopeKind = "media_retry" // the phone was asked for a file, and answers
	EnvCall       EnvelopeKind = "call"        // a step of a call
	EnvHappening  EnvelopeKind = "happening"   // a group changed, or a person's number or keys
)

// Envelope is one event, to be committed before WhatsApp is told that it
// arrived.
type Envelope struct {
	Kind EnvelopeKind
	Chat Address
	// Dedupe is the same for every copy of the event, whatever the addressing
	// of the copy; it is unique within a line.
	Dedupe string
	At     time.Time // the server's
	// Payload is the raw event; Decode, DecodeReceipt and DecodeMediaRetry read it.
	Payload []byte
	// Waited says that WhatsApp kept the event since before the line's session began, or
	// was connected again.
	Waited bool
	// Happens is what an EnvHappening is about, and Renames says that it gives a group
	// another name. Step is how far the call of an EnvCall is. They are not stored.
	Happens Happens
	Renames bool
	Step    CallStep
	// Mentions says that a message of a group is for the line's own account. It is not
	// stored either.
	Mentions bool
}

// MessageEnvelope wraps a message that was decrypted.
func MessageEnvelope(info types.MessageInfo, m *waE2E.Message, alt Alternate) (Envelope, error) {
	raw, err := encodeWithoutSecrets(m)
	if err != nil {
		return Envelope{}, fmt.Errorf("encode message: %w", err)
	}
	status := info.Chat == types.StatusBroadcastJID && !info.IsFromMe
	if status { // it stands in the chat with who has published it
		info.Chat, info.IsGroup = info.Sender.ToNonAD(), false
	}
	return messageEnvelope(info, alt, contentClass(info, m), func(p *payload) {
		p.Proto, p.Status, p.Unfinished = raw, status, info.MsgBotInfo.EditType == types.EditTypeInner
	})
}

// PlaceholderEnvelope wraps a message whose content could not be had: trouble is
// TroubleUndecryptable, or WhatsApp's word for an unavailable message.
func PlaceholderEnvelope(info types.MessageInfo, trouble string, alt Alternate) (Envelope, error) {
	return messageEnvelope(info, alt, "placeholder", func(p *payload) { p.Trouble = trouble })
}

func messageEnvelope(info types.MessageInfo, alt Alternate, class string, fill func(*payload)) (Envelope, error) {
	info = fromList(info)
	chat := AddressOf(info.Chat, chatAlt(info.MessageSource), alt)
	sender := AddressOf(info.Sender, info.SenderAlt, alt)
	p := payload{
		Version: 1, ID: info.ID, Chat: chat, Sender: sender, FromMe: info.IsFromMe,
		Group: info.IsGroup, Push: info.PushName, At: info.Timestamp.UTC(),
	}
	fill(&p)
	raw, err := json.Marshal(p)
	if err != nil {
		return Envelope{}, fmt.Errorf("encode message: %w", err)
	}
	// WhatsApp's ids are unique for their sender only, and a sender has two
	// addresses of which a copy may carry either; the chat cannot tell copies
	// apart for the same reason. Direction, id and class do: an id is 9 to 16
	// random bytes, and a collision between two chats of a line would need
	// the same ones.
	dedupe := dedupeKey(info.ID, info.IsFromMe, class)
	return Envelope{Kind: EnvMessage, Chat: chat, Dedupe: dedupe, At: info.Timestamp, Payload: raw}, nil
}

func dedupeKey(id string, fromMe bool, class string) string {
	return strings.Join([]string{"wa", direction(fromMe), id, class}, "|")
}

// ContentKey is the Dedupe of the message with an id, if it had a content.
func ContentKey(id string, fromMe bool) string { return dedupeKey(id, fromMe, "content") }

// fromList makes a message that came through a broadcast list what it is to
// its recipient: an ordinary message of its sender.
func fromList(info types.MessageInfo) types.MessageInfo {
	if info.Chat.Server == types.BroadcastServer && info.Chat != types.StatusBroadcastJID && !info.IsFromMe {
		info.Chat, info.IsGroup = info.Sender.ToNonAD(), false
	}
	return info
}

func direction(fromMe bool) string {
	if fromMe {
		return "own"
	}
	return "in"
}

// contentClass keeps apart what may come under one id: the sender key of a
// group comes before, and under the id of, the message it is for; and so may the edits
// of a message come.
func contentClass(info types.MessageInfo, m *waE2E.Message) string {
	content, _ := decodeContent(m, 0)
	switch c := content.(type) {
	case Nothing:
		return "protocol"
	case Edit:
		if c.Target == info.ID {
			return "edit|" + strconv.FormatInt(info.Timestamp.UnixMilli(), 10)
		}
	}
	return "content"
}

// HistoryEnvelope wraps the phone's offer of its history.
func HistoryEnvelope(info types.MessageInfo, offer *waE2E.HistorySyncNotification) (Envelope, error) {
	raw, err := proto.Marshal(offer)
	if err != nil {
		return Envelope{}, fmt.Errorf("encode history notification: %w", err)
	}
	return Envelope{Kind: EnvHistory, Dedupe: "wa|history|" + info.ID, At: info.Timestamp, Payload: raw}, nil
}
