package content

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.mau.fi/whatsmeow/types"
)

// ReceiptKind tells how far messages have come.
type ReceiptKind string

// The kinds of receipts that matter to agents.
const (
	ReceiptDelivered ReceiptKind = "delivered"
	ReceiptRead      ReceiptKind = "read"
)

// Receipt says that the counterpart got or read messages. Read marks of the
// own phone are no receipts. It is also the stored form of one.
type Receipt struct {
	Kind ReceiptKind `json:"kind"`
	Chat Address     `json:"chat"`
	IDs  []string    `json:"ids"`
	At   time.Time   `json:"at"`
	// Member is who of a group says so, nil elsewhere.
	Member *Address `json:"member,omitempty"`
}

// ReceiptEnvelope wraps a receipt for some messages; false means that it tells
// agents nothing.
func ReceiptEnvelope(source types.MessageSource, receipt types.ReceiptType, ids []string, at time.Time, alt Alternate) (Envelope, bool, error) {
	var kind ReceiptKind
	switch receipt {
	case types.ReceiptTypeDelivered:
		kind = ReceiptDelivered
	case types.ReceiptTypeRead, types.ReceiptTypePlayed:
		kind = ReceiptRead
	default: // sender, read-self, retry, inactive and others: not the customer's
		return Envelope{}, false, nil
	}
	if source.IsFromMe || len(ids) == 0 || source.IsGroup && source.Chat.Server != types.GroupServer {
		return Envelope{}, false, nil
	}
	r := Receipt{Kind: kind, Chat: AddressOf(source.Chat, chatAlt(source), alt), IDs: ids, At: at.UTC()}
	by := ""
	if source.IsGroup {
		member := AddressOf(source.Sender, source.SenderAlt, alt)
		r.Member, by = &member, "|"+member.JID
	}
	raw, err := json.Marshal(r)
	if err != nil {
		return Envelope{}, false, fmt.Errorf("encode receipt: %w", err)
	}
	sorted := slices.Sorted(slices.Values(ids))
	return Envelope{
		Kind: EnvReceipt, Chat: r.Chat, At: at, Payload: raw,
		Dedupe: "wa|receipt|" + string(kind) + "|" + strings.Join(sorted, ",") + by,
	}, true, nil
}

// DecodeReceipt reads the payload of an EnvReceipt.
func DecodeReceipt(raw []byte) (Receipt, error) {
	var r Receipt
	if err := json.Unmarshal(raw, &r); err != nil {
		return Receipt{}, fmt.Errorf("decode receipt: %w", err)
	}
	return r, nil
}
