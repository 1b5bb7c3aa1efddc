// Package daemon assembles a bridge from its configuration and runs it as a
// process: data folder, database, cache, lines, web server. It is the only package
// that knows all of them.
//
// Start opens things in the order in which they need each other; of what an admin
// has set up, what cannot work is a *LockedError or a *SetupError. Stop ends
// things in the opposite order: no webhook is accepted any more, no lane is
// claimed, jobs under way finish or are handed back, lines disconnect, the
// database closes. Work that outlasts the grace time is left to the end of the
// process, which loses nothing: the next start looks before it repeats.
//
// It listens at up to three addresses (addresses.go), each with room for so many
// connections that descriptors are left for the work.
//
// A Process owns every goroutine that it starts, and Stop waits for them.
package daemon
