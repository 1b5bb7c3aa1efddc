package whatsapp

import (
	"context"
	"fmt"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// FinishHistory downloads a history that the phone offered, for what the
// library stores of it (addresses, names, privacy tokens, message secrets), and
// then removes it from the servers. The conversations in it are not imported.
func (s *Session) FinishHistory(ctx context.Context, payload []byte) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	var notification waE2E.HistorySyncNotification
	if err := proto.Unmarshal(payload, &notification); err != nil {
		return fmt.Errorf("read a history notification: %w", err)
	}
	err = guarded(s, func() error {
		_, err := client.DownloadHistorySync(ctx, &notification, true)
		return err
	})
	if err != nil {
		return fmt.Errorf("download history: %w", err)
	}
	if notification.GetDirectPath() == "" {
		return nil // it came inside the notification
	}
	return guarded(s, func() error {
		return client.DeleteMedia(ctx, whatsmeow.MediaHistory, notification.GetDirectPath(), notification.GetFileEncSHA256(), notification.GetEncHandle())
	})
}
