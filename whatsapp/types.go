package whatsapp

import "time"

// Address is a counterpart under up to two JIDs, without device numbers: by
// phone number ("5511…@s.whatsapp.net"), by LID ("8240…@lid"), or a group.
type Address struct {
	JID string `json:"jid"`
	Alt string `json:"alt,omitempty"` // the other form, when known
}

// EnvelopeKind tells what was taken in.
type EnvelopeKind string

// The kinds of envelopes.
const (
	EnvMessage    EnvelopeKind = "message"     // also one that could not be read
	EnvReceipt    EnvelopeKind = "receipt"     // somebody got or read messages
	EnvHistory    EnvelopeKind = "history"     // the phone offers its history
	EnvMediaRetry EnvelopeKind = "media_retry" // the phone answers RequestMedia
)

// Envelope is one event, to be committed before WhatsApp is told that it
// arrived.
type Envelope struct {
	Kind EnvelopeKind
	Chat Address
	// Dedupe is the same for every copy of the event, whatever the addressing
	// of the copy; it is unique within a line.
	Dedupe string
	At     time.Time // the server's
	// Payload is the raw event; Decode, DecodeReceipt and DecodeMediaRetry read it.
	Payload []byte
}

// Kind is what a message is to the people who read it.
type Kind string

// The kinds of messages.
const (
	KindText          Kind = "text"
	KindImage         Kind = "image"
	KindVideo         Kind = "video"
	KindGIF           Kind = "gif"
	KindRoundVideo    Kind = "round video"
	KindVoice         Kind = "voice"
	KindAudio         Kind = "audio"
	KindDocument      Kind = "document"
	KindSticker       Kind = "sticker"
	KindRevoke        Kind = "revoke"
	KindViewOnce      Kind = "view once"
	KindUnavailable   Kind = "unavailable"   // only the phone can show it
	KindUndecryptable Kind = "undecryptable" // may still come
	KindProtocol      Kind = "protocol"      // nothing to show
	KindUnknown       Kind = "unknown"       // no converter yet; KindName says what
)

// Message is a decoded WhatsApp message.
type Message struct {
	Kind     Kind
	KindName string // the protocol's name of the content
	ID       string
	Chat     Address
	Sender   Address
	FromMe   bool // typed on the own phone or another linked device
	Group    bool
	PushName string
	At       time.Time
	Text     string // text or caption, as sent
	Quote    *Quote
	Media    *Media
	Target   string // the message that a revoke takes back
	// Unavailable is WhatsApp's word for why only the phone can show it.
	Unavailable string
}

// Quote is the message that a message answers.
type Quote struct {
	ID     string
	Sender string // JID
	Kind   Kind
	Text   string
}

// Media is a file on WhatsApp's servers.
type Media struct {
	Kind     Kind
	MIME     string
	FileName string
	Size     int64
	Seconds  int
	// Inline is the file itself, where it came within the message.
	Inline []byte
	raw    []byte // the waE2E message that holds the keys
}

// ReceiptKind tells how far messages have come.
type ReceiptKind string

// The kinds of receipts that matter to agents.
const (
	ReceiptDelivered ReceiptKind = "delivered"
	ReceiptRead      ReceiptKind = "read"
)

// Receipt says that the counterpart got or read messages. Read marks of the
// own phone are no receipts.
type Receipt struct {
	Kind ReceiptKind `json:"kind"`
	Chat Address     `json:"chat"`
	IDs  []string    `json:"ids"`
	At   time.Time   `json:"at"`
}

// Outgoing is a message to be sent.
type Outgoing struct {
	ID     string // from MessageID
	To     string // JID
	Text   string // or the caption beside Media
	Quote  *OutgoingQuote
	Media  *OutgoingMedia
	Revoke string // id of an own message to take back
}

// OutgoingQuote names the message that an outgoing one answers.
type OutgoingQuote struct {
	ID     string
	Sender string // JID of who wrote it
}

// OutgoingMedia is a file to be uploaded.
type OutgoingMedia struct {
	Kind      Kind
	Path      string
	MIME      string
	Name      string
	Width     int
	Height    int
	Seconds   int
	Waveform  []byte
	Thumbnail []byte // JPEG
}
