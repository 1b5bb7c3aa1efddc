package content

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waAICommon"
	"go.mau.fi/whatsmeow/proto/waAICommonDeprecated"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

func unified(t testing.TB, data string) []AnswerPart {
	t.Helper()
	decoded, _ := answer(&waE2E.AIRichResponseMessage{UnifiedResponse: &waAICommon.AIRichResponseUnifiedResponse{Data: []byte(data)}})
	return decoded.(Answer).Parts
}

func primitive(object string) string {
	return `{"sections":[{"view_model":{"primitive":` + object + `,"__typename":"GenAISingleLayoutViewModel"}}]}`
}

// The JSON form of an answer, in which each object names its type.
func TestTheJSONOfAnAnswerIsRead(t *testing.T) {
	t.Parallel()
	for data, want := range map[string][]AnswerPart{
		primitive(`{"text":"a","__typename":"GenAIMarkdownTextUXPrimitive"}`):                         {{Kind: AnswerText, Text: "a"}},
		`{"sections":[{"primitive":{"text":"a"}}],"footer_sections":[{"primitive":{"text":"b"}}]}`:    {{Kind: AnswerText, Text: "a"}, {Kind: AnswerText, Text: "b"}},
		`{"sections":[{"view_model":{"primitives":[{"text":"a"},null,{"text":"b"}]}},null]}`:          {{Kind: AnswerText, Text: "a"}, {Kind: AnswerText, Text: "b"}},
		primitive(`{"language":"go","code_blocks":[{"content":"a"},{"content":"\nb","type":"STR"}]}`): {{Kind: AnswerCode, Text: "a\nb"}},
		primitive(`{"rows":[{"cells":["a","b"],"is_header":true},{"markdown_cells":[{"text":"c"},{"text":"d"}]},{"cells":[]}]}`): {
			{Kind: AnswerTable, Headed: true, Rows: [][]string{{"a", "b"}, {"c", "d"}}},
		},
		primitive(`{"item":{"latex_expression":"x^2"}}`):                                 {{Kind: AnswerCode, Text: "x^2"}},
		primitive(`{"title":"t","subtitle":"s"}`):                                        {{Kind: AnswerText, Text: "t\ns"}},
		primitive(`{"full_image":{"url":"https://a"}}`):                                  {{Kind: AnswerImage, Text: "https://a"}},
		primitive(`{"preview_image":{"url_fallback":"https://b"}}`):                      {{Kind: AnswerImage, Text: "https://b"}},
		primitive(`{"media":{}}`):                                                        {{Kind: AnswerImage}},
		primitive(`{"title":"Thinking","__typename":"GenAIBotThinkingStatusPrimitive"}`): nil,
		primitive(`{"text":5,"title":"t"}`):                                              {{Kind: AnswerText, Text: "t"}},
		primitive(`{"text":"a {{k}}b{{/k}}, {{l}}c{{/l}} {{ d }}","inline_entities":[{"key":"k","metadata":{"__typename":"GenAIInlineLinkItem","url":"https://b"}}]}`): {
			{Kind: AnswerText, Text: "a b (https://b), c {{ d }}"},
		},
		primitive(`{"text":"{{k}}{{/k}}","inline_entities":[{"key":"k","metadata":{"latex_expression":"x"}}]}`): {{Kind: AnswerText, Text: "x"}},
		"": nil, "{": nil, "null": nil, "[]": nil, `{"sections":5}`: nil, `{"sections":[[[]]]}`: nil,
	} {
		require.Equal(t, want, unified(t, data), data)
	}
}

// The parts of the protocol, each with what it may have.
func TestThePartsOfAnAnswerAreRead(t *testing.T) {
	t.Parallel()
	image := &waAICommonDeprecated.AIRichResponseImageURL{ImagePreviewURL: proto.String("https://p")}
	all := []*waAICommonDeprecated.AIRichResponseSubMessage{
		nil, {},
		{MessageText: proto.String("text")},
		{CodeMetadata: &waAICommonDeprecated.AIRichResponseCodeMetadata{CodeBlocks: []*waAICommonDeprecated.AIRichResponseCodeMetadata_AIRichResponseCodeBlock{
			{CodeContent: proto.String("a ")}, {CodeContent: proto.String("= 1")},
		}}},
		{TableMetadata: &waAICommonDeprecated.AIRichResponseTableMetadata{Title: proto.String("prices"), Rows: []*waAICommonDeprecated.AIRichResponseTableMetadata_AIRichResponseTableRow{
			{Items: []string{"Pão", "R$"}, IsHeading: proto.Bool(true)}, {Items: []string{"Doce", "2"}}, {},
		}}},
		{LatexMetadata: &waAICommonDeprecated.AIRichResponseLatexMetadata{Text: proto.String("formula"), Expressions: []*waAICommonDeprecated.AIRichResponseLatexMetadata_AIRichResponseLatexExpression{{LatexExpression: proto.String("x^2")}}}},
		{ImageMetadata: &waAICommonDeprecated.AIRichResponseInlineImageMetadata{ImageURL: image, ImageText: proto.String("a cake")}},
		{GridImageMetadata: &waAICommonDeprecated.AIRichResponseGridImageMetadata{ImageURLs: []*waAICommonDeprecated.AIRichResponseImageURL{image}}},
		{DynamicMetadata: &waAICommonDeprecated.AIRichResponseDynamicMetadata{URL: proto.String("https://d")}},
		{MapMetadata: &waAICommonDeprecated.AIRichResponseMapMetadata{Annotations: []*waAICommonDeprecated.AIRichResponseMapMetadata_AIRichResponseMapAnnotation{{Title: proto.String("Bakery"), Body: proto.String("Open")}}}},
	}
	decoded, _ := answer(&waE2E.AIRichResponseMessage{Submessages: all})
	require.Equal(t, Answer{Parts: []AnswerPart{
		{Kind: AnswerText, Text: "text"}, {Kind: AnswerCode, Text: "a = 1"},
		{Kind: AnswerText, Text: "prices"}, {Kind: AnswerTable, Headed: true, Rows: [][]string{{"Pão", "R$"}, {"Doce", "2"}}},
		{Kind: AnswerText, Text: "formula"}, {Kind: AnswerCode, Text: "x^2"},
		{Kind: AnswerText, Text: "a cake"}, {Kind: AnswerImage, Text: "https://p"}, {Kind: AnswerImage, Text: "https://p"}, {Kind: AnswerImage, Text: "https://d"},
		{Kind: AnswerText, Text: "Bakery\nOpen"},
	}}, decoded)
}

// Of the two forms in which the same is said, the one counts that says more.
func TestAnAnswerIsSaidOnce(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		primitive(`{"text":"said"}`): "said", primitive(`{"text":"said more"}`): "said more", primitive(`{"text":"sai"}`): "said", "": "said",
	} {
		decoded, _ := answer(&waE2E.AIRichResponseMessage{
			Submessages:     []*waAICommonDeprecated.AIRichResponseSubMessage{{MessageText: proto.String("said")}},
			UnifiedResponse: &waAICommon.AIRichResponseUnifiedResponse{Data: []byte(data)},
		})
		require.Equal(t, Answer{Parts: []AnswerPart{{Kind: AnswerText, Text: want}}}, decoded)
	}
}

// A hostile answer is neither endless nor deep.
func TestAHostileAnswerIsBounded(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"view_model":`, 5000) + `{"text":"x"}` + strings.Repeat("}", 5000)
	require.Empty(t, unified(t, `{"sections":[`+deep+`]}`))
	many := strings.Repeat(`{"primitive":{"text":"x"}},`, 10_000)
	require.Len(t, unified(t, `{"sections":[`+many+`null]}`), mostParts)
	decoded, _ := answer(&waE2E.AIRichResponseMessage{UnifiedResponse: &waAICommon.AIRichResponseUnifiedResponse{Data: []byte(`{"sections":[` + many + `null]}`)}})
	require.True(t, decoded.(Answer).More)
	rows := strings.Repeat(`{"cells":["x"]},`, 10_000)
	require.Len(t, unified(t, primitive(`{"rows":[`+rows+`{}]}`))[0].Rows, mostParts)
}

func FuzzUnifiedAnswer(f *testing.F) {
	f.Add(primitive(`{"text":"a {{k}}b{{/k}}","inline_entities":[{"key":"k","metadata":{"__typename":"GenAIInlineLinkItem","url":"https://b"}}]}`))
	f.Add(primitive(`{"rows":[{"cells":["a","b"],"is_header":true}]}`))
	f.Add(`{"sections":[[]],"footer_sections":[{"primitives":[{}]}]}`)
	f.Fuzz(func(t *testing.T, data string) {
		for _, part := range unified(t, data) {
			require.NotContains(t, part.Text, "\x00")
		}
	})
}
