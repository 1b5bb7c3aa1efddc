package markup

import (
	"bytes"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
)

// blocks writes what stands in a block.
func (w *walker) blocks(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Heading:
			w.heading(n)
		case *ast.Paragraph, *ast.TextBlock:
			w.leaf(n)
		case *ast.FencedCodeBlock:
			if parent.Kind() == ast.KindDocument {
				w.monospace(n)
			}
		case *ast.LinkReferenceDefinition:
			w.definition(n)
		default:
			if n.Type() == ast.TypeBlock && !n.IsRaw() {
				w.blocks(n)
			}
		}
	}
}

// leaf writes a block that holds a text.
func (w *walker) leaf(n ast.Node) {
	lines := n.Lines()
	if lines.Len() == 0 {
		return
	}
	w.lines, w.line = lines, 0
	w.between(lines.At(0).Start)
	w.inlines(n)
	w.at = lines.At(lines.Len() - 1).Stop
}

// heading writes a heading in bold.
func (w *walker) heading(n *ast.Heading) {
	if n.Lines().Len() == 0 || w.isSign(n) {
		w.leaf(n)
		return
	}
	text := n.Lines().At(0)
	w.between(n.Pos())
	w.at = text.Start
	w.lines, w.line = n.Lines(), 0
	w.begin('*')
	w.inlines(n)
	w.end('*')
	if w.at = text.Stop; w.at < len(w.source) {
		if end := bytes.IndexByte(w.source[w.at:], '\n'); end >= 0 {
			w.at += end // what closes it is left out
		} else {
			w.at = len(w.source)
		}
	}
}

// isSign reports whether a # is rather a sign than a heading: the editor shows it as
// typed, nothing stands below it, and it does not begin as a title does.
func (w *walker) isSign(n *ast.Heading) bool {
	text := bytes.TrimSpace(w.source[n.Lines().At(0).Start:])
	first := runeAt(string(text), 0)
	return n.Level == 1 && !bytes.Contains(bytes.TrimSpace(w.source), []byte("\n")) && (unicode.IsLower(first) || unicode.IsDigit(first))
}

// monospace writes a block of code between the marks that WhatsApp knows.
func (w *walker) monospace(n *ast.FencedCodeBlock) {
	lines := n.Lines()
	if lines.Len() == 0 {
		return
	}
	first, last := lines.At(0), lines.At(lines.Len()-1)
	closing := w.source[min(last.Stop, len(w.source)):]
	end := bytes.IndexByte(closing, '\n')
	if end < 0 {
		end = len(closing)
	}
	mark := bytes.TrimSpace(closing[:end])
	if n.Pos() < w.at || len(mark) < len(fence) || strings.Trim(string(mark), "`~") != "" || bytes.Contains(w.source[first.Start:last.Stop], []byte(fence)) {
		return
	}
	w.between(n.Pos())
	w.write(fence + "\n")
	for i := range lines.Len() {
		line := lines.At(i)
		w.write(string(line.Value(w.source)))
	}
	w.write(fence)
	w.at = last.Stop + end
}

// definition leaves the definition of a link out that stands where the link is.
func (w *walker) definition(n *ast.LinkReferenceDefinition) {
	lines := n.Lines()
	if !w.used[label(n.Label)] || lines.Len() == 0 || lines.At(0).Start < w.at {
		return
	}
	w.between(lines.At(0).Start)
	w.at = lines.At(lines.Len() - 1).Stop
	if w.at < len(w.source) && w.source[w.at] == '\n' {
		w.at++
	}
}
