package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"go.mau.fi/whatsmeow/util/gcmutil"
	"go.mau.fi/whatsmeow/util/hkdfutil"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// ErrNoSecret says that a content is sealed with a secret that is not there, or not yet:
// it comes with the message that it belongs to, or with the phone's history.
var ErrNoSecret = errors.New("the secret of an earlier message is not known")

// useCases are what each kind of content may be sealed for. Who adds an answer to a poll
// edits it, for some apps.
var useCases = map[content.SealedKind][]whatsmeow.MsgSecretType{
	content.SealedVote:       {whatsmeow.EncSecretPollVote},
	content.SealedReaction:   {whatsmeow.EncSecretReaction},
	content.SealedComment:    {whatsmeow.EncSecretComment},
	content.SealedAnswer:     {whatsmeow.EncSecretEventResponse},
	content.SealedEdit:       {whatsmeow.EncSecretMessageEdit},
	content.SealedEventEdit:  {whatsmeow.EncSecretEventEdit},
	content.SealedPollEdit:   {whatsmeow.EncSecretPollEdit},
	content.SealedPollOption: {whatsmeow.EncSecretPollAddOption, whatsmeow.EncSecretPollEdit},
}

// nonceSize is that of the cipher: with any other one it panics.
const nonceSize = 12

// Unseal reads a content that is sealed with the secret of an earlier message. Apps do
// not agree by which of their addresses people seal, and keys of messages are written as
// their sender sees them: all that it may be is tried.
func (s *Session) Unseal(ctx context.Context, m content.Message, sealed content.Sealed) (plaintext []byte, err error) {
	s.mu.Lock()
	c := s.conn
	s.mu.Unlock()
	if c == nil {
		return nil, ErrNotConnected
	}
	if len(sealed.IV) != nonceSize || sealed.Target.ID == "" {
		return nil, ErrNoSecret
	}
	err = guarded(s, func() error {
		plaintext, err = c.unseal(ctx, m, sealed)
		return err
	})
	return plaintext, err
}

func (c *connection) unseal(ctx context.Context, m content.Message, sealed content.Sealed) ([]byte, error) {
	sealers := c.forms(m.Sender.JID, m.Sender.Alt)
	if m.FromMe {
		sealers = c.forms(append(c.ownJIDs(), m.Sender.JID, m.Sender.Alt)...)
	}
	chats := c.forms(m.Chat.JID, m.Chat.Alt)
	authors := c.authors(m, sealed.Target)
	for _, chat := range chats {
		for _, author := range authors {
			secret, stored, err := c.client.Store.MsgSecrets.GetMessageSecret(ctx, chat, author, sealed.Target.ID)
			if err != nil {
				return nil, fmt.Errorf("read the secret of a message: %w", err)
			}
			if len(secret) == 0 {
				continue
			}
			for _, by := range slices.Compact([]types.JID{author, stored}) {
				if plaintext, ok := open(secret, sealed, by, sealers); ok {
					return plaintext, nil
				}
			}
		}
	}
	return nil, ErrNoSecret
}

// open tries a secret.
func open(secret []byte, sealed content.Sealed, author types.JID, sealers []types.JID) ([]byte, bool) {
	for _, sealer := range sealers {
		for _, use := range useCases[sealed.Kind] {
			info := sealed.Target.ID + author.ToNonAD().String() + sealer.String() + string(use)
			key := hkdfutil.SHA256(secret, nil, []byte(info), 32)
			var beside []byte
			if use == whatsmeow.EncSecretPollVote || use == whatsmeow.EncSecretEventResponse {
				beside = []byte(sealed.Target.ID + "\x00" + sealer.String())
			}
			if plaintext, err := gcmutil.Decrypt(key, sealed.IV, sealed.Payload, beside); err == nil {
				return plaintext, true
			}
		}
	}
	return nil, false
}

// authors are the addresses that may have written the earlier message: whom its key
// names, whoever refers to it, the counterpart of a direct chat, and the account itself.
func (c *connection) authors(m content.Message, target content.Key) []types.JID {
	jids := []string{target.Participant, target.Chat, m.Sender.JID, m.Sender.Alt}
	if !m.Group {
		jids = append(jids, m.Chat.JID, m.Chat.Alt)
	}
	return slices.DeleteFunc(c.forms(append(jids, c.ownJIDs()...)...), func(jid types.JID) bool {
		return jid.Server != types.DefaultUserServer && jid.Server != types.HiddenUserServer && jid.Server != types.BotServer
	})
}

func (c *connection) ownJIDs() []string {
	return []string{c.client.Store.GetLID().ToNonAD().String(), c.client.Store.GetJID().ToNonAD().String()}
}

// forms are addresses in every form that is known of them, each once.
func (c *connection) forms(jids ...string) []types.JID {
	var all []types.JID
	for _, raw := range jids {
		jid, err := types.ParseJID(raw)
		if err != nil || jid.IsEmpty() || jid.User == "" {
			continue
		}
		jid = jid.ToNonAD()
		for _, form := range []types.JID{jid, c.alternate(jid)} {
			if form = form.ToNonAD(); !form.IsEmpty() && !slices.Contains(all, form) {
				all = append(all, form)
			}
		}
	}
	return all
}

// keepSecret stores the secret of a message which stands inside a wrapper of it; one that
// stands outside the library stores itself.
func (c *connection) keepSecret(evt *events.Message) error {
	if len(evt.RawMessage.GetMessageContextInfo().GetMessageSecret()) > 0 {
		return nil
	}
	secret := content.Secret(evt.RawMessage)
	if len(secret) == 0 {
		return nil
	}
	err := c.client.Store.MsgSecrets.PutMessageSecret(c.ctx, evt.Info.Chat, evt.Info.Sender, evt.Info.ID, secret)
	if err != nil {
		return fmt.Errorf("store the secret of a message: %w", err)
	}
	return nil
}
