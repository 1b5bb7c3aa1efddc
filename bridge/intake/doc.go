// Package intake commits what comes from outside before anybody is told that it
// arrived: WhatsApp's events (Accept), Chatwoot's webhooks (Webhook) and what its
// live channel tells (AcceptLive). It does SQL and nothing else, apart from three
// questions to Chatwoot: for a changed webhook secret, for the contact of a
// conversation that an agent began, and for what an unsigned webhook points at, which
// is all that it is believed (decision 15). What an event means is worked out later, by
// whoever does its job. Each event is taken in once, by its dedupe key, whichever way
// tells of it.
//
// Arrivals is what is known of how Chatwoot's events arrive: late, lost, arriving
// just now, compared. Intake writes it; outbound and reconcile read it.
//
// The package starts no goroutine; everything in it may be used by several at
// once. It imports contacts for the chat of an event, inbox for signatures and
// settings, and the journal.
package intake
