// Package lines keeps the lines: one WhatsApp number tied to one Chatwoot inbox
// each, with its settings and secrets, in SQL. Secrets are sealed there, and
// their type keeps them out of logs.
//
// Settings are one table (settings.go): the name, type, default, allowed values
// and help of a setting are one row, which validation, API, CLI and
// docs/settings.md read.
//
// The package starts no goroutine. A Store may be used by several at once; a
// Line and its Settings are values, never changed in place. It imports ground
// packages and chatwoot's types only.
package lines
