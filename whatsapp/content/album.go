package content

import "go.mau.fi/whatsmeow/proto/waE2E"

// Album announces pictures and videos that come as messages of their own. What it
// answers, they answer.
type Album struct{ Pictures, Videos int }

func (Album) isContent() {}

func album(x *waE2E.AlbumMessage) (Content, *waE2E.ContextInfo) {
	return Album{Pictures: count(x.GetExpectedImageCount()), Videos: count(x.GetExpectedVideoCount())}, x.GetContextInfo()
}

// count reads a number that the sender's client claims.
func count(claimed uint32) int {
	const most = 1000
	return int(min(claimed, most))
}
