// Package chatwoottest is a Chatwoot for tests, of any release from 4.2.0 on, in
// the manner of net/http/httptest: the routes, rules, error bodies and signed webhooks that a
// bridge with an API inbox meets, in memory.
//
// # Use
//
//	desk := chatwoottest.New(chatwoottest.Options{})
//	err := desk.Start()
//	defer desk.Close()
//	// the client under test: desk.URL(), desk.AdminToken(), desk.Account()
//	got, err := desk.WaitMessage(timeout, func(m chatwoottest.Message) bool { return m.Text == "hello" })
//	sent, err := desk.Reply(got.Conversation, "good day", chatwoottest.Quoting(got.ID))
//	fmt.Print(desk.View())
//
// Agents act by the methods of Server; Messages, Conversations, Contacts and
// Webhooks tell what there is, the Wait methods wait for it, View shows it as
// an agent sees it. Rules and hooks let requests and deliveries go wrong.
// Control does all of that from another process.
//
// # What is true
//
// The package's own tests replay the requests recorded from a real Chatwoot
// 4.16.2, 4.11.2 and 4.2.0 and compare every answer and every webhook; what
// differs on purpose is a list in conformance_test.go. version.go says which
// release brought what. Webhooks go out on their own time, built from the rows
// as they are then, by several workers and therefore in no certain order.
//
// # Locking and goroutines
//
// Server.mu guards every row; a request is handled under it. Hooks are called
// without it. Close ends the listener, the delivery workers and delayed
// deliveries, and waits for them.
package chatwoottest
