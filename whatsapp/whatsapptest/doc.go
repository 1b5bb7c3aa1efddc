// Package whatsapptest is a WhatsApp server for tests, in the manner of
// net/http/httptest. The real, unmodified whatsmeow client connects to it,
// pairs, logs in and exchanges end-to-end encrypted messages with simulated
// people.
//
// # Use
//
//	whatsapptest.TrustRoot()
//	srv := whatsapptest.New(whatsapptest.Options{})
//	err := srv.Start()
//	defer srv.Close()
//	phone := srv.NewPeer("5511999990001", "Shop")
//	alice := srv.NewPeer("5511888880002", "Alice")
//	srv.Wire(client) // a *whatsmeow.Client; then Connect, and with its QR code:
//	err = phone.ScanQR(code)
//	id := alice.SendText(phone, "hello")
//
// A Peer is an account with its phone: the owner of a line, or somebody the
// owner talks to. A Device is a companion linked to an account, which is the
// client under test. A Group is a group chat. Control drives a server in another
// process over HTTP.
//
// # What is real
//
// The Noise handshake, the binary stanzas, Signal sessions and sender keys, app
// state patches and encrypted media are those of the wire: both ends use the
// same libraries. The server routes by device and keeps every stanza for a
// client, in order, until the client has settled it by a receipt or an
// acknowledgement; what remains comes again at the next login, marked offline.
// A message is settled by any receipt but a retry. A message id that a client
// uses again is acknowledged and dropped.
//
// Options make what WhatsApp does at times: RotateQR retires a QR code's secret
// at its first scan, Packets cuts frames over websocket messages or spoils them.
// Stateless sends a pre-key message for which no session is kept, WithAttr marks
// a message as what it is not, Device.SendRaw sends what is no stanza. A person of a group by
// hidden id is sent with the number; WithoutAttr("addressing_mode") leaves out
// by which of the two the group is addressed. A message of the own phone in a
// chat by hidden id has the own hidden id as its sender.
//
// # What is not simulated
//
// Passkey pairing; expiry and renewal of QR codes by time (Server.ExpireQR does
// it on demand); newsletters, communities, broadcast lists, status posts; votes
// and other payloads under a message secret; business profiles and verified
// names; calls; privacy tokens; reporting tokens; notifications of changed
// device lists; app state snapshots; media ranges and resumable uploads; rate
// limits (hooks can refuse). Two peers exchange plaintext; only companions get
// ciphertext. The phone of a linked account sends no receipts.
//
// # Locking and goroutines
//
// Each connection has one goroutine that reads and handles stanzas in order (the
// HTTP handler's) and one that writes. Sending never waits for a client: it
// appends to the connection's queue. Locks are taken in the order Peer.crypt,
// Device.mu, conn.mu; Server.mu, Peer.mu and Group.mu are held only for reading
// or changing fields. Server.Close ends all goroutines and waits for them.
package whatsapptest
