// Package chatwoottest is a Chatwoot for tests, of any release from 4.2.0 on, in
// the manner of net/http/httptest: the routes, rules, error bodies, signed webhooks
// and the live channel that a bridge with an API inbox meets, in memory.
//
//	server := chatwoottest.New(chatwoottest.Options{})
//	err := server.Start()
//	defer server.Close()
//	// the client under test: server.URL(), server.AdminToken(), server.Account()
//	got, err := server.WaitMessage(timeout, func(m chatwoottest.Message) bool { return m.Text == "hello" })
//	sent, err := server.Reply(got.Conversation, "good day", chatwoottest.Quoting(got.ID))
//
// Agents act by the methods of Server; the Wait methods wait for what comes; View
// shows it as an agent sees it; rules and hooks let requests, deliveries and frames
// go wrong; Control does all of that from another process. The package's own tests
// replay what was recorded from real Chatwoots and compare every answer, webhook and
// frame; what differs on purpose is a list in the conformance tests, and version.go
// says which release brought what. Webhooks go out by several workers, from the
// rows as they are then, and so in no certain order; frames go out in order.
//
// Server.mu guards every row; a request is handled under it, hooks are called
// without it. Close ends the listener, the live connections, the delivery workers
// and what is delayed, and waits for them.
package chatwoottest
