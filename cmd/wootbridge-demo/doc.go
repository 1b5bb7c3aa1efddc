// Command wootbridge-demo shows the bridge at work without a phone and without
// a Chatwoot: both are simulated, everything between them is real.
//
//	wootbridge-demo            a customer and an agent talk; both screens are shown
//	wootbridge-demo --serve    the same, then it stays for you to look around
//	wootbridge-demo sim        only the simulators, for a bridge in another process
//
// The simulators are driven over HTTP: whatsapp/whatsapptest/SIMULATOR.md says how a
// message of any kind is sent.
package main
