// Package foreign is the border for the strings of others: ids, names and
// reasons that somebody has sent. Postgres refuses text with a NUL or invalid
// UTF-8 in it, and an index takes 2,704 bytes; SQLite takes all of it, and the two
// must answer alike; Chatwoot's database is as narrow as ours. Every such text
// passes Key or Text on its way into a statement or a source id. The package is
// pure and imports nothing of ours.
package foreign
