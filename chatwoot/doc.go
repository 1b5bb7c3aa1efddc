// Package chatwoot speaks to an unmodified Chatwoot through an API-channel
// inbox: its application API, the two public calls for typing, the files that
// agents attach, and the webhooks it posts. It knows nothing of WhatsApp.
//
// Answers become typed errors (errors.go) that say what a caller may do next;
// no error holds a token, a message text or a phone number. A Client is
// immutable and safe for concurrent use. Requests of all clients of one
// Chatwoot pass one Gate.
package chatwoot
