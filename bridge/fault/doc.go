// Package fault is the one kind of error whose text is meant for the person who
// asked: the API's server answers with it, its client returns it, and the CLI
// and the console show it as it is. All other errors are for the log. It is pure
// and imports nothing of the bridge.
package fault
