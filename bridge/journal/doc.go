// Package journal is the durable record of every event taken in, and of what
// became of it. It is a set of lanes: the FIFO of one chat in one queue.
//
// An append is one transaction: it takes the lane's row lock by raising seq,
// then inserts the job at that position, so positions are in commit order and
// a repeated dedupe key leaves no trace. Workers claim a lane, never a job, so
// a lane is worked on by one worker at a time and in order. A worker holds a
// Lease; each job's end commits together with the caller's own rows and a
// renewal that fails if the lease was lost, so a worker that was too slow
// cannot record anything.
//
// The end of the last job that waits gives the lane back in the same commit.
// A lane is finished only if nothing was appended since the worker last read
// it; without that guard a job appended between the last read and the finish
// would wait for ever.
//
// A lane whose lease ran out with its owner still written was not released
// cleanly: its head may have had an effect that was not recorded. Lease.Unclean
// says so, and the worker looks before it repeats.
//
// An append waits for the disk, and so does what would otherwise hide in a power
// cut that a lane's head may have had an effect; see change and Queue.repeats.
//
// A Journal is safe for concurrent use; a Lease belongs to one goroutine,
// except for Keep's heartbeat, which the Lease owns.
package journal
