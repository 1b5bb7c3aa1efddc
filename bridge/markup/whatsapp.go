package markup

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

var backslashBreak = regexp.MustCompile(`\\(\r?\n)`)

// PlainBreaks takes away what editors leave behind: the backslash before a line
// break, and line breaks at the end. Newer releases of Chatwoot do so themselves.
func PlainBreaks(text string) string {
	return strings.TrimRight(backslashBreak.ReplaceAllString(text, "$1"), "\r\n")
}

// ToWhatsApp turns an agent's markdown into WhatsApp's formatting.
func ToWhatsApp(markdown string) string {
	markdown = strings.NewReplacer("\x00", "", "\r\n", "\n", "\r", "\n").Replace(markdown)
	markdown = strings.Map(func(r rune) rune { return r }, markdown) // what is no character is shown as such
	var out strings.Builder
	for _, part := range parts(markdown) {
		if part.literal {
			out.WriteString(part.text)
		} else {
			out.WriteString(toWhatsApp(part.text))
		}
	}
	return strings.TrimRight(out.String(), "\n")
}

// toWhatsApp walks the tree of a text. What lies between its leaves, such as the
// marks of lists and quotes, stays as it is.
func toWhatsApp(markdown string) string {
	source := []byte(withoutBreaks(markdown))
	tree := newParser().Parse(text.NewReader(source))
	w := &walker{source: source}
	w.join(tree)
	w.references(tree)
	w.blocks(tree)
	w.between(len(source))
	return w.out.String()
}

// withoutBreaks takes away the marks of line breaks outside of monospace blocks.
func withoutBreaks(markdown string) string {
	lines := strings.Split(markdown, "\n")
	fenced := false
	for i, line := range lines {
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, fence) && !strings.Contains(trimmed[len(fence):], "`") || strings.HasPrefix(trimmed, "~~~") {
			fenced = !fenced
		}
		if fenced || i == len(lines)-1 {
			continue
		}
		if slashes := len(line) - len(strings.TrimRight(line, `\`)); slashes%2 == 1 {
			line = line[:len(line)-1]
		}
		lines[i] = strings.TrimRight(line, " \t")
	}
	return strings.Join(lines, "\n")
}

// walker writes a tree as WhatsApp shows it.
type walker struct {
	source []byte
	out    strings.Builder
	// at is how far the source was written.
	at int
	// used are the definitions of links that were used.
	used map[string]bool
	// lines are those of the leaf that is being written; line is the one to come, or
	// one before it.
	lines *text.Segments
	line  int
	// open are the marks that are open, in order; of them the last few are not
	// written yet, because nothing was written in them on this line.
	open    []byte
	unshown int
	// last is the last character written.
	last rune
	// afterAddress says that it belongs to an address that stood in markup.
	afterAddress bool
}

// write writes something that stands as it is.
func (w *walker) write(s string) {
	if s == "" {
		return
	}
	w.out.WriteString(s)
	w.last, w.afterAddress = runeBefore(s, len(s)), false
}

// between writes the source up to a place, as it is.
func (w *walker) between(end int) {
	if end > w.at {
		w.write(string(w.source[w.at:end]))
		w.at = end
	}
}

// join makes one of texts that the parser has looked at one by one.
func (w *walker) join(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		w.join(n)
		text, ok := n.(*ast.Text)
		for ok && text.Segment.Len() > 0 && n.NextSibling() != nil && !text.SoftLineBreak() && !text.HardLineBreak() && text.Merge(n.NextSibling(), w.source) {
			parent.RemoveChild(parent, n.NextSibling())
		}
	}
}

// references finds the definitions of links that are used.
func (w *walker) references(tree ast.Node) {
	w.used = map[string]bool{}
	_ = ast.Walk(tree, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // no step fails
		var reference *ast.ReferenceLink
		switch n := n.(type) {
		case *ast.Link:
			reference = n.Reference
		case *ast.Image:
			reference = n.Reference
		}
		if entering && reference != nil {
			w.used[label(reference.Value)] = true
		}
		return ast.WalkContinue, nil
	})
}

func label(raw []byte) string { return strings.ToLower(strings.Join(strings.Fields(string(raw)), " ")) }
