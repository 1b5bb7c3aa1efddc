// Package reconcile compares Chatwoot's messages with the ledger, because Chatwoot
// tells of each event once: after a start, after a gap, and every few minutes. A
// message whose event never arrived is journaled as if it had, before anything
// newer is sent; deletions are taken back; a bubble wrongly marked as failed gets
// its real status back. With a ledger that lacks what Chatwoot has, a comparison
// only reports until an admin confirms.
//
// Run is one goroutine of the line's owner, and waits for the readers that a
// comparison starts. The package imports intake, whose doors it uses, and inbox
// for all that it asks Chatwoot.
package reconcile
