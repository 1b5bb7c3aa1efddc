// Package serve puts a bridge together from its configuration and runs it as a
// process: data folder, database, cache, lines, web server.
//
// Start opens things in the order in which they need each other; Stop ends
// them the other way round: no new webhook is taken, no lane is claimed, jobs
// under way finish or are handed back, lines disconnect, the database closes.
// What does not end within the grace time is left to the end of the process,
// which loses nothing: the next start looks before it repeats.
//
// A Process owns every goroutine that it starts, and Stop waits for them.
package daemon
