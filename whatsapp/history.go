package whatsapp

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

const (
	// historyPackedMost is the largest history that is downloaded. The phone
	// offers its history in parts of some hundred kilobytes to a few megabytes.
	historyPackedMost = 16 << 20
	// historyMost is the largest size that a part may unpack to. The library unpacks
	// any part in memory and briefly holds it twice, and zlib can turn a megabyte
	// into a gigabyte: without a limit an offer could crash the process, and crash
	// it again at every start.
	historyMost = 64 << 20
	// sealing is the number of bytes that encryption adds: padding and a checksum.
	sealing = 16 + 10
)

// FinishHistory downloads a history that the phone offered, for what the
// library stores of it (addresses, names, privacy tokens, message secrets), and
// then removes it from the servers. The conversations in it are not imported.
// A history that is too large is a PermanentError.
func (s *Session) FinishHistory(ctx context.Context, payload []byte) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	var notification waE2E.HistorySyncNotification
	if err := proto.Unmarshal(payload, &notification); err != nil {
		return &PermanentError{Reason: ReasonUnreadable, Err: fmt.Errorf("read a history notification: %w", err)}
	}
	packed, err := s.packedHistory(ctx, client, &notification)
	if err == nil {
		err = unpacksWithin(bytes.NewReader(packed), historyMost)
	}
	if errors.Is(err, errTooLarge) {
		s.cfg.Count("history too large")
		return &PermanentError{Reason: ReasonTooLarge, Err: fmt.Errorf("take a history: %w", errTooLarge)}
	}
	if err != nil {
		return fmt.Errorf("download history: %w", err)
	}
	// The library gets the very bytes that were checked.
	err = guarded(s, func() error {
		_, err := client.DownloadHistorySync(ctx, &waE2E.HistorySyncNotification{InitialHistBootstrapInlinePayload: packed}, true)
		return err
	})
	if err != nil {
		return fmt.Errorf("take a history: %w", err)
	}
	if notification.GetDirectPath() == "" {
		return nil // it came inside the notification
	}
	return guarded(s, func() error {
		return client.DeleteMedia(ctx, whatsmeow.MediaHistory, notification.GetDirectPath(), notification.GetFileEncSHA256(), notification.GetEncHandle())
	})
}

// packedHistory gives the history as it comes: from the notification or from
// WhatsApp's servers.
func (s *Session) packedHistory(ctx context.Context, client *whatsmeow.Client, n *waE2E.HistorySyncNotification) ([]byte, error) {
	if inline := n.InitialHistBootstrapInlinePayload; inline != nil {
		if len(inline) > historyPackedMost {
			return nil, errTooLarge
		}
		return inline, nil
	}
	if n.GetFileLength() > historyPackedMost {
		return nil, errTooLarge
	}
	file := &memoryFile{most: historyPackedMost + sealing}
	moving, arriving, stop := untilStalled(ctx, file)
	defer stop()
	if err := guarded(s, func() error { return client.DownloadToFile(moving, n, arriving) }); err != nil {
		return nil, err
	}
	if len(file.data) == 0 {
		return nil, errNoHost
	}
	return file.data, nil
}

// unpacksWithin unpacks something, without keeping it, until it is over or
// larger than it may be.
func unpacksWithin(packed io.Reader, most int64) error {
	content, err := zlib.NewReader(packed)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	n, err := io.Copy(io.Discard, io.LimitReader(content, most+1))
	switch {
	case n > most:
		return errTooLarge
	case err != nil:
		return fmt.Errorf("unpack: %w", err)
	}
	return nil
}
