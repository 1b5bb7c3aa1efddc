package contacts

import (
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// Directory finds the chats of a line, and their contacts and conversations.
type Directory struct {
	Inbox   *inbox.Inbox
	IDs     *idmap.Map
	DB      *database.DB
	Journal *journal.Journal
	Clock   func() time.Time
	Log     *slog.Logger
	// AskGroupName asks WhatsApp what a group is called; nil asks nothing.
	AskGroupName func(ctx context.Context, jid string) (string, error)

	// merging is held for writing while two chats become one, for reading from
	// when a chat was found until its job is in its lane: the lane of a chat
	// that was merged into another is nobody's.
	merging sync.RWMutex
	recent  recentChats // used under merging
	// strangers are contacts of which the live channel need not tell.
	strangers strangers
	failures  failures
}

func (d *Directory) line() string { return d.Inbox.LineID() }

// sourceID is the source id of a chat's contact.
func (d *Directory) sourceID(chat string) string { return d.Inbox.Line().ContactSource(chat) }

// IfKnown calls use with the chat of an address, if both of its forms are known
// as that chat's. Until use returns no merge moves the chat away.
func (d *Directory) IfKnown(ctx context.Context, address content.Address, use func(chat string) error) (known bool, err error) {
	d.merging.RLock()
	defer d.merging.RUnlock()
	chat, known := d.recent.of(address)
	if !known {
		if chat, known, err = d.IDs.Known(ctx, d.line(), address.JID, address.Alt); err != nil || !known {
			return false, err
		}
		d.recent.remember(address, chat)
	}
	return true, use(chat)
}

// Resolve finds or makes the chat of an address, merges two that turn out to be
// one person, and calls use with it, all in one transaction.
func (d *Directory) Resolve(ctx context.Context, address content.Address, use func(ctx context.Context, tx *sql.Tx, chat string) error) error {
	d.merging.Lock()
	defer d.merging.Unlock()
	defer d.recent.forget()
	moved := false
	err := d.DB.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		found, err := d.IDs.Resolve(ctx, tx, d.line(), d.sourceID, address.JID, address.Alt)
		if err != nil {
			return err
		}
		if err := d.queueMoves(ctx, tx, found.Moves); err != nil {
			return err
		}
		chat, err := d.mergeOrQueue(ctx, tx, found.Chat, found.Merge)
		if err != nil {
			return err
		}
		moved = len(found.Moves) > 0
		return use(ctx, tx, chat)
	})
	if err == nil && moved {
		d.Journal.Wake(journal.Maintenance, 0)
	}
	return err
}

// recentChats are the chats that wrote lately, by both addresses of theirs. They
// change only when two are merged or a number moves, which only the process does that
// has the line's connection.
type recentChats struct {
	mu    sync.Mutex
	chats map[content.Address]string
}

// recentMost bounds them.
const recentMost = 10_000

func (k *recentChats) of(address content.Address) (chat string, known bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	chat, known = k.chats[address]
	return chat, known
}

func (k *recentChats) remember(address content.Address, chat string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.chats == nil || len(k.chats) >= recentMost {
		k.chats = map[content.Address]string{}
	}
	k.chats[address] = chat
}

func (k *recentChats) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.chats = nil
}
