// Package seal encrypts the secrets that the bridge must keep: Chatwoot tokens,
// webhook secrets and the keys that contacts' source ids are derived from.
//
// A sealed value is bound to what it is for (its purpose), so that a value
// moved to another column or another line does not open. A Key is immutable
// and safe for concurrent use.
package seal
