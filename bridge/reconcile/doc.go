// Package reconcile compares Chatwoot's messages with the ledger, because Chatwoot
// tells of each event once: after a start, after a gap, and every few minutes, or
// seconds where nothing tells of events. A message whose event never arrived is
// journaled as if it had, before anything newer is sent; deletions are taken back; a
// bubble wrongly marked as failed gets its real status back. With a ledger that lacks
// what Chatwoot has, a comparison only reports until an admin confirms.
//
// schedule.go says when, pages.go and listings.go find the conversations in which
// something happened, scan.go reads one, diff.go says what is to be done about it.
// A comparison of many conversations is taken up again where it ended (sweep.go),
// and a conversation that cannot be compared is tried again by itself (behind.go). While
// a page of conversations cannot be listed, comparisons begin where they began before
// (leftout.go).
//
// Run is one goroutine of the line's owner, and waits for the readers that a
// comparison starts. What lines have in common is Shared: the pace at which one
// Chatwoot is asked, and lists that serve several of them. The package imports
// intake, whose doors it uses, and inbox for all that it asks Chatwoot.
package reconcile
