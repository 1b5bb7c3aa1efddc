// Command wootbridge runs the bridge between WhatsApp and Chatwoot, and talks
// to one that runs.
//
// Each subcommand has a file of its own; run.go chooses. All but serve and
// migrate are clients of the running bridge's admin API and never touch its
// database. Exit codes: 0, 1 for a failure, 2 for what the caller must change
// (arguments, configuration).
package main
