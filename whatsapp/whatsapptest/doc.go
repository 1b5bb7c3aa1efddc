// Package whatsapptest is a WhatsApp server for tests, in the manner of
// net/http/httptest. The real, unmodified whatsmeow client connects to it, pairs,
// logs in and exchanges end-to-end encrypted messages with simulated people.
//
//	whatsapptest.TrustRoot()
//	srv := whatsapptest.New(whatsapptest.Options{})
//	err := srv.Start()
//	defer srv.Close()
//	phone, alice := srv.NewPeer("5511999990001", "Shop"), srv.NewPeer("5511888880002", "Alice")
//	srv.Wire(client) // a *whatsmeow.Client; then Connect, and with its QR code:
//	err = phone.ScanQR(code)
//	id := alice.SendText(phone, "hello")
//
// A Peer is an account with its phone, a Device a companion linked to it (the
// client under test), a Group a group chat. Control drives a server in another
// process. SIMULATOR.md says what is as on the wire and what is not simulated.
//
// Each connection has one goroutine that reads and handles stanzas in order (the
// HTTP handler's) and one that writes; sending never waits for a client. Locks are
// taken in the order Peer.crypt, Device.mu, conn.mu; Server.mu, Peer.mu and
// Group.mu are held only for reading or changing fields. Server.Close ends all
// goroutines and waits for them.
package whatsapptest
