// Package inbox is everything that the bridge knows and does about a line's
// inbox in Chatwoot: its settings, version and webhook secret, the line's own
// settings as they are now, and posting.
//
// Posting is repeatable: a post carries a source id that is looked up before a
// repeat, unless no attempt can have had an effect. Notes are signed by a bot of
// the account.
//
// An Inbox starts no goroutine and may be used by several at once; what it
// remembers is replaced as a whole. It imports render for the forms of posts and
// work for the outcome of an attempt.
package inbox
