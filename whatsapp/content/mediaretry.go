package content

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.mau.fi/whatsmeow/types"
)

// MediaRetry is the phone's answer when it was asked to upload a file again. It
// is sealed: the key to open it is in the message that holds the file.
type MediaRetry struct {
	ID         string // of the message
	Chat       Address
	FromMe     bool // of the message
	At         time.Time
	Ciphertext []byte // nil: the phone answered with an error
	IV         []byte
	ErrorCode  int
}

// mediaRetryPayload is the stored form of the phone's answer. Fields are added,
// never changed: jobs outlive releases.
type mediaRetryPayload struct {
	Version    int       `json:"v"`
	ID         string    `json:"id"`
	Chat       Address   `json:"chat"`
	FromMe     bool      `json:"from_me,omitempty"`
	At         time.Time `json:"at"`
	Ciphertext []byte    `json:"ciphertext,omitempty"`
	IV         []byte    `json:"iv,omitempty"`
	Code       int       `json:"code,omitempty"` // of an error; then there is no ciphertext
}

// MediaRetryEnvelope wraps the phone's answer as it came; the chat of r is
// found from its JID.
func MediaRetryEnvelope(r MediaRetry, chat types.JID, alt Alternate) (Envelope, error) {
	p := mediaRetryPayload{
		Version: 1, ID: r.ID, Chat: AddressOf(chat, types.EmptyJID, alt), FromMe: r.FromMe,
		At: r.At.UTC(), Ciphertext: r.Ciphertext, IV: r.IV, Code: r.ErrorCode,
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return Envelope{}, fmt.Errorf("encode a media retry: %w", err)
	}
	// The file of one message may be asked for more than once.
	dedupe := strings.Join([]string{"wa", "media_retry", r.ID, strconv.FormatInt(r.At.Unix(), 10), hex.EncodeToString(r.IV)}, "|")
	return Envelope{Kind: EnvMediaRetry, Chat: p.Chat, Dedupe: dedupe, At: r.At, Payload: raw}, nil
}

// DecodeMediaRetry reads the payload of an EnvMediaRetry.
func DecodeMediaRetry(raw []byte) (MediaRetry, error) {
	var p mediaRetryPayload
	if err := json.Unmarshal(raw, &p); err != nil {
		return MediaRetry{}, fmt.Errorf("decode a media retry: %w", err)
	}
	return MediaRetry{
		ID: p.ID, Chat: p.Chat, FromMe: p.FromMe, At: p.At, Ciphertext: p.Ciphertext, IV: p.IV, ErrorCode: p.Code,
	}, nil
}
