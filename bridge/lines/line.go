package lines

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"time"

	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// ID names a line for ever; ids of deleted lines are not used again.
type ID string

// Line is one WhatsApp number tied to one Chatwoot API-channel inbox, as kept
// in the database. Its account and inbox never change; its address does where
// Chatwoot has moved. No two lines have the same inbox.
type Line struct {
	ID              ID
	Name            string
	ChatwootURL     string
	Account         int64
	Inbox           chatwoot.InboxID
	InboxIdentifier string
	Settings        Settings
	// JID is the paired device, empty before the first pairing and after a
	// logout. It is our own copy: the library deletes its row on a logout.
	JID   string
	Phone string
	// Pause is why the line does not run.
	Pause   Pause
	Created time.Time

	Token         seal.Secret // of Chatwoot's API
	WebhookSecret seal.Secret // signs the inbox's webhooks; empty before Chatwoot 4.13
	PathSecret    seal.Secret // in the webhook's address
	SourceKey     seal.Secret // makes the source ids of contacts
	// Held says which process holds the line's WhatsApp connection.
	Held Holding
	// Foreign is how many messages with this bridge's mark Chatwoot has that the
	// ledger lacks; see Mark.
	Foreign int64
	// Watermark is the newest message of the inbox when the line was made: what
	// was written before is never sent.
	Watermark chatwoot.MessageID
	// Unreached says that Chatwoot is known not to reach the line's webhook; see
	// Closure.
	Unreached bool
	// Shown is what the line's owner shows of it to people, or empty.
	Shown seal.Secret
	// Lost and CompareAsked count what other processes have told its owner; see
	// Store.NoteLost and Store.AskComparison.
	Lost, CompareAsked int64
	// PhoneSeen is when the line's phone gave a sign of life last, PhoneAsked when it
	// was asked for one.
	PhoneSeen, PhoneAsked time.Time
	Restored              Restored
}

// Restored is what is known of the last time that a line's Chatwoot was restored from a
// backup; the zero value says that it never was.
type Restored struct {
	At time.Time // when it was noticed
	// LostSince and LostUntil are when the first and the last message were written that
	// are known to be lost there; zero where no time is known.
	LostSince, LostUntil time.Time
}

// Holding is a line's owner, as stored.
type Holding struct {
	// Owner names a run of a process; empty = nobody.
	Owner string
	// Until is when the ownership ends unless it is renewed.
	Until time.Time
	// Connects counts the connects in a row that the owner did not survive.
	Connects int
}

// Paused reports whether the line does not run.
func (l Line) Paused() bool { return l.Pause != Pause{} }

// ContactSource derives the source id of a chat's contact. It is a credential
// of Chatwoot's public API, so it cannot be guessed without the line's key.
func (l Line) ContactSource(chat string) string {
	mac := hmac.New(sha256.New, []byte(l.SourceKey.Reveal()))
	mac.Write([]byte(chat))
	return encoding.EncodeToString(mac.Sum(nil))
}

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewID makes an id or a secret of 128 random bits, fit for an address.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	return encoding.EncodeToString(b[:])
}
