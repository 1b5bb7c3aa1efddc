package markup

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"
)

// inlines writes what stands in a text.
func (w *walker) inlines(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			w.letters(n)
		case *verbatim:
			w.show(string(w.source[n.start:n.end]))
		case *ast.CodeSpan:
			w.codeSpan(n)
		case *ast.Emphasis:
			w.emphasis(n)
		case *strike:
			w.formatted(n, '~')
		case *ast.Link:
			w.link(n)
		case *ast.Image:
			w.image(n)
		case *ast.AutoLink:
			w.showAddress(withoutScheme(string(n.Label(w.source))))
		default:
			w.inlines(n)
		}
	}
}

// letters writes a text without the marks of what it would not have been otherwise.
func (w *walker) letters(n *ast.Text) {
	w.show(unescaped(w.raw(n)))
	if n.SoftLineBreak() || n.HardLineBreak() {
		w.lineBreak(n.Segment.Stop)
	}
}

// raw is a text as it was typed.
func (w *walker) raw(n *ast.Text) []byte { return w.source[n.Segment.Start:n.Segment.Stop] }

// unescaped is a text as it is read: without the backslashes before punctuation, and
// with the characters that entities stand for.
func unescaped(raw []byte) string {
	var out strings.Builder
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '\\' && i+1 < len(raw) && isPunct(rune(raw[i+1])):
			i++
			out.WriteByte(raw[i])
		case c == '&':
			length := bytes.IndexByte(raw[i:min(len(raw), i+longestEntity+2)], ';')
			if s, ok := entity(string(raw[i+1 : i+max(length, 1)])); ok {
				out.WriteString(s)
				i += length
				continue
			}
			out.WriteByte(c)
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// entity is what stands between an ampersand and a semicolon, as a character.
func entity(name string) (string, bool) {
	if number, ok := strings.CutPrefix(name, "#"); ok {
		base := 10
		if hex := strings.TrimPrefix(strings.ToLower(number), "x"); hex != strings.ToLower(number) {
			number, base = hex, 16
		}
		code, err := strconv.ParseUint(number, base, 21)
		if err != nil || len(number) > 7 {
			return "", false
		}
		return string(rune(code)), code != 0
	}
	if found, ok := util.LookUpHTML5EntityByName(name); ok {
		return string(found.Characters), true
	}
	return "", false
}

// lineBreak ends the line at a place in the source. WhatsApp's formatting does not
// go beyond it, so it ends and begins again.
func (w *walker) lineBreak(at int) {
	for i := len(w.open) - 1 - w.unshown; i >= 0; i-- {
		w.write(string(w.open[i]))
	}
	w.unshown = len(w.open)
	for ; w.line < w.lines.Len(); w.line++ {
		if start := w.lines.At(w.line).Start; start > at {
			gap := w.source[at:start]
			w.write(string(gap[max(bytes.IndexByte(gap, '\n'), 0):]))
			return
		}
	}
}

// show writes something for people, within the marks that are open.
func (w *walker) show(s string) {
	if s == "" {
		return
	}
	if w.afterAddress && (isWord(runeAt(s, 0)) || strings.IndexByte("/?#&=%@_~+-", s[0]) >= 0) {
		w.write(" ")
	}
	for _, mark := range w.open[len(w.open)-w.unshown:] {
		w.write(string(mark))
	}
	w.unshown = 0
	w.write(s)
}

// showAddress shows an address; whatever comes next is no part of it.
func (w *walker) showAddress(s string) {
	w.show(s)
	w.afterAddress = true
}

// begin opens a mark, unless it is open already.
func (w *walker) begin(mark byte) bool {
	if strings.IndexByte(string(w.open), mark) >= 0 {
		return false
	}
	w.open = append(w.open, mark)
	w.unshown++
	return true
}

// end closes the mark that was opened last.
func (w *walker) end(mark byte) {
	w.open = w.open[:len(w.open)-1]
	if w.unshown > 0 {
		w.unshown--
		return
	}
	w.write(string(mark))
}

// formatted writes a span between marks.
func (w *walker) formatted(n ast.Node, mark byte) {
	opened := w.begin(mark)
	w.inlines(n)
	if opened {
		w.end(mark)
	}
}

// emphasis writes bold and italic.
func (w *walker) emphasis(n *ast.Emphasis) {
	delimiter := string(w.source[n.Pos()])
	if w.isLiteral(n, delimiter) {
		w.show(strings.Repeat(delimiter, n.Level))
		w.inlines(n)
		w.show(strings.Repeat(delimiter, n.Level))
		return
	}
	inner, both := n.FirstChild().(*ast.Emphasis)
	switch {
	case n.Level == 1 && both && n.ChildCount() == 1 && inner.Level == 2:
		bold := w.begin('*')
		italic := w.begin('_')
		w.inlines(inner)
		if italic {
			w.end('_')
		}
		if bold {
			w.end('*')
		}
	case n.Level == 2:
		w.formatted(n, '*')
	default:
		w.formatted(n, '_')
	}
}

// isLiteral reports whether what a parser takes for emphasis was not meant as such:
// 5*3*2, and names that programs are written with, such as __init__.
func (w *walker) isLiteral(n *ast.Emphasis, delimiter string) bool {
	before, after := w.last, runeAt(string(w.source[w.endOf(n):min(len(w.source), w.endOf(n)+utf8.UTFMax)]), 0)
	if delimiter == "*" {
		return n.Level == 1 && (isWord(before) || isWord(after))
	}
	text, alone := n.FirstChild().(*ast.Text)
	if alone && n.ChildCount() == 1 && n.Level == 2 && isSpecialName(string(w.raw(text))) {
		return true
	}
	return w.goesOn(n)
}

// goesOn reports whether a span is a part of a longer name, such as that of a file.
func (w *walker) goesOn(n *ast.Emphasis) bool {
	end := w.endOf(n)
	return end+1 < len(w.source) && strings.IndexByte("./-\\@", w.source[end]) >= 0 && isLetterOrDigit(rune(w.source[end+1])) ||
		strings.ContainsRune("./\\@", w.last)
}

// specialNames are names between two underscores on each side that people write to
// each other.
var specialNames = strings.Fields("init main name file all dict doc str repr call new del enter exit iter next len eq ne lt gt hash bool class module path version author slots getitem setitem getattr setattr proto dirname filename typename")

func isSpecialName(name string) bool {
	for _, special := range specialNames {
		if name == special {
			return true
		}
	}
	return false
}

// endOf is where a node ends in the source.
func (w *walker) endOf(n ast.Node) int {
	if end, ok := endOf(n); ok {
		return end
	}
	switch n := n.(type) {
	case *ast.Text:
		return n.Segment.Stop
	case *verbatim:
		return n.end
	case *ast.Emphasis:
		return w.endOf(n.LastChild()) + n.Level
	case *strike:
		return w.endOf(n.LastChild()) + len("~~")
	}
	return len(w.source)
}

// codeSpan writes code.
func (w *walker) codeSpan(n *ast.CodeSpan) {
	end, _ := endOf(n)
	written := string(w.source[n.Pos():end])
	ticks := len(written) - len(strings.TrimLeft(written, "`"))
	var code strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if text, ok := c.(*ast.Text); ok {
			code.Write(w.raw(text))
		}
	}
	if ticks >= len(fence) || strings.Contains(code.String(), "`") || strings.TrimSpace(code.String()) == "" {
		w.show(written)
		return
	}
	w.show("`" + strings.ReplaceAll(code.String(), "\n", " ") + "`")
}

// link writes a link as its text and its address.
func (w *walker) link(n *ast.Link) {
	to, kind := destination(n.Destination)
	if kind == noAddress {
		w.literal(n)
		return
	}
	text := w.textOf(n)
	if kind == mention || strings.TrimSpace(text) == "" || isSame(text, to) {
		if kind == mention {
			w.show(text)
		} else {
			w.showAddress(to)
		}
		return
	}
	w.inlines(n)
	if !strings.HasSuffix(text, ":") {
		w.show(":")
	}
	w.showAddress(" " + to)
}

// image writes the address of a picture, or in a link what it shows.
func (w *walker) image(n *ast.Image) {
	to, kind := destination(n.Destination)
	if _, linked := n.Parent().(*ast.Link); linked {
		w.show(w.textOf(n))
		return
	}
	if kind != address {
		w.literal(n)
		return
	}
	if !unicode.IsSpace(w.last) && w.last != 0 {
		w.show(" ")
	}
	w.showAddress(to)
}

// literal writes a node as it was typed.
func (w *walker) literal(n ast.Node) {
	end, _ := endOf(n)
	w.show(string(w.source[n.Pos():end]))
}

// textOf is the text in a node.
func (w *walker) textOf(n ast.Node) string {
	var out strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // no step fails
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *verbatim:
			out.Write(w.source[n.start:n.end])
		case *ast.Text:
			if n.IsRaw() { // code
				out.Write(w.raw(n))
			} else {
				out.WriteString(unescaped(w.raw(n)))
			}
			if n.SoftLineBreak() || n.HardLineBreak() {
				out.WriteByte(' ')
			}
		}
		return ast.WalkContinue, nil
	})
	return out.String()
}
