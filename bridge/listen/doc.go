// Package listen hears what agents do in Chatwoot by the two ways there are: the
// inbox's webhook, and the live channel that Chatwoot's own dashboard listens to.
// It knows which of them work, and says so; it keeps the inbox's webhook address
// set only while Chatwoot reaches it. Both ways end in intake, which takes each
// event in once.
//
// Channels holds one connection per Chatwoot and user, shared by the lines
// of this process; each is one goroutine, which ends with its last line. A Keeper
// belongs to a line whose connection this process holds; Run is its goroutine, and
// ends what it began. Ways is what is known of a line's two ways, and may be asked
// by anybody.
//
// The package imports inbox for the address and for requests, and lines for what
// outlives a process.
package listen
