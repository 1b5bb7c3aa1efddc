// Package database opens the one database of a process, Postgres or SQLite,
// and brings its schema up to date.
//
// SQL is written once for both dialects, with $1 placeholders. Every change
// goes through InTx, which does not end with the context of whoever asked:
// cancelling a statement half-way can interrupt the next one on the same
// SQLite connection, and a commit must not depend on a caller that hung up.
// A DB is safe for concurrent use.
package database
