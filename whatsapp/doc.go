// Package whatsapp keeps lines connected to WhatsApp as linked devices, on
// whatsmeow. It knows nothing of Chatwoot or of the bridge. What messages are
// made of, both ways, is in package content; the device stores are in devicestore.
//
// A message is acknowledged only after the Sink has committed it (client.go):
// acknowledgement waits for the handler, plaintext is kept in the transaction that
// uses up the message key, a failing store neither acknowledges nor asks the
// sender again, and once something could not be committed the whole connection is
// given up, so that no later message overtakes it. What a message asks of this
// device is believed only from the account's own phone (origin.go), and what it
// makes the bridge unpack has a limit (history.go). reframe.go puts WhatsApp's
// frames in order; a stream that cannot be read is given up at once (broken.go).
//
// A Session has one goroutine, run, that owns the client. Nothing holds a client
// past its connection. Commands (pair, reconnect, log out) and ends reach run
// through channels; everything else reads the client under a lock and gets a typed
// error when there is none. Stop ends run and waits for it. What ends a
// connection, and what follows, is in connection.go and supervisor.go. The handler
// and Take touch no network, and every call into the library recovers panics.
package whatsapp
