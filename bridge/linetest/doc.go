// Package linetest gives tests of the flow's packages what a line stands on: a
// database with its journal and ledger, the line's inbox at a Chatwoot of the
// test's choice, and workers for the handler under test. Everything else a test
// brings itself. With a Chatwoot that opens no connection all of it runs on the
// clock of a synctest bubble.
package linetest
