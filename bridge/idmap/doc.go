// Package idmap is the ID map: which WhatsApp chat is which Chatwoot contact
// and conversation, and which message is which.
//
// The truth is in SQL, written in the transaction of the job that made it so.
// In front of it stands a Cache, Redis or in process, that holds only facts
// that do not change within one epoch of the line: a link once written, a
// conversation's chat, a chat's contact and conversation once both are known.
// Whatever changes such a fact raises the line's epoch in the same SQL
// transaction, and cache keys carry the epoch that the worker read when
// it claimed its lane. So an entry from before is never found, whether Redis
// is empty, slow, down, or back with old entries: then the map is slower,
// never wrong. A cache error is a miss.
//
// Redis is not believed: an entry is sealed, for its own key, so that nobody but a
// bridge with the encryption key can make one, or put one in another's place; what does
// not open is a miss. An old entry that is put back under its own key says what was true
// in that epoch and still is. What is asked of Redis with Once is not sealed: it is for
// throttles only, and a lie there costs a request, or one sign of typing. Nothing else is
// kept in Redis; owners, leases and commands are in SQL.
//
// A Map is safe for concurrent use.
package idmap
