package content

import (
	"cmp"
	"encoding/json"
	"regexp"
	"strings"

	"go.mau.fi/whatsmeow/proto/waAICommonDeprecated"
	"go.mau.fi/whatsmeow/proto/waE2E"
)

// Answer is what an AI has answered.
type Answer struct {
	Parts []AnswerPart
	// More says that there are more parts than are taken over.
	More bool
}

// AnswerPart is a paragraph of an answer, a piece of a program, or a table.
type AnswerPart struct {
	Kind AnswerKind
	Text string     // of a paragraph in Markdown, else as it is
	Rows [][]string // of a table
	// Headed says that the first row is the head of the table.
	Headed bool
}

// AnswerKind is what a part of an answer is.
type AnswerKind string

// The kinds of parts.
const (
	AnswerText  AnswerKind = "text"
	AnswerCode  AnswerKind = "code"
	AnswerTable AnswerKind = "table"
	AnswerImage AnswerKind = "image" // the text is its address, where there is one
)

func (Answer) isContent() {}

// answer decodes what an AI has answered, which most apps send twice: as parts, and as
// JSON in which newer apps say more. What says more counts.
func answer(x *waE2E.AIRichResponseMessage) (Content, *waE2E.ContextInfo) {
	parts, unified := answerParts{}, answerParts{}
	for _, part := range x.GetSubmessages() {
		parts.addSubmessage(part)
	}
	unified.addUnified(x.GetUnifiedResponse().GetData())
	if unified.size > parts.size {
		parts = unified
	}
	return Answer{Parts: parts.all, More: parts.more}, x.GetContextInfo()
}

// mostParts is how many parts of an answer, and how many rows of a table, are taken over.
const mostParts = 200

// answerParts collects the parts of an answer.
type answerParts struct {
	all  []AnswerPart
	size int // how much they say, in bytes
	more bool
}

func (a *answerParts) add(part AnswerPart) {
	part.Text = clean(part.Text)
	size := len(strings.TrimSpace(part.Text))
	switch part.Kind {
	case AnswerTable:
		part.Rows, size = a.rows(part.Rows)
	case AnswerImage:
		size++ // also one without an address is there
	}
	switch {
	case size == 0:
	case len(a.all) == mostParts:
		a.more = true
	default:
		a.all = append(a.all, part)
		a.size += size
	}
}

// rows takes over rows that say something.
func (a *answerParts) rows(rows [][]string) (taken [][]string, size int) {
	for _, row := range rows {
		length := 0
		cells := make([]string, 0, min(len(row), mostOptions))
		for _, cell := range row[:min(len(row), mostOptions)] {
			cells = append(cells, clean(cell))
			length += len(cells[len(cells)-1])
		}
		switch {
		case length == 0:
		case len(taken) == mostParts:
			a.more = true
		default:
			taken = append(taken, cells)
			size += length
		}
	}
	return taken, size
}

func (a *answerParts) text(text string) { a.add(AnswerPart{Kind: AnswerText, Text: text}) }

func (a *answerParts) image(address string) {
	a.add(AnswerPart{Kind: AnswerImage, Text: address})
}

// addSubmessage adds a part as the protocol has it.
func (a *answerParts) addSubmessage(x *waAICommonDeprecated.AIRichResponseSubMessage) {
	a.text(x.GetMessageText())
	if code := x.GetCodeMetadata(); code != nil {
		var all strings.Builder
		for _, block := range code.GetCodeBlocks() {
			all.WriteString(block.GetCodeContent())
		}
		a.add(AnswerPart{Kind: AnswerCode, Text: all.String()})
	}
	if table := x.GetTableMetadata(); table != nil {
		a.text(table.GetTitle())
		part := AnswerPart{Kind: AnswerTable}
		for i, row := range table.GetRows() {
			part.Rows = append(part.Rows, row.GetItems())
			part.Headed = part.Headed || i == 0 && row.GetIsHeading()
		}
		a.add(part)
	}
	if latex := x.GetLatexMetadata(); latex != nil {
		a.text(latex.GetText())
		for _, expression := range latex.GetExpressions() {
			a.add(AnswerPart{Kind: AnswerCode, Text: expression.GetLatexExpression()})
		}
	}
	if image := x.GetImageMetadata(); image != nil {
		a.text(image.GetImageText())
		a.image(imageAddress(image.GetImageURL()))
	}
	for _, image := range x.GetGridImageMetadata().GetImageURLs() {
		a.image(imageAddress(image))
	}
	if moving := x.GetDynamicMetadata(); moving != nil {
		a.image(moving.GetURL())
	}
	for _, place := range x.GetMapMetadata().GetAnnotations() {
		a.text(strings.TrimSpace(place.GetTitle() + "\n" + place.GetBody()))
	}
	for _, item := range x.GetContentItemsMetadata().GetItemsMetadata() {
		a.text(strings.TrimSpace(item.GetReelItem().GetTitle() + "\n" + item.GetReelItem().GetVideoURL()))
	}
}

func imageAddress(x *waAICommonDeprecated.AIRichResponseImageURL) string {
	for _, address := range []string{x.GetSourceURL(), x.GetImageHighResURL(), x.GetImagePreviewURL()} {
		if address != "" {
			return address
		}
	}
	return ""
}

// unifiedNode is any object of the JSON form of an answer. The library's own types for it
// call themselves without end where a text has a link in it.
type unifiedNode struct {
	Type string `json:"__typename"`

	Sections       []*unifiedNode `json:"sections"`
	FooterSections []*unifiedNode `json:"footer_sections"`
	ViewModel      *unifiedNode   `json:"view_model"`
	Primitive      *unifiedNode   `json:"primitive"`
	Primitives     []*unifiedNode `json:"primitives"`

	Text           string          `json:"text"`
	InlineEntities []unifiedEntity `json:"inline_entities"`
	Title          string          `json:"title"`
	Subtitle       string          `json:"subtitle"`
	CodeBlocks     []struct {
		Content string `json:"content"`
	} `json:"code_blocks"`
	Rows []struct {
		Cells         []string `json:"cells"`
		MarkdownCells []struct {
			Text string `json:"text"`
		} `json:"markdown_cells"`
		IsHeader bool `json:"is_header"`
	} `json:"rows"`
	LatexExpression string       `json:"latex_expression"`
	Item            *unifiedNode `json:"item"`

	FullImage    *unifiedNode `json:"full_image"`
	PreviewImage *unifiedNode `json:"preview_image"`
	Media        *unifiedNode `json:"media"`
	URL          string       `json:"url"`
	URLFallback  string       `json:"url_fallback"`

	ReelsTitle  string `json:"reels_title"`
	ReelsURL    string `json:"reels_url"`
	PostCaption string `json:"post_caption"`
	PostURL     string `json:"post_url"`
}

// unifiedEntity is what stands in a text by its key.
type unifiedEntity struct {
	Key      string `json:"key"`
	Metadata struct {
		URL             string `json:"url"`
		DeepLinkURL     string `json:"deeplink_url"`
		LatexExpression string `json:"latex_expression"`
	} `json:"metadata"`
}

// addUnified adds what the JSON form says. A field of another type than expected is left
// out, and the others count.
func (a *answerParts) addUnified(data []byte) {
	var root unifiedNode
	_ = json.Unmarshal(data, &root)
	for _, sections := range [][]*unifiedNode{root.Sections, root.FooterSections} {
		for _, section := range sections {
			a.addNode(section, 0)
		}
	}
}

func (a *answerParts) addNode(x *unifiedNode, depth int) {
	const deepest = 8
	if x == nil || depth > deepest {
		return
	}
	a.addNode(x.ViewModel, depth+1)
	a.addNode(x.Primitive, depth+1)
	for _, primitive := range x.Primitives {
		a.addNode(primitive, depth+1)
	}
	if strings.HasSuffix(x.Type, "ThinkingStatusPrimitive") || strings.HasSuffix(x.Type, "ProgressStatusPrimitive") {
		return // what it did meanwhile
	}
	a.text(resolved(x.Text, x.InlineEntities))
	for _, text := range []string{titled(x.Title, x.Subtitle), titled(x.ReelsTitle, x.ReelsURL), titled(x.PostCaption, x.PostURL)} {
		a.text(text)
	}
	var code strings.Builder
	for _, block := range x.CodeBlocks {
		code.WriteString(block.Content)
	}
	a.add(AnswerPart{Kind: AnswerCode, Text: code.String()})
	a.add(AnswerPart{Kind: AnswerCode, Text: x.latex()})
	table := AnswerPart{Kind: AnswerTable}
	for i, row := range x.Rows {
		cells := row.Cells
		if len(cells) == 0 {
			for _, cell := range row.MarkdownCells {
				cells = append(cells, resolved(cell.Text, nil))
			}
		}
		table.Rows = append(table.Rows, cells)
		table.Headed = table.Headed || i == 0 && row.IsHeader
	}
	a.add(table)
	switch {
	case x.FullImage != nil:
		a.image(cmp.Or(x.FullImage.URL, x.FullImage.URLFallback))
	case x.PreviewImage != nil:
		a.image(cmp.Or(x.PreviewImage.URL, x.PreviewImage.URLFallback))
	case x.Media != nil:
		a.image(cmp.Or(x.Media.URL, x.Media.URLFallback))
	}
}

func (x *unifiedNode) latex() string {
	if x.Item != nil && x.Item.LatexExpression != "" {
		return x.Item.LatexExpression
	}
	return x.LatexExpression
}

func titled(first, second string) string { return strings.TrimSpace(first + "\n" + second) }

// placed is a text within another that stands for a link or a formula.
var placed = regexp.MustCompile(`\{\{([^\s{}]+)\}\}([\s\S]*?)\{\{/[^\s{}]+\}\}`)

// resolved is a text in which {{key}}label{{/key}} stands for a link or a formula: the
// label, and behind it what it stands for.
func resolved(text string, entities []unifiedEntity) string {
	meant := map[string]string{}
	for _, e := range entities {
		meant[e.Key] = cmp.Or(e.Metadata.LatexExpression, e.Metadata.URL)
	}
	var out strings.Builder
	end := 0
	for _, at := range placed.FindAllStringSubmatchIndex(text, -1) {
		label, value := text[at[4]:at[5]], meant[text[at[2]:at[3]]]
		out.WriteString(text[end:at[0]])
		switch {
		case value == "" || value == label:
			out.WriteString(label)
		case label == "":
			out.WriteString(value)
		default:
			out.WriteString(label + " (" + value + ")")
		}
		end = at[1]
	}
	return out.String() + text[end:]
}
