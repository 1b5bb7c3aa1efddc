// Package bridgetest runs a bridge between a simulated WhatsApp and a simulated
// Chatwoot in one process, for tests, benchmarks and the demo, in the manner of
// net/http/httptest:
//
//	s := bridgetest.Open(t, bridgetest.Options{}) // or New, which needs no test
//	alice := s.Customer("5511888880002", "Alice")
//	_, err := alice.Ask("are you open?") // Chatwoot has it
//	_, err = alice.Say("until six")      // an agent's answer
//	_, err = alice.WaitText(s.Patience, "until six")
//
// A Stack begins in steps, so that something can be put in between: New starts
// the simulators, Start a bridge on the Stack's data, MakeLine gives it a line,
// Pair links the line to a phone. Open takes all of them. Stop and Start again
// are a bridge that comes back to what it left.
//
// The bridge is one without a process around it, or with Options.Program what
// wootbridge serve runs. Its webhooks pass Stack.Webhooks, which a test may
// take away.
package bridgetest
