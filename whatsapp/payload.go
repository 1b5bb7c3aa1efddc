package whatsapp

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"
)

// payload is the stored form of a message event. Fields are added, never
// changed: jobs outlive releases.
type payload struct {
	Version int       `json:"v"`
	ID      string    `json:"id"`
	Chat    Address   `json:"chat"`
	Sender  Address   `json:"sender"`
	FromMe  bool      `json:"from_me,omitempty"`
	Group   bool      `json:"group,omitempty"`
	Push    string    `json:"push_name,omitempty"`
	At      time.Time `json:"at"`
	// Trouble is set instead of Proto when the content could not be had:
	// "undecryptable", or WhatsApp's word for an unavailable message.
	Trouble string `json:"trouble,omitempty"`
	Proto   []byte `json:"proto,omitempty"`
}

const troubleUndecryptable = "undecryptable"

// alternate finds the other JID of a person in the local store, without any
// network; it gives the empty JID when it is not known.
type alternate func(types.JID) types.JID

// messageEnvelope wraps a message that was decrypted.
func messageEnvelope(evt *events.Message, alt alternate) (Envelope, error) {
	raw, err := proto.Marshal(evt.RawMessage)
	if err != nil {
		return Envelope{}, fmt.Errorf("encode message: %w", err)
	}
	class := contentClass(evt.RawMessage)
	return envelope(evt.Info, alt, class, func(p *payload) { p.Proto = raw })
}

// troubleEnvelope wraps a message whose content could not be had.
func troubleEnvelope(info types.MessageInfo, trouble string, alt alternate) (Envelope, error) {
	return envelope(info, alt, "placeholder", func(p *payload) { p.Trouble = trouble })
}

func envelope(info types.MessageInfo, alt alternate, class string, fill func(*payload)) (Envelope, error) {
	info = fromList(info)
	chat := address(info.Chat, chatAlt(info), alt)
	sender := address(info.Sender, info.SenderAlt, alt)
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
	dedupe := strings.Join([]string{"wa", direction(info.IsFromMe), info.ID, class}, "|")
	return Envelope{Kind: EnvMessage, Chat: chat, Dedupe: dedupe, At: info.Timestamp, Payload: raw}, nil
}

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

// receiptEnvelope wraps a receipt; false means that it tells agents nothing.
func receiptEnvelope(evt *events.Receipt, alt alternate) (Envelope, bool, error) {
	var kind ReceiptKind
	switch evt.Type {
	case types.ReceiptTypeDelivered:
		kind = ReceiptDelivered
	case types.ReceiptTypeRead, types.ReceiptTypePlayed:
		kind = ReceiptRead
	default: // sender, read-self, retry, inactive and others: not the customer's
		return Envelope{}, false, nil
	}
	if evt.IsFromMe || evt.IsGroup || len(evt.MessageIDs) == 0 {
		return Envelope{}, false, nil
	}
	r := Receipt{Kind: kind, Chat: address(evt.Chat, chatAlt(types.MessageInfo{MessageSource: evt.MessageSource}), alt), IDs: evt.MessageIDs, At: evt.Timestamp.UTC()}
	raw, err := json.Marshal(r)
	if err != nil {
		return Envelope{}, false, fmt.Errorf("encode receipt: %w", err)
	}
	ids := slices.Sorted(slices.Values(evt.MessageIDs))
	return Envelope{
		Kind: EnvReceipt, Chat: r.Chat, At: evt.Timestamp, Payload: raw,
		Dedupe: "wa|receipt|" + string(kind) + "|" + strings.Join(ids, ","),
	}, true, nil
}

// historyEnvelope wraps the phone's offer of its history.
func historyEnvelope(evt *events.Message) (Envelope, error) {
	raw, err := proto.Marshal(evt.Message.GetProtocolMessage().GetHistorySyncNotification())
	if err != nil {
		return Envelope{}, fmt.Errorf("encode history notification: %w", err)
	}
	return Envelope{Kind: EnvHistory, Dedupe: "wa|history|" + evt.Info.ID, At: evt.Info.Timestamp, Payload: raw}, nil
}

// contentClass keeps apart what may come under one id: the sender key of a
// group comes before, and under the id of, the message it is for.
func contentClass(m *waE2E.Message) string {
	if decodeContent(m, 0).Kind == KindProtocol {
		return "protocol"
	}
	return "content"
}

// address picks one form for a person whichever way a stanza addressed them:
// the phone number where it is known.
func address(jid, given types.JID, alt alternate) Address {
	jid = jid.ToNonAD()
	if jid.Server == types.LegacyUserServer {
		jid.Server = types.DefaultUserServer
	}
	other := given.ToNonAD()
	if other.IsEmpty() && (jid.Server == types.DefaultUserServer || jid.Server == types.HiddenUserServer) {
		other = alt(jid).ToNonAD()
	}
	if other.Server == types.DefaultUserServer && jid.Server == types.HiddenUserServer {
		jid, other = other, jid
	}
	a := Address{JID: jid.String()}
	if !other.IsEmpty() && other != jid {
		a.Alt = other.String()
	}
	return a
}

// chatAlt is the other address of the counterpart of a direct chat.
func chatAlt(info types.MessageInfo) types.JID {
	switch {
	case info.IsGroup:
		return types.EmptyJID
	case info.IsFromMe:
		return info.RecipientAlt
	default:
		return info.SenderAlt
	}
}

// DecodeReceipt reads the payload of an EnvReceipt.
func DecodeReceipt(raw []byte) (Receipt, error) {
	var r Receipt
	if err := json.Unmarshal(raw, &r); err != nil {
		return Receipt{}, fmt.Errorf("decode receipt: %w", err)
	}
	return r, nil
}
