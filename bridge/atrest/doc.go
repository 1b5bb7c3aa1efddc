// Package atrest knows what lies sealed in the database, and with which key: it finds the
// key that belongs to the database, opens the store of linked devices with it, and seals
// everything with another key.
//
// Whoever reads a copy of the database, without the key, must not become the shop. Of
// lines that is bridge/lines, of devices and messages whatsapp; what else there is stands
// in docs/at-rest.md.
//
// A key that opens nothing changes nothing. A change of the key is one transaction: a
// process that is killed in it leaves everything sealed with the old key, or everything
// with the new one.
package atrest
