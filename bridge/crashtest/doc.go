// Package crashtest proves the promise against the built program: it is killed
// at random moments in the middle of traffic both ways, and afterwards both
// sides are compared, message by message. It holds tests only.
//
// Meanwhile Chatwoot answers one request in twenty badly, WhatsApp drops the
// connection every few seconds, Redis is emptied twice and its connections are
// cut a few times, and the database goes away once.
//
// Traffic, kills and faults are drawn from one seed, which is printed. What
// chance decided is the same for the same seed; the machine's timing is not.
// The tests are a short run; make crash is a long one.
package crashtest
