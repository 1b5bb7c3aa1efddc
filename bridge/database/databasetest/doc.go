// Package databasetest gives each test a database of its own, migrated and
// empty, on both dialects, and a Redis of its own. The servers are the ones
// that make test starts; without them a test fails and says so, or with -short
// is skipped and says that.
package databasetest
