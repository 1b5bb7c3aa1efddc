package whatsapptest

import (
	"errors"
	"hash/fnv"
	"strconv"

	"go.mau.fi/whatsmeow/types"
)

// lidOf makes a hidden id of fifteen digits that does not show the number.
func lidOf(number string) string {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte("lid " + number)) // a hash never fails
	return strconv.FormatUint(100_000_000_000_000+sum.Sum64()%800_000_000_000_000, 10)
}

// newLID makes the hidden id of a new account: somebody who gets a number that was
// another account's is another person. mu is held.
func (s *Server) newLID(number string) types.JID {
	for name := number; ; name += "'" {
		lid := types.NewJID(lidOf(name), types.HiddenUserServer)
		if s.byUser[lid] == nil {
			return lid
		}
	}
}

// errNumberTaken says that an account has the number.
var errNumberTaken = errors.New("the number has an account")

// ChangeNumber gives the account another number, as its owner does in the app. It keeps
// everything else, the hidden id with it. The number that it had leads nowhere, until
// NewPeer or ChangeNumber give it to somebody else.
func (p *Peer) ChangeNumber(number string) error {
	p.srv.mu.Lock()
	defer p.srv.mu.Unlock()
	next := types.NewJID(number, types.DefaultUserServer)
	if other := p.srv.byUser[next]; other != nil && other != p {
		return errNumberTaken
	}
	for jid, account := range p.srv.byUser {
		if account == p && jid.Server == types.DefaultUserServer {
			delete(p.srv.byUser, jid)
		}
	}
	p.number.Store(&number)
	p.srv.byUser[next] = p
	return nil
}

// HideNumber makes the account one of those whose number nobody is shown: messages,
// typing and answers about it have its hidden id alone.
func (p *Peer) HideNumber(on bool) { p.hidden.Store(on) }

// shown is how a message or a typing indicator shows the account.
func (p *Peer) shown(wanted addressing) addressing {
	if p.hidden.Load() && wanted != byServer {
		return byLIDOnly
	}
	return wanted
}

// AddAlias makes a further number lead to the account, as Brazilian mobile numbers do
// with and without their ninth digit: WhatsApp says to which account it leads. Nothing
// else knows it: what is sent there does not arrive.
func (p *Peer) AddAlias(number string) {
	p.srv.mu.Lock()
	defer p.srv.mu.Unlock()
	p.srv.aliases[types.NewJID(number, types.DefaultUserServer)] = p
}

// registered gives the account that a number leads to, in whichever form.
func (s *Server) registered(jid types.JID) *Peer {
	if account := s.lookup(jid); account != nil {
		return account
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.aliases[jid]
}
