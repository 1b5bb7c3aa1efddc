// Package inbound is the way in: it decodes a customer's message, renders it,
// finds the conversation, posts all of its posts once, and records their links
// together with the end of the job. A file that cannot be had does not hold its
// message back: it follows later, threaded to it. A message that cannot be shown
// at all leaves a line in its place.
//
// A Handler does what a worker asks of it and starts no goroutine. It imports
// the shared acts (inbox, contacts, delivery) and render, and needs two methods
// of WhatsApp's session.
package inbound
