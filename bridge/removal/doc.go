// Package removal removes what is left of deleted lines: devices, jobs, chats and
// messages, a few hundred rows in a transaction, so that no other line waits for
// it. It goes on until nothing is left, also after a restart and after a database
// that was away.
//
// A Remover starts no goroutine: Run is one that its owner starts and waits for.
// Several processes may remove the same line; they take turns. It imports the
// packages that keep state, and knows no message.
package removal
