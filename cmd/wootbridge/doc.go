// Command wootbridge runs the bridge between WhatsApp and Chatwoot, and talks
// to one that runs.
//
// Each subcommand has a file of its own; run.go chooses. All but serve and
// migrate are clients of the running bridge's admin API and never touch its
// database. Exit codes: 0, 1 for a failure, 64 for a wrong command line, 78 for a
// configuration that cannot work; 2 is a crash.
package main
