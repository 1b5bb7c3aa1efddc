// Package supervisor decides which lines run in this process. What should be is
// in SQL, and one goroutine makes it so: it renews the lease on this process's
// lines, claims free ones, and makes, replaces and ends their runners. All other
// code writes the desired state to SQL and requests a sync.
//
// Two connections of one WhatsApp device throw each other out for ever, so a line
// has one owner, and an owner that cannot renew disconnects before its lease ends.
// After an unclean end lines connect one at a time; one during whose connect the
// process died twice is paused, and the others live.
//
// A Supervisor owns its goroutine and those in which runners end; Stop waits for
// all of them. It imports lines and the database, and knows no message.
package supervisor
