// Package delivery shows agents what became of messages: ticks, red bubbles with
// a reason, and the truth again where Chatwoot has turned a bubble red for
// nothing. It shows customers what agents have read.
//
// A bubble never goes back: the ledger says how far all parts of a message have
// come and what its bubble shows, and one lock for each message keeps the lanes
// that show it in order. A receipt that comes before its message waits aside.
//
// Statuses starts no goroutine. It imports contacts for addresses, inbox for all
// that it asks Chatwoot, and needs one method of WhatsApp's session.
package delivery
