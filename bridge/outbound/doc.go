// Package outbound is the way out: it puts agents' messages in Chatwoot's order,
// fetches their files, sends each part to WhatsApp under an id that is the same at
// every attempt, records what WhatsApp has taken, takes deleted messages back, and
// tries failed ones again. A message that cannot be sent turns its bubble red,
// with the reason.
//
// A Handler does what a worker asks of it and starts no goroutine; a lane belongs
// to the worker that drains it. It imports the shared acts, compose, and intake
// for what is known of arrivals, and needs two methods of WhatsApp's session.
package outbound
