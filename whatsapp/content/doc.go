// Package content converts between WhatsApp's messages and plain types. It is
// pure: no network, no database, no clock; it knows the protocol's messages and
// not the client that exchanges them.
//
// # What comes in
//
// An event is wrapped into an Envelope, which is committed as it is, with the
// raw event as its payload. Decode, DecodeReceipt and DecodeMediaRetry read a
// payload later, perhaps with a later release. A Message is who wrote it where,
// and one Content: Text, Media, Revoke and so on, each a struct of its own.
//
// # A new kind
//
// The table in fields.go says of every field of WhatsApp's message what becomes
// of it. A kind is a struct and a decoder in a file of its own, one row of the
// table, and a sample in testdata/messages; the golden files are rewritten with
// go test -update. Payloads outlive releases: their fields are added, never
// changed.
//
// # What goes out
//
// Encode makes WhatsApp's message of an Outgoing, with an id from MessageID.
package content
