package content

import "time"

// Outgoing is a message to be sent.
type Outgoing struct {
	ID       string // from MessageID
	To       string // JID
	Text     string // or the caption beside Media
	Quote    *OutgoingQuote
	Media    *OutgoingMedia
	Location *Place
	Contacts []OutgoingCard // one or several
	Preview  *Preview
	// Mentions are the JIDs of whom Text names by "@" and the digits; Everybody says
	// that it names all.
	Mentions  []string
	Everybody bool
	// Timer is the chat's, or nil.
	Timer  *ChatTimer
	Revoke string // id of an own message to take back
}

// OutgoingQuote names the message that an outgoing one answers.
type OutgoingQuote struct {
	ID     string
	Sender string // JID of who wrote it
}

// OutgoingMedia is a file to be uploaded.
type OutgoingMedia struct {
	Kind      MediaKind
	Path      string
	MIME      string
	Name      string
	Width     int
	Height    int
	Seconds   int
	Waveform  []byte
	Thumbnail []byte // JPEG
}

// Place is a point on the map.
type Place struct {
	Latitude, Longitude float64
	Name                string // or ""
}

// OutgoingCard is a contact in the form that phones exchange.
type OutgoingCard struct {
	Name  string
	VCard string
}

// Preview is what a link leads to, shown above the text that has it.
type Preview struct {
	// Link is the address as it stands in the text.
	Link        string
	Title       string
	Description string
	Thumbnail   []byte // JPEG
}

// Upload says where an uploaded file is, and holds its keys.
type Upload struct {
	URL           string
	DirectPath    string
	MediaKey      []byte
	FileEncSHA256 []byte
	FileSHA256    []byte
	FileLength    uint64
}

// unix is a time in whole seconds, nil where there is none.
func unix(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	seconds := t.Unix()
	return &seconds
}
