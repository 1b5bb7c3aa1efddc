// Package seal encrypts the secrets that the bridge must keep: Chatwoot tokens,
// webhook secrets, the keys that contacts' source ids are derived from and those of
// linked devices, and what a shared cache holds.
//
// A sealed value is bound to what it is for (its purpose), so that a value
// moved to another column or another line does not open. It names its key, by an id
// that says nothing of it; values of earlier versions do not, and belong to the key
// at hand. A Key is immutable and safe for concurrent use.
package seal
