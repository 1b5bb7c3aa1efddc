// Package work is the machinery that carries jobs out: it claims lanes, does
// their jobs in order, and decides by the error of a failed attempt what comes
// next. It knows no message; what a job means is the Line's.
//
// A Pool owns a dispatcher for each queue (dispatch.go), a goroutine for each lane
// under way and, while a Chatwoot is away, one that looks for its return; Wait waits
// for all of them. How many lanes may be under way is counted for each destination
// (places.go), and an append to an idle lane that has a place claims it
// (admission.go). A lane has one goroutine at a time, so the jobs of a chat and queue
// keep their order. A panic ends one attempt.
//
// What a failed attempt means is the contract between handlers and this package
// (errors.go): permanent, retry after a time, pause the line with a sentence;
// everything else is transient, and judged by what the clients say of the
// destination (classify.go).
//
// It imports the journal and the clients' public error types.
package work
