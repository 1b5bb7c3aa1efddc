package devicestore

import (
	"context"
	"sync"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/keys"
)

// guardedPreKeys makes all the prekeys of an upload in one transaction: a new
// device has 812 of them, and each for itself would wait for the disk.
type guardedPreKeys struct {
	store.PreKeyStore
	g *Guard
	// making is held before a transaction begins. The library's own lock is taken
	// inside it, and whoever held that one outside would wait for the database.
	making sync.Mutex
}

func (p *guardedPreKeys) GetOrGenPreKeys(ctx context.Context, count uint32) (made []*keys.PreKey, err error) {
	p.making.Lock()
	defer p.making.Unlock()
	err = p.g.inOne(ctx, func(ctx context.Context) error {
		made, err = p.PreKeyStore.GetOrGenPreKeys(ctx, count)
		return err
	})
	if err != nil {
		return nil, p.g.check(ctx, err)
	}
	return made, nil
}

func (p *guardedPreKeys) GenOnePreKey(ctx context.Context) (*keys.PreKey, error) {
	p.making.Lock()
	defer p.making.Unlock()
	key, err := p.PreKeyStore.GenOnePreKey(ctx)
	return key, p.g.check(ctx, err)
}

func (p *guardedPreKeys) GetPreKey(ctx context.Context, id uint32) (*keys.PreKey, error) {
	key, err := p.PreKeyStore.GetPreKey(ctx, id)
	return key, p.g.check(ctx, err)
}

func (p *guardedPreKeys) RemovePreKey(ctx context.Context, id uint32) error {
	return p.g.check(ctx, p.PreKeyStore.RemovePreKey(ctx, id))
}

type guardedSenderKeys struct {
	store.SenderKeyStore
	g *Guard
}

func (s *guardedSenderKeys) PutSenderKey(ctx context.Context, group, user string, session []byte) error {
	return s.g.check(ctx, s.SenderKeyStore.PutSenderKey(ctx, group, user, session))
}

func (s *guardedSenderKeys) GetSenderKey(ctx context.Context, group, user string) ([]byte, error) {
	key, err := s.SenderKeyStore.GetSenderKey(ctx, group, user)
	return key, s.g.check(ctx, err)
}

// guardedLIDs gives the connection up on every failure: the library only logs
// it, and goes on to decrypt under the wrong address.
type guardedLIDs struct {
	store.LIDStore
	g *Guard
}

func (l *guardedLIDs) GetPNForLID(ctx context.Context, lid types.JID) (types.JID, error) {
	pn, err := l.LIDStore.GetPNForLID(ctx, lid)
	return pn, l.check(ctx, err)
}

func (l *guardedLIDs) GetLIDForPN(ctx context.Context, pn types.JID) (types.JID, error) {
	lid, err := l.LIDStore.GetLIDForPN(ctx, pn)
	return lid, l.check(ctx, err)
}

func (l *guardedLIDs) check(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	l.g.giveUp(ctx, err)
	return &storeError{err}
}

// guardedSecrets does not wait for the disk for what a message's reactions and
// edits are read with. That of a message received is followed by the sink's
// commit, that of one that is sent is written with the sessions that encrypt it.
type guardedSecrets struct {
	store.MsgSecretStore
	g *Guard
}

func (s *guardedSecrets) PutMessageSecret(ctx context.Context, chat, sender types.JID, id types.MessageID, secret []byte) error {
	put := func(ctx context.Context) error {
		return s.MsgSecretStore.PutMessageSecret(ctx, chat, sender, id, secret)
	}
	if e := encryptionOf(ctx); e != nil {
		e.keep(put)
		return nil
	}
	return put(s.g.relax(ctx))
}
