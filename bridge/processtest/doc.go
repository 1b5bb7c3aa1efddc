// Package processtest runs the built programs as processes of their own, for
// tests that kill them, cut them off and start them again: the bridge, and the
// simulators of WhatsApp and Chatwoot that it talks to.
//
//	sim := processtest.StartSimulators(t)
//	bridge := processtest.NewBridge(t, sim)
//	bridge.Start()
//	line := bridge.CreateLine("Shop")
//	bridge.Pair(line, "5511999990001")
//	bridge.Kill()
//	bridge.Start()
//
// The programs are built once per test process. Everything that was started
// ends with the test, or with the test process if that is killed.
package processtest
