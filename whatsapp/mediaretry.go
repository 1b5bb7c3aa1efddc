package whatsapp

import (
	"context"
	"errors"
	"fmt"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waMmsRetry"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"github.com/wootbridge/wootbridge/whatsapp/content"
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
	m, err := content.Decode(payload)
	if err != nil {
		return fmt.Errorf("ask the phone for a file: %w", err)
	}
	f := m.File()
	if f == nil {
		return errors.New("ask the phone for a file: the message has none")
	}
	source, ok := f.Source().(whatsmeow.DownloadableMessage)
	if !ok {
		return fmt.Errorf("ask the phone for a file: %w", ErrMediaGone)
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

// Renew gives the file of a message at the place where the phone, as it answers,
// has uploaded it again; Download takes that. It is pure. The error is
// ErrMediaNotOnPhone, or says that the phone failed and may be asked again.
func Renew(answer content.MediaRetry, f content.File) (content.File, error) {
	source, ok := f.Source().(whatsmeow.DownloadableMessage)
	if !ok {
		return content.File{}, errors.New("renew a file: the message has none")
	}
	sealed := events.MediaRetry{MessageID: answer.ID, Ciphertext: answer.Ciphertext, IV: answer.IV}
	if answer.Ciphertext == nil {
		sealed.Error = &events.MediaRetryError{Code: answer.ErrorCode}
	}
	opened, err := whatsmeow.DecryptMediaRetryNotification(&sealed, source.GetMediaKey())
	if errors.Is(err, whatsmeow.ErrMediaNotAvailableOnPhone) || opened.GetResult() == waMmsRetry.MediaRetryNotification_NOT_FOUND {
		return content.File{}, fmt.Errorf("renew a file: %w", ErrMediaNotOnPhone)
	}
	if err != nil {
		return content.File{}, fmt.Errorf("renew a file: %w", err)
	}
	if opened.GetResult() != waMmsRetry.MediaRetryNotification_SUCCESS || opened.GetDirectPath() == "" {
		return content.File{}, fmt.Errorf("renew a file: the phone answers %s", opened.GetResult())
	}
	return f.MovedTo(opened.GetDirectPath()), nil
}
