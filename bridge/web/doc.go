// Package web is the web server of a bridge: the admin API, Chatwoot's webhooks,
// health and metrics.
//
// A Server has two faces: Public, which Chatwoot and strangers reach, and Private for
// people and their programs; where an installation has one address it serves both.
// Whoever sends a request may be anybody until a token or a signature says otherwise
// (visit.go); how many may connect is up to the listener (limited.go); who guesses the
// token is slowed down (signin.go).
//
// It keeps no other state and reaches the bridge through admin's service only. Handlers
// return errors, and answer.go alone turns them into answers: a *fault.Error is
// told as it is, any other error is logged and told as internal. The whole API
// needs the admin token; the routes that need none (health, the API's description)
// show nothing of a customer, and webhooks prove themselves. The log never holds a
// secret path, a query or a token.
//
// openapi.json describes every route and type; tests compare it with both.
//
// Each request is handled on a goroutine of its own, which ends with the request;
// event streams also end when CloseStreams is called.
package web
