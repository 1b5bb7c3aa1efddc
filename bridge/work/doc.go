// Package work is the machinery that carries jobs out: it claims lanes, does
// their jobs in order, and decides by the error of a failed attempt what comes
// next. It knows no message; what a job means is the Line's.
//
// A Pool owns its workers and, while a Chatwoot is away, one goroutine that
// looks for its return; Wait waits for all of them. A lane has one worker at a
// time, so the jobs of a chat and queue keep their order. A panic ends one
// attempt.
//
// What a failed attempt means is the contract between handlers and this package
// (errors.go): permanent, retry after a time, pause the line with a sentence;
// everything else is transient, and judged by what the clients say of the
// destination (classify.go).
//
// It imports the journal and the clients' public error types.
package work
