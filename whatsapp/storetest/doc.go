// Package storetest gives a test a database for a device store: the table that is the
// bridge's, and a key. It also reads all that a database holds, as somebody does who has
// got a copy of it.
package storetest
