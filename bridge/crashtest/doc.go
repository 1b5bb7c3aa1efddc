// Package crashtest proves the promise against the built program: it is killed
// at random moments in the middle of traffic both ways, and afterwards both
// sides are compared, message by message. It holds tests only.
//
// Traffic, kills and faults are drawn from one seed, which is printed. A
// failure is repeated with -crash.seed; a longer run has more messages and
// more kills:
//
//	make test PKG=./bridge/crashtest ARGS='-crash.messages 1000 -crash.kills 30'
package crashtest
