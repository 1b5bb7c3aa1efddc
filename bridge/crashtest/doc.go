// Package crashtest proves the promise against the built program: it is killed
// at random moments in the middle of traffic both ways, and afterwards both
// sides are compared, message by message. It holds tests only.
//
// Meanwhile Chatwoot answers one request in twenty badly, WhatsApp drops the
// connection and Postgres crashes every few seconds, Redis is emptied twice and
// its connections are cut a few times. The line listens to webhooks, to the live
// channel or to both, which the seed draws: webhooks may be refused, lost or come
// twice, frames lost, late or twice, and the channel is cut and goes deaf. Nothing is
// lost by both ways at once without a trace, for then no bridge could keep the order;
// where a deaf channel is all that tells, what it has not told may leave late.
//
// Traffic, kills and faults are drawn from one seed. What chance decided is the
// same for the same seed; the machine's timing is not. A failure says with which
// command it is repeated, and its seed is kept (kept_test.go).
//
//	make crash              a long run with a new seed
//	make crash SEED=42      the same chances again
//	make crash SEEDS=kept   all that are kept, one after the other
//
// Among the other tests there is a short run: one mode with a new seed, the
// other with a kept one.
package crashtest
