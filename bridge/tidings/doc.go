// Package tidings is what the processes on one Postgres tell each other about lines,
// at once: that one has changed, that somebody types, that there is a command. A word
// may be lost. So nothing depends on one: what matters is in SQL, where everybody
// looks now and then. On SQLite there is one process, and nobody to tell.
//
// It starts no goroutine of its own; Run is the caller's, and owns the connection that
// listens. It imports the database, and nothing else of the bridge.
package tidings
