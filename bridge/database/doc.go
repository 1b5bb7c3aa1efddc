// Package database opens the one database of a process, Postgres or SQLite,
// and brings its schema up to date.
//
// SQL is written once for both dialects, with $1 placeholders. Every change
// goes through InTx, which does not end with the context of whoever asked:
// cancelling a statement half-way can interrupt the next one on the same
// SQLite connection, and a commit must not depend on a caller that hung up.
//
// Both databases keep what they have planned, by connection. On SQLite all
// writers of the process take turns on one connection, and wait for the disk
// together, after their turn; on Postgres the server does that. A transaction
// that need not wait for the disk is Relaxed.
// A DB is safe for concurrent use.
package database
