// Package media decides what a file is called and what it is, from the ugly
// things that both sides say about it, and keeps files on disk while they pass
// through. It knows neither WhatsApp nor Chatwoot. No file is ever held in
// memory as a whole.
package media
