// Package fault is the one kind of error whose text is meant for the person who
// asked: the admin API, the CLI and the console show it as it is. Everything
// else that fails is for the log. It is pure and imports nothing of the bridge.
package fault
