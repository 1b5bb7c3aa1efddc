// Package admin is what people may do to lines and jobs, and see of them: one
// service behind the API and the CLI, and behind every face to come. It writes
// what should be to SQL and asks for a sync; what acts on a line's connection goes
// to the process that holds it.
//
// Its errors for people are fault.Errors. A Service starts no goroutine and may be
// used by several at once. It needs a few methods of the lines in this process,
// which the heart gives it.
package admin
