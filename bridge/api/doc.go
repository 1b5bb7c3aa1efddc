// Package api is the admin API as its clients see it: the JSON that goes over
// the wire, and a Client. It knows nothing of how the bridge works; the server
// side is package web.
package api
