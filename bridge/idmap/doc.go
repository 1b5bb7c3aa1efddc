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
// A Map is safe for concurrent use.
package idmap
