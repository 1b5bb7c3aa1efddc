// Package contacts finds who a WhatsApp chat is in Chatwoot, and the other way
// round: the chat of an address or of an event, its contact and conversation,
// which are found or made once, contacts' names and numbers, and the merge of two
// chats that turn out to be one person. A failed look-up is never taken for
// "there is none".
//
// One chat's contact and conversation are made under its lane, by one worker at a
// time. A Directory may be used by several goroutines; merging is its lock
// between finding a chat and using it. It starts no goroutine.
//
// It imports idmap and the journal, and inbox for all that it asks Chatwoot.
package contacts
