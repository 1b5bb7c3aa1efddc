package whatsapptest

import (
	"encoding/hex"
	"maps"
	"strings"
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
)

// Chat is where a message can go: a *Peer or a *Group.
type Chat interface {
	chatJID() types.JID
}

// SendOption changes how a message is sent.
type SendOption func(*sendOptions)

type sendOptions struct {
	id       string
	at       time.Time
	address  addressing
	server   string
	pushName *string
	corrupt  int
	quote    *waE2E.ContextInfo
	media    mediaOptions
	viewOnce bool
	// plaintext, if not nil, is encrypted as it is in place of the message.
	plaintext  []byte
	with       map[string]any
	without    []string
	withoutEnc []string
	stateless  bool
	// stanza, if not nil, are all attributes of the stanza, and the message is sent as
	// it is; enc are attributes of its <enc> beside the usual ones.
	stanza, enc waBinary.Attrs
}

// mediaOptions describe a file that is sent.
type mediaOptions struct {
	caption  string
	fileName string
	mimetype string
	gif      bool
	round    bool
	seconds  uint32
	width    uint32
	height   uint32
}

// addressing says by which of its addresses a sender is shown.
type addressing int

const (
	byNumber addressing = iota
	byLID
	byLIDOnly
	byServer
)

// WithID sends under a given message id.
func WithID(id string) SendOption { return func(o *sendOptions) { o.id = id } }

// WithTime gives the message another time than now.
func WithTime(at time.Time) SendOption { return func(o *sendOptions) { o.at = at } }

// WithLID addresses by hidden id; the phone number goes along.
func WithLID() SendOption { return func(o *sendOptions) { o.address = byLID } }

// WithLIDOnly addresses by hidden id and does not tell the phone number.
func WithLIDOnly() SendOption { return func(o *sendOptions) { o.address = byLIDOnly } }

// WithServer shows the sender at another server than that of phone numbers: an
// address of a kind of its own, such as those of people on other services.
func WithServer(server string) SendOption {
	return func(o *sendOptions) { o.address, o.server = byServer, server }
}

// WithPushName shows another push name than the peer's; an empty one leaves it out.
func WithPushName(name string) SendOption { return func(o *sendOptions) { o.pushName = &name } }

// Corrupted spoils the first encryption, so that the client has to ask again.
func Corrupted() SendOption { return CorruptedTimes(1) }

// CorruptedTimes spoils the first n encryptions.
func CorruptedTimes(n int) SendOption { return func(o *sendOptions) { o.corrupt = n } }

// WithQuote makes the message an answer to one that was received.
func WithQuote(quoted Received) SendOption {
	return func(o *sendOptions) {
		o.quote = &waE2E.ContextInfo{
			StanzaID:      &quoted.ID,
			Participant:   ptr(quoted.Sender.String()),
			QuotedMessage: quoted.Message,
		}
	}
}

// WithQuoteOf makes the message an answer to the given message of a peer.
func WithQuoteOf(author *Peer, id string, quoted *waE2E.Message) SendOption {
	return func(o *sendOptions) {
		o.quote = &waE2E.ContextInfo{StanzaID: &id, Participant: ptr(author.JID().String()), QuotedMessage: quoted}
	}
}

// WithCaption gives a file a caption.
func WithCaption(text string) SendOption { return func(o *sendOptions) { o.media.caption = text } }

// WithFileName names a document.
func WithFileName(name string) SendOption { return func(o *sendOptions) { o.media.fileName = name } }

// WithMimetype says what a file is.
func WithMimetype(mimetype string) SendOption {
	return func(o *sendOptions) { o.media.mimetype = mimetype }
}

// AsGIF sends a video that plays by itself in a loop.
func AsGIF() SendOption { return func(o *sendOptions) { o.media.gif = true } }

// AsRoundVideo sends a video as a round video note.
func AsRoundVideo() SendOption { return func(o *sendOptions) { o.media.round = true } }

// WithSeconds states how long a recording is.
func WithSeconds(seconds uint32) SendOption {
	return func(o *sendOptions) { o.media.seconds = seconds }
}

// WithSize states the size of a picture.
func WithSize(width, height uint32) SendOption {
	return func(o *sendOptions) { o.media.width, o.media.height = width, height }
}

// AsViewOnce wraps the message so that it may be looked at once.
func AsViewOnce() SendOption { return func(o *sendOptions) { o.viewOnce = true } }

// WithPlaintext encrypts bytes as they are, in place of the message with its
// padding.
func WithPlaintext(raw []byte) SendOption {
	return func(o *sendOptions) { o.plaintext = append([]byte{}, raw...) }
}

// Stateless encrypts in a session that ends with the message: a pre-key message
// marked so that its recipient keeps no session either. It is for direct chats.
func Stateless() SendOption { return func(o *sendOptions) { o.stateless = true } }

// WithAttr sets an attribute of the stanza, such as "category".
func WithAttr(name string, value any) SendOption {
	return func(o *sendOptions) {
		o.with = maps.Clone(o.with)
		if o.with == nil {
			o.with = map[string]any{}
		}
		o.with[name] = value
	}
}

// WithoutAttr leaves attributes of the stanza out, such as "id".
func WithoutAttr(names ...string) SendOption { return func(o *sendOptions) { o.without = names } }

// WithoutEncAttr leaves attributes of the stanza's <enc> out.
func WithoutEncAttr(names ...string) SendOption { return func(o *sendOptions) { o.withoutEnc = names } }

// newMessageID makes an id such as a phone makes.
func newMessageID() string { return "AC" + strings.ToUpper(hex.EncodeToString(randomBytes(15))) }

func ptr[T any](value T) *T { return &value }
