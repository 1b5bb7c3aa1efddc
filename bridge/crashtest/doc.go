// Package crashtest proves the promise against the built program: it is killed
// at random moments in the middle of traffic both ways, and afterwards both
// sides are compared, message by message. It holds tests only.
//
// Meanwhile Chatwoot answers one request in twenty badly, WhatsApp drops the
// connection and Postgres crashes every few seconds, Redis is emptied twice and
// its connections are cut a few times.
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
