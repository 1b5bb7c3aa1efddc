package devicestore

import (
	"context"
	"fmt"
	"time"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/store/sqlstore"
	"go.mau.fi/whatsmeow/types"
	waLog "go.mau.fi/whatsmeow/util/log"
)

// sealedStore are the library's stores of one device, with what is written about in the
// clear there sealed: the secrets of messages, with which reactions and edits are read,
// and the messages that wait for their commit or for a device that asks again.
type sealedStore struct {
	*sqlstore.SQLStore
	sealer Sealer
	log    waLog.Logger
}

var _ store.AllSessionSpecificStores = (*sealedStore)(nil)

// PutMessageSecret implements store.MsgSecretStore.
func (s *sealedStore) PutMessageSecret(ctx context.Context, chat, sender types.JID, id types.MessageID, secret []byte) error {
	sealed, err := sealInPlace(s.sealer, purposeOfSecret(s.JID, sender.ToNonAD().String(), id), secret)
	if err != nil {
		return fmt.Errorf("store a message's secret: %w", err)
	}
	return s.SQLStore.PutMessageSecret(ctx, chat, sender, id, sealed)
}

// PutMessageSecrets implements store.MsgSecretStore.
func (s *sealedStore) PutMessageSecrets(ctx context.Context, inserts []store.MessageSecretInsert) error {
	sealed := make([]store.MessageSecretInsert, 0, len(inserts))
	for _, insert := range inserts {
		if len(insert.Secret) == 0 {
			continue // the library skips them too
		}
		secret, err := sealInPlace(s.sealer, purposeOfSecret(s.JID, insert.Sender.ToNonAD().String(), insert.ID), insert.Secret)
		if err != nil {
			return fmt.Errorf("store the secrets of messages: %w", err)
		}
		insert.Secret = secret
		sealed = append(sealed, insert)
	}
	return s.SQLStore.PutMessageSecrets(ctx, sealed)
}

// GetMessageSecret implements store.MsgSecretStore. One that does not open is one that
// is not there: what needs it cannot be read, and nothing else.
func (s *sealedStore) GetMessageSecret(ctx context.Context, chat, sender types.JID, id types.MessageID) ([]byte, types.JID, error) {
	stored, from, err := s.SQLStore.GetMessageSecret(ctx, chat, sender, id)
	if err != nil || stored == nil {
		return nil, from, err
	}
	secret, err := openInPlace(s.sealer, purposeOfSecret(s.JID, from.String(), id), stored)
	if err != nil {
		s.log.Warnf("A message's secret cannot be read: %v", err)
		return nil, types.EmptyJID, nil
	}
	return secret, from, nil
}

// PutBufferedEvent implements store.EventBuffer.
func (s *sealedStore) PutBufferedEvent(ctx context.Context, hash [32]byte, plaintext []byte, at time.Time) error {
	sealed, err := sealInPlace(s.sealer, purposeOfReceived(s.JID, hash[:]), plaintext)
	if err != nil {
		return fmt.Errorf("keep a message until it is committed: %w", err)
	}
	return s.SQLStore.PutBufferedEvent(ctx, hash, sealed, at)
}

// GetBufferedEvent implements store.EventBuffer. A message that does not open is one that
// was not decrypted yet: the library tries, and if it cannot, it asks for it again.
func (s *sealedStore) GetBufferedEvent(ctx context.Context, hash [32]byte) (*store.BufferedEvent, error) {
	event, err := s.SQLStore.GetBufferedEvent(ctx, hash)
	if err != nil || event == nil || event.Plaintext == nil {
		return event, err
	}
	if event.Plaintext, err = openInPlace(s.sealer, purposeOfReceived(s.JID, hash[:]), event.Plaintext); err != nil {
		s.log.Warnf("A message that waits for its commit cannot be read: %v", err)
		return nil, nil
	}
	return event, nil
}

// AddOutgoingEvent implements store.EventBuffer.
func (s *sealedStore) AddOutgoingEvent(ctx context.Context, chat types.JID, id types.MessageID, format string, plaintext []byte) error {
	sealed, err := sealInPlace(s.sealer, purposeOfSent(s.JID, id), plaintext)
	if err != nil {
		return fmt.Errorf("keep a message that is sent: %w", err)
	}
	return s.SQLStore.AddOutgoingEvent(ctx, chat, id, format, sealed)
}

// GetOutgoingEvent implements store.EventBuffer.
func (s *sealedStore) GetOutgoingEvent(ctx context.Context, chat, altChat types.JID, id types.MessageID) (string, []byte, error) {
	format, stored, err := s.SQLStore.GetOutgoingEvent(ctx, chat, altChat, id)
	if err != nil {
		return format, nil, err
	}
	plaintext, err := openInPlace(s.sealer, purposeOfSent(s.JID, id), stored)
	if err != nil {
		return format, nil, fmt.Errorf("read a message that was sent: %w", err)
	}
	return format, plaintext, nil
}
