package markup

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// newParser makes a parser that reads what the dashboard does: neither HTML nor
// underlined headings, and ~~strike~~ with two tildes. Tables are left out, because
// WhatsApp has none. A parser keeps nothing between texts.
func newParser() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(parser.NewListParser(), 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(parser.NewBlockquoteParser(), 800),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(
			util.Prioritized(ended{parser.NewCodeSpanParser()}, 100),
			util.Prioritized(ended{parser.NewLinkParser()}, 200),
			util.Prioritized(ended{parser.NewAutoLinkParser()}, 300),
			util.Prioritized(parser.NewEmphasisParser(), 500),
			util.Prioritized(strikeParser{}, 500),
			util.Prioritized(addressParser{}, 999),
		),
		parser.WithParagraphTransformers(util.Prioritized(parser.LinkReferenceParagraphTransformer, 100)),
	)
}

// ended is a parser whose nodes know where they end in the text.
type ended struct{ parser.InlineParser }

const endAttribute = "end"

// Parse implements parser.InlineParser.
func (p ended) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	n := p.InlineParser.Parse(parent, block, pc)
	if n != nil {
		_, at := block.Position()
		n.SetAttributeString(endAttribute, at.Start)
	}
	return n
}

// CloseBlock implements parser.CloseBlocker: brackets that were not closed are letters.
func (p ended) CloseBlock(parent ast.Node, block text.Reader, pc parser.Context) {
	if closer, ok := p.InlineParser.(parser.CloseBlocker); ok {
		closer.CloseBlock(parent, block, pc)
	}
}

// endOf is where a node of such a parser ends.
func endOf(n ast.Node) (int, bool) {
	end, ok := n.AttributeString(endAttribute)
	at, isInt := end.(int)
	return at, ok && isInt
}

// verbatim is a part of the text that stays as it is.
type verbatim struct {
	ast.BaseInline
	start, end int
}

var kindVerbatim = ast.NewNodeKind("Verbatim")

// Kind implements ast.Node.
func (*verbatim) Kind() ast.NodeKind { return kindVerbatim }

// Dump implements ast.Node.
func (n *verbatim) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// strike is a text between two tildes on each side.
type strike struct{ ast.BaseInline }

var kindStrike = ast.NewNodeKind("Strike")

// Kind implements ast.Node.
func (*strike) Kind() ast.NodeKind { return kindStrike }

// Dump implements ast.Node.
func (n *strike) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// strikeParser reads strikes. A single tilde is a letter, as in the dashboard.
type strikeParser struct{}

// Trigger implements parser.InlineParser.
func (strikeParser) Trigger() []byte { return []byte{'~'} }

// Parse implements parser.InlineParser.
func (p strikeParser) Parse(_ ast.Node, block text.Reader, pc parser.Context) ast.Node {
	before := block.PrecendingCharacter()
	line, segment := block.PeekLine()
	n := parser.ScanDelimiter(line, before, 2, p)
	if n == nil || n.OriginalLength != 2 || before == '~' {
		return nil
	}
	n.Segment = segment.WithStop(segment.Start + n.OriginalLength)
	block.Advance(n.OriginalLength)
	pc.PushDelimiter(n)
	return n
}

// IsDelimiter implements parser.DelimiterProcessor.
func (strikeParser) IsDelimiter(b byte) bool { return b == '~' }

// CanOpenCloser implements parser.DelimiterProcessor.
func (strikeParser) CanOpenCloser(opener, closer *parser.Delimiter) bool {
	return opener.Char == closer.Char
}

// OnMatch implements parser.DelimiterProcessor.
func (strikeParser) OnMatch(int) ast.Node { return &strike{} }

// addressParser reads addresses as they are: what would be formatting elsewhere is
// a part of them.
type addressParser struct{}

// Trigger implements parser.InlineParser. A space stands for the beginning of a line,
// and for what comes directly after another node.
func (addressParser) Trigger() []byte { return []byte(` !"#$%&'(),-./:;<=>?[\]^{|}*_~`) }

// Parse implements parser.InlineParser.
func (addressParser) Parse(parent ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, segment := block.PeekLine()
	skip := 0
	switch before := block.PrecendingCharacter(); {
	case line[0] == '\\':
		if !unicode.IsSpace(before) {
			return nil
		}
	case line[0] == ' ', line[0] == '\t', util.IsPunct(line[0]):
		skip = 1
	case isLetterOrDigit(before):
		return nil
	}
	length := rawLength(line[skip:])
	if length == 0 {
		return nil
	}
	start := segment.Start + skip
	if skip > 0 {
		ast.MergeOrAppendTextSegment(parent, segment.WithStop(start))
	}
	block.Advance(skip + length)
	return &verbatim{start: start, end: start + length}
}

// rawLength is how much of the beginning of a text stays as it is: an address, or
// the path of a share.
func rawLength(line []byte) int {
	for _, scheme := range schemes {
		if n := len(scheme) + len("://"); len(line) > n && bytes.EqualFold(line[:len(scheme)], []byte(scheme)) && bytes.HasPrefix(line[len(scheme):], []byte("://")) {
			if end := rawEnd(line); end > n {
				return end
			}
		}
	}
	if len(line) > 4 && bytes.EqualFold(line[:4], []byte("www.")) {
		return rawEnd(line)
	}
	if isShare.Match(line) {
		return rawEnd(line)
	}
	return 0
}

// isShare matches the path of a folder on a server, in which no backslash is markup.
var isShare = regexp.MustCompile(`^\\\\[A-Za-z0-9._-]+\\[A-Za-z0-9$_]`)

// rawEnd is where an address ends, without the punctuation of the sentence around it.
func rawEnd(line []byte) int {
	var open []byte
	end := 0
scan:
	for end < len(line) {
		r, size := utf8.DecodeRune(line[end:])
		switch {
		case endsAddress(r), r == '"', r == '`':
			break scan
		case r == '(', r == '[', r == '{':
			open = append(open, byte(r))
		case r == ')', r == ']', r == '}':
			if len(open) == 0 || closers[byte(r)] != string(open[len(open)-1:]) {
				break scan
			}
			open = open[:len(open)-1]
		}
		end += size
	}
	return len(strings.TrimRight(string(line[:end]), `.,;:!?'*_~\([{`))
}
