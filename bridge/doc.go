// Package bridge is the heart of Wootbridge: it knows WhatsApp and Chatwoot,
// owns the rules between them, and is the only package that does.
//
// # How it runs
//
// A Bridge holds the database, the journal, the ID map and one runtime per
// line. What comes from outside is committed first and worked on later:
//
//	WhatsApp handler (line.Take)        webhook request (Webhooks)
//	        \                                /
//	         +--> journal lanes, one transaction <--+
//	                      |
//	              workers claim a lane, in order
//	              /        |          \         \
//	        in: convert,  out: plan,  status:    upkeep: history,
//	        post, link    send, link  PATCH      late media
//
// Conversion is pure: renderInbound and planOutbound turn a decoded event into
// a list of posts or parts without touching network or database. Acting is
// repeatable: a post carries a source_id that is looked up before a repeat,
// unless no attempt can have had an effect, which the journal remembers; a send
// carries an id derived from (line, Chatwoot message, part). Recording commits
// the links and the job's end in one transaction that also proves that the
// lane's lease was still ours.
//
// # Failures
//
// Every error of a job becomes one of four verdicts (see verdict.go): retry
// later, wait until the line is connected, pause the line, or give up visibly.
// Nothing is dropped: a job ends done or dead, and a dead one has told the
// agent why.
//
// # What Chatwoot does not tell
//
// Chatwoot posts a webhook once. After a start, after a gap and every few
// minutes its messages are compared with the ledger (reconcile.go,
// findings.go): what nobody told of is journaled as if its webhook had come,
// before anything newer is sent; deletions are taken back; bubbles that are red
// for nothing show the truth. With a ledger that lacks what Chatwoot holds, a
// pass only reports until an admin confirms.
//
// # Ownership
//
// What should be is in SQL, and one goroutine, tend (lifecycle.go), makes it so:
// it renews the lease on this process's lines (ownership.go), claims free ones,
// and makes, replaces and ends their runtimes. Everybody else writes SQL and
// asks for a look. A runtime is replaced as a whole, never changed in place,
// except for its settings, which are swapped atomically. An owner that cannot
// renew disconnects before its lease ends.
//
// A Bridge owns every goroutine of its own: tend, the workers, the sessions,
// the journal's wake-ups, the pruner, and while a Chatwoot is away one that
// looks for its return. Stop claims no more, lets the jobs under way finish,
// disconnects, gives the lines back, and returns when all have ended. Handlers
// (Take, the webhook) do SQL only, apart from the one single-flight refetch of
// a webhook secret.
package bridge
