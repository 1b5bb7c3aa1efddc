package whatsapp

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waMmsRetry"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"
)

// ErrMediaNotOnPhone says that the phone no longer has the file either.
var ErrMediaNotOnPhone = errors.New("the phone no longer has the file")

// RequestMedia asks the phone to upload the file of a message again; payload
// is that of the message's EnvMessage. The answer comes as an EnvMediaRetry,
// when the phone is next online, or never.
func (s *Session) RequestMedia(ctx context.Context, payload []byte) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	m, err := Decode(payload)
	if err != nil {
		return fmt.Errorf("ask the phone for a file: %w", err)
	}
	if m.Media == nil {
		return errors.New("ask the phone for a file: the message has none")
	}
	source, err := m.Media.source()
	if err != nil {
		return fmt.Errorf("ask the phone for a file: %w", err)
	}
	chat, err := types.ParseJID(m.Chat.JID)
	if err != nil {
		return fmt.Errorf("ask the phone for a file: read the chat: %w", err)
	}
	sender, err := types.ParseJID(m.Sender.JID)
	if err != nil {
		return fmt.Errorf("ask the phone for a file: read the sender: %w", err)
	}
	info := types.MessageInfo{ID: m.ID, MessageSource: types.MessageSource{
		Chat: chat, Sender: sender, IsFromMe: m.FromMe, IsGroup: m.Group,
	}}
	err = guarded(s, func() error { return client.SendMediaRetryReceipt(ctx, &info, source.GetMediaKey()) })
	if errors.Is(err, whatsmeow.ErrNotConnected) || errors.Is(err, whatsmeow.ErrNotLoggedIn) {
		return fmt.Errorf("ask the phone for a file: %w: %w", ErrNotConnected, err)
	}
	if err != nil {
		return fmt.Errorf("ask the phone for a file: %w", err)
	}
	return nil
}

// MediaRetry is the phone's answer to RequestMedia.
type MediaRetry struct {
	ID     string // of the message that holds the file
	Chat   Address
	FromMe bool // of the message
	At     time.Time
	sealed events.MediaRetry
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

// mediaRetryEnvelope wraps the phone's answer as it came: the key to open it
// is in the message.
func mediaRetryEnvelope(evt *events.MediaRetry, alt alternate) (Envelope, error) {
	p := mediaRetryPayload{
		Version: 1, ID: evt.MessageID, Chat: address(evt.ChatID, types.EmptyJID, alt), FromMe: evt.FromMe,
		At: evt.Timestamp.UTC(), Ciphertext: evt.Ciphertext, IV: evt.IV,
	}
	if evt.Error != nil {
		p.Code = evt.Error.Code
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return Envelope{}, fmt.Errorf("encode a media retry: %w", err)
	}
	// The file of one message may be asked for more than once.
	dedupe := strings.Join([]string{"wa", "media_retry", evt.MessageID, strconv.FormatInt(evt.Timestamp.Unix(), 10), hex.EncodeToString(evt.IV)}, "|")
	return Envelope{Kind: EnvMediaRetry, Chat: p.Chat, Dedupe: dedupe, At: evt.Timestamp, Payload: raw}, nil
}

// DecodeMediaRetry reads the payload of an EnvMediaRetry.
func DecodeMediaRetry(raw []byte) (MediaRetry, error) {
	var p mediaRetryPayload
	if err := json.Unmarshal(raw, &p); err != nil {
		return MediaRetry{}, fmt.Errorf("decode a media retry: %w", err)
	}
	r := MediaRetry{ID: p.ID, Chat: p.Chat, FromMe: p.FromMe, At: p.At}
	r.sealed = events.MediaRetry{MessageID: p.ID, Ciphertext: p.Ciphertext, IV: p.IV}
	if p.Ciphertext == nil {
		r.sealed.Error = &events.MediaRetryError{Code: p.Code}
	}
	return r, nil
}

// Renew gives the file of the message, as Decode gave it, at the place where
// the phone has uploaded it again; Download takes that. It is pure. The error is
// ErrMediaNotOnPhone, or says that the phone failed and may be asked again.
func (r MediaRetry) Renew(m Media) (Media, error) {
	content, err := m.content()
	if err != nil {
		return Media{}, fmt.Errorf("renew a file: %w", err)
	}
	source := downloadable(content)
	if source == nil {
		return Media{}, errors.New("renew a file: the message has none")
	}
	answer, err := whatsmeow.DecryptMediaRetryNotification(&r.sealed, source.GetMediaKey())
	if errors.Is(err, whatsmeow.ErrMediaNotAvailableOnPhone) || answer.GetResult() == waMmsRetry.MediaRetryNotification_NOT_FOUND {
		return Media{}, fmt.Errorf("renew a file: %w", ErrMediaNotOnPhone)
	}
	if err != nil {
		return Media{}, fmt.Errorf("renew a file: %w", err)
	}
	if answer.GetResult() != waMmsRetry.MediaRetryNotification_SUCCESS || answer.GetDirectPath() == "" {
		return Media{}, fmt.Errorf("renew a file: the phone answers %s", answer.GetResult())
	}
	setDirectPath(content, answer.DirectPath)
	if m.raw, err = proto.Marshal(content); err != nil {
		return Media{}, fmt.Errorf("renew a file: %w", err)
	}
	return m, nil
}

// setDirectPath moves a message's file; its URL led to the old place.
func setDirectPath(m *waE2E.Message, path *string) {
	switch {
	case m.GetImageMessage() != nil:
		m.ImageMessage.DirectPath, m.ImageMessage.URL = path, nil
	case m.GetVideoMessage() != nil:
		m.VideoMessage.DirectPath, m.VideoMessage.URL = path, nil
	case m.GetPtvMessage() != nil:
		m.PtvMessage.DirectPath, m.PtvMessage.URL = path, nil
	case m.GetAudioMessage() != nil:
		m.AudioMessage.DirectPath, m.AudioMessage.URL = path, nil
	case m.GetDocumentMessage() != nil:
		m.DocumentMessage.DirectPath, m.DocumentMessage.URL = path, nil
	case m.GetStickerMessage() != nil:
		m.StickerMessage.DirectPath, m.StickerMessage.URL = path, nil
	}
}
