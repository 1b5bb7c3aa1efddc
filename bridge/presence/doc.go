// Package presence shows typing, both ways. It is a courtesy: throttled, never
// journaled, and a failure is no more than a line in the log. What it does runs
// in the background of whoever owns it, which waits for it.
//
// It imports contacts and inbox, and needs two methods of WhatsApp's session.
package presence
