// Package bridge is the whole: it makes each line of its parts and runs all lines
// of a process. The parts are packages below it, by steps of the flow:
//
//	WhatsApp ── intake ─┐                       ┌─ inbound ── Chatwoot
//	                    ├─ journal ── work ─────┤
//	Chatwoot ── intake ─┘                       └─ outbound ── WhatsApp
//
// with reconcile for what Chatwoot does not tell, supervisor for which lines run
// here, and admin for what people may do. assemble.go puts a line together,
// jobs.go is the table of who does which job, registry.go is what each of the
// others sees of a line.
//
// Start and Stop own the process's goroutines: the supervisor's, the workers', the
// journal's wake-ups, those for other processes (elsewhere.go), the pruner, and what
// lines run in the background. A line is replaced as a whole, never changed in place.
// Stop claims no more, lets the jobs under way finish, disconnects, gives the lines
// back, and returns when all have ended.
//
// It may import everything below it; nothing but the process and tests import it.
package bridge
