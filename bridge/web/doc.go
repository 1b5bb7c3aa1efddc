// Package web is the web server of a bridge: the admin API, Chatwoot's
// webhooks, health and metrics.
//
// It holds no state of its own. Handlers return errors; one place turns them
// into answers. Everything of the API needs the admin token; what needs none
// (health, the API's description) holds nothing of a customer. A path's secret,
// a query and a token never reach the log.
//
// Every request is handled on its own goroutine, which ends with it; event
// streams also end when CloseStreams is called.
package web
