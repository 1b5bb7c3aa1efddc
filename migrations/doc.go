// Package migrations holds the database schema as numbered SQL files, one
// folder per dialect with the same numbers and meanings. Times are unix
// milliseconds, ids of the bridge's own things are text.
//
// goose keeps its record in wootbridge_version; whatsmeow's tables live in the
// same database under its own whatsmeow_version.
package migrations
