package markup

// QuoteUnknown shows what a message answers when the answered message is not
// in Chatwoot.
func QuoteUnknown(author, snippet string) string {
	return "> ↩ " + Bold(Name(author)+":") + " " + Literal(snippet)
}

// Snippet is the beginning of a text in one line, without formatting marks, at
// most limit characters long.
func Snippet(text string, limit int) string {
	// Formatting may end somewhat beyond what is shown; the rest is not looked at.
	w := &writer{style: style{formatting: true, links: true, bare: true}}
	w.text(plain(Cut(text, 16*limit)))
	return oneLine(w.String(), limit)
}
