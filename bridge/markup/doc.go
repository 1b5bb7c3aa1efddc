// Package markup converts between what people type on WhatsApp and what
// Chatwoot keeps as markdown. All functions are pure and linear in the length
// of the text.
//
// Towards the dashboard (ToMarkdown) the rule is: what the agent reads is what
// the customer wrote, letter for letter, with WhatsApp's bold, italic, strike
// and code as formatting. The dashboard renders CommonMark with breaks,
// linkify and a typographer, and no HTML. A character is escaped only where it
// would otherwise change, so that search, exports and bots see clean text.
// Lists and quotes are shown as typed. An address is a link as a whole or not at
// all, and never another's.
//
// A text is cut into lines and monospace blocks (markdown.go), a line into
// addresses, code and formatted spans (line.go, address.go, flanking.go), and what
// is left stands for itself (literal.go).
//
// Towards WhatsApp (ToWhatsApp) the tree that a CommonMark parser makes of the
// agent's markdown, as the dashboard shows it, is walked: what WhatsApp can show
// becomes its marks, a link its text and address, and whatever is not surely
// formatting stays as it is (whatsapp.go, blocks.go, inlines.go).
package markup
