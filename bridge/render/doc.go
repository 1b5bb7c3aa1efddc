// Package render turns a decoded WhatsApp message into what agents see: a list
// of posts in the five forms of the presentation guide. It is pure: the same
// message, texts and settings always give the same posts, and it reaches neither
// network nor database nor files, so a golden file is all the proof that a kind
// needs. Media stays a reference; whoever posts fetches it.
//
// A new kind is a case in kinds.go, a function in the file of its family, its
// texts in the catalogue, and a row in the golden test.
//
// It imports the catalogue, markup, source ids and whatsapp/content.
package render
