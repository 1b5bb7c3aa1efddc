package content

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

// Upload says where an uploaded file is, and holds its keys.
type Upload struct {
	URL           string
	DirectPath    string
	MediaKey      []byte
	FileEncSHA256 []byte
	FileSHA256    []byte
	FileLength    uint64
}
