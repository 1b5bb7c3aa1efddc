// Package markup converts between what people type on WhatsApp and what
// Chatwoot keeps as markdown. All functions are pure and linear in the length
// of the text.
//
// Towards the dashboard (ToMarkdown) the rule is: what the agent reads is what
// the customer wrote, letter for letter, with WhatsApp's bold, italic, strike
// and code as formatting. The dashboard renders CommonMark with breaks,
// linkify and a typographer, and no HTML. A character is escaped only where it
// would otherwise change, so that search, exports and bots see clean text.
// Lists and quotes are shown as typed.
//
// Towards WhatsApp (ToWhatsApp) the markdown that the editor makes becomes
// WhatsApp's marks, and everything else stays as it is.
package markup
