// Package compose turns a Chatwoot message into the parts that WhatsApp can
// carry: texts, and files with or without a caption, each with a number that is
// stable for ever because the WhatsApp message id is derived from it. It is
// pure: files stay references, and whoever sends fetches them.
//
// It imports markup, media's names, source ids and chatwoot's types.
package compose
