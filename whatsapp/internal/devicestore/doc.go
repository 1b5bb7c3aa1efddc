// Package devicestore keeps the linked devices and their Signal keys, in the
// library's tables in the process's database, and guards what the library does
// with them during one connection.
//
// The library takes most failures of its stores for broken messages, which it
// acknowledges. The Guard makes three promises against that:
//
//   - A store that fails while a message is read keeps the message, which comes
//     again, and the connection is given up. One that fails in a send ends the
//     send.
//   - Plaintext is kept in the transaction that uses up the message key, until the
//     message is committed. A decryption does not wait for the disk, as the commit of its
//     message by the Sink does; nor does a send store in more than one transaction.
//   - Decryptions and encryptions do not undo each other's steps. The session
//     lock keeps them apart (sessionlock.go); it is taken before a session is
//     read and held until it is written.
//
// What a copy of the database must not give away is sealed, beneath the Guard: a device's
// keys in a table of ours (devicekeys.go), what else there is where it stands
// (sealedstore.go). What an earlier version left in the clear is read, and sealed when the
// Store is opened (move.go). Keys that do not open are no device that is not there.
//
// A panic of a decryption becomes the message's error. All wrappers belong to
// one Guard, and end with its connection.
package devicestore
