package api

import (
	"encoding/json"
	"time"

	"github.com/wootbridge/wootbridge/bridge/fault"
)

// Line is one WhatsApp number tied to one Chatwoot inbox.
type Line struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// State is one of new, pairing, connecting, connected, disconnected,
	// logged_out, replaced, banned, outdated, paused and deleting; Sentence says
	// it to people.
	State    string `json:"state"`
	Sentence string `json:"sentence"`
	// JID is the linked device, Phone its number as digits; empty before the
	// first pairing.
	JID   string `json:"jid"`
	Phone string `json:"phone"`
	// QR is the text of the code to scan, PairingCode the one to type, while
	// the state is pairing.
	QR          string   `json:"qr"`
	PairingCode string   `json:"pairing_code"`
	Chatwoot    Chatwoot `json:"chatwoot"`
	// WebhookURL is where Chatwoot posts the inbox's events. It has a secret
	// in it.
	WebhookURL string          `json:"webhook_url"`
	Settings   json.RawMessage `json:"settings"`
	// LastError is why jobs wait, if any do after a failure.
	LastError string `json:"last_error"`
	Queue     Queue  `json:"queue"`
	// Ways are the ways by which Chatwoot tells what agents do.
	Ways []Way `json:"ways"`
	// Notice is what people should know of how the line is set up, or of what has
	// happened to its Chatwoot, or empty.
	Notice string `json:"notice"`
}

// Way is how agents' replies come: by the inbox's webhook, or by Chatwoot's live
// channel.
type Way struct {
	Way string `json:"way"` // webhook or live
	// Works is yes, no, unknown (nothing has come by it yet), or unused: the line
	// does without.
	Works    string    `json:"works"`
	Since    time.Time `json:"since"`
	Sentence string    `json:"sentence"` // says it to people, with what to do
}

// Chatwoot is a line's inbox and where it is.
type Chatwoot struct {
	URL       string `json:"url"`
	AccountID int64  `json:"account_id"`
	InboxID   int64  `json:"inbox_id"`
	Version   string `json:"version"` // of Chatwoot; empty until it has answered
}

// Queue is what waits on a line, and how much was given up.
type Queue struct {
	Inbound       int   `json:"inbound"`
	Outbound      int   `json:"outbound"`
	OldestSeconds int64 `json:"oldest_seconds"`
	Dead          int   `json:"dead"`
}

// Lines is the answer to a listing.
type Lines struct {
	Lines []Line `json:"lines"`
}

// NewLine asks for a line.
type NewLine struct {
	Name          string `json:"name"`
	ChatwootURL   string `json:"chatwoot_url"`
	ChatwootToken string `json:"chatwoot_token"`
	AccountID     int64  `json:"account_id"`
	// InboxID is an API-channel inbox that exists; 0 makes one.
	InboxID  int64           `json:"inbox_id,omitempty"`
	Settings json.RawMessage `json:"settings,omitempty"`
}

// LineUpdate changes a line; what is absent stays. Settings are laid over the
// ones there are.
type LineUpdate struct {
	Name     *string         `json:"name,omitempty"`
	Settings json.RawMessage `json:"settings,omitempty"`
	// ChatwootToken replaces the token. The server tries it before it keeps it; a
	// line that is paused because Chatwoot refused the last one goes on.
	ChatwootToken *string `json:"chatwoot_token,omitempty"`
}

// NewToken gives a line another access token of Chatwoot. The server tries it
// before it keeps it.
type NewToken struct {
	ChatwootToken string `json:"chatwoot_token"`
}

// Move gives a line the address that its Chatwoot has now. The server looks there
// for the line's inbox and conversations first.
type Move struct {
	ChatwootURL string `json:"chatwoot_url"`
	// ChatwootToken replaces the token, too; absent, the line's is used.
	ChatwootToken *string `json:"chatwoot_token,omitempty"`
}

// The ways to link a phone.
const (
	PairQR   = "qr"   // a code to scan
	PairCode = "code" // a code to type on the phone
)

// Pair asks for a code to link a phone.
type Pair struct {
	Method string `json:"method"`
	// Phone is the number in international form; for PairCode only.
	Phone string `json:"phone,omitempty"`
}

// Job is one event in the journal, without what is in it.
type Job struct {
	ID        int64     `json:"id"`
	Line      string    `json:"line"`
	Direction string    `json:"direction"`
	Kind      string    `json:"kind"`
	State     string    `json:"state"`
	Attempts  int       `json:"attempts"`
	LastError string    `json:"last_error"`
	Created   time.Time `json:"created"`
}

// Jobs is a page of jobs, by id. Next is what to give as "after" for the next
// page; 0 means that this was the last.
type Jobs struct {
	Jobs []Job `json:"jobs"`
	Next int64 `json:"next"`
}

// Replay asks for dead jobs to be tried again, or for unconverted ones to be converted:
// those of a line, or all.
type Replay struct {
	Line        string `json:"line,omitempty"`
	Unconverted bool   `json:"unconverted,omitempty"`
}

// Replayed says how many were. Left counts the unconverted ones for which there still is
// no converter.
type Replayed struct {
	Replayed int `json:"replayed"`
	Left     int `json:"left,omitempty"`
}

// The events of a line's stream.
const (
	EventState = "state" // data: StateEvent
	EventQR    = "qr"    // data: QREvent
	EventQueue = "queue" // data: Queue
)

// StateEvent is where a line's connection stands.
type StateEvent struct {
	State     string `json:"state"`
	Sentence  string `json:"sentence"`
	JID       string `json:"jid"`
	Phone     string `json:"phone"`
	LastError string `json:"last_error"`
}

// QREvent is a code to link a phone; both are empty when it is no longer
// valid.
type QREvent struct {
	QR          string `json:"qr"`
	PairingCode string `json:"pairing_code"`
}

// Failure is the body of every answer that is not a success.
type Failure struct {
	Error fault.Error `json:"error"`
}
