package whatsapp

import (
	"errors"

	"go.mau.fi/whatsmeow/types"
)

// Publications says what is taken in of that which people publish, and write to nobody.
type Publications struct{ Statuses, Channels bool }

// takesPublication reports whether a message is taken in, so far as it is a publication.
// Of statuses only others' are: the account's own tell its desk nothing.
func (c *connection) takesPublication(info types.MessageInfo) bool {
	status, channel := info.Chat == types.StatusBroadcastJID, info.Chat.Server == types.NewsletterServer
	if !status && !channel {
		return true
	}
	if c.s.cfg.Publications == nil {
		return false
	}
	wanted := c.s.cfg.Publications()
	return channel && wanted.Channels || status && wanted.Statuses && !info.IsFromMe
}

// errChannel says that nobody can answer in a channel.
var errChannel = errors.New("a channel takes no answers")
