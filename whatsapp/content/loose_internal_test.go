package content

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// What a program wrote is read as far as it is whole.
func TestBrokenJSONIsReadAsFarAsItIsWhole(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{"a":"x"}`: "x", `{"a":"x"`: "x", `{"a":"x",`: "x", `{"a":"x",]`: "x", `{"b":[1,{"c":2}],"a":"x"}{{`: "x", `{"a":"x","a":"y"}`: "x",
		`{"a":"x\u0000y"}`: "xy", `{"a":12}`: "12", `{"a":true}`: "true", `{"a":null}`: "", `{"a":{"b":1}}`: "", `["a"]`: "", `"a"`: "", ``: "", `{`: "",
		"{\x00\x00": "", strings.Repeat("[", 100_000): "", `{"a":` + strings.Repeat("[", 100): "", strings.Repeat(`{"a":`, 100): "",
		`{"b":[` + strings.Repeat("1,", 10_000) + `1],"a":"x"}`: "", // too much
		`{"a":"` + strings.Repeat("x", 300<<10) + `"}`:          "",
	} {
		require.Equal(t, want, readJSON(raw).at("a").text, "%.40s", raw)
	}
	for text, want := range map[string]int64{"12": 12, " 12 ": 12, "1.5e2": 150, "12.6": 13, "-3": -3} {
		got, ok := loose{text: text}.number()
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "x", "1e400", "NaN", "Inf", "99999999999999999999999"} {
		_, ok := loose{text: text}.number()
		require.False(t, ok, text)
	}
}

func flowMenu(name, parameters string) Menu {
	return interactiveMenu(&waE2E.InteractiveMessage{
		InteractiveMessage: &waE2E.InteractiveMessage_NativeFlowMessage_{NativeFlowMessage: &waE2E.InteractiveMessage_NativeFlowMessage{
			Buttons: []*waE2E.InteractiveMessage_NativeFlowMessage_NativeFlowButton{{Name: &name, ButtonParamsJSON: &parameters}},
		}},
	})
}

func TestWhatIsToBePaidIsReadHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	const key = `"payment_settings":[{"type":"pix_static_code","pix_static_code":{"merchant_name":"Loja","key":"k@x.example","key_type":"EMAIL"}}]`
	for what, test := range map[string]struct {
		name, parameters string
		want             Charge
	}{
		"nothing but a key":                  {"payment_info", `{` + key + `}`, Charge{Pix: []Pix{{Key: "k@x.example", KeyType: "EMAIL", Payee: "Loja"}}}},
		"an amount of zero is none":          {"payment_info", `{"total_amount":{"value":0,"offset":100},` + key + `}`, Charge{Pix: []Pix{{Key: "k@x.example", KeyType: "EMAIL", Payee: "Loja"}}}},
		"a nameless item without a price":    {"payment_info", `{"order":{"items":[{"name":"","amount":{"value":0,"offset":100},"quantity":0}]},` + key + `}`, Charge{Pix: []Pix{{Key: "k@x.example", KeyType: "EMAIL", Payee: "Loja"}}}},
		"numbers as texts":                   {"review_and_pay", `{"currency":"BRL","total_amount":{"value":"1200","offset":"100"}}`, Charge{Currency: "BRL", Total: &Amount{1200, 100}}},
		"no offset":                          {"review_and_pay", `{"total_amount":{"value":1200}}`, Charge{Total: &Amount{1200, 100}}},
		"an offset of nothing":               {"review_and_pay", `{"total_amount":{"value":12,"offset":0}}`, Charge{Total: &Amount{12, 1}}},
		"an offset below nothing":            {"review_and_pay", `{"total_amount":{"value":12,"offset":-100}}`, Charge{Total: &Amount{12, 1}}},
		"the price that is asked":            {"review_and_pay", `{"order":{"items":[{"name":"A","quantity":2,"amount":{"value":9,"offset":1},"sale_amount":{"value":8,"offset":1}}]}}`, Charge{Items: []ChargeItem{{"A", 2, &Amount{8, 1}}}}},
		"the state of an order":              {"review_order", `{"reference_id":"7","order":{"status":"shipped","description":"A caminho"}}`, Charge{Reference: "7", Status: "shipped", Notes: []string{"A caminho"}}},
		"the state of a payment":             {"payment_status", `{"reference_id":"7","payment_status":"captured","payment_method":"pix"}`, Charge{Reference: "7", Payment: "captured", Method: "pix"}},
		"a page and a slip":                  {"review_and_pay", `{"payment_settings":[{"payment_link":{"uri":"https://a.example"}},{"boleto":{"digitable_line":"0339"}},{"cards":{"enabled":false}}]}`, Charge{Links: []string{"https://a.example"}, Codes: []string{"0339"}}},
		"broken at its end":                  {"payment_info", `{"reference_id":"7",` + key + `,"order":{"items":[{"na`, Charge{Reference: "7", Pix: []Pix{{Key: "k@x.example", KeyType: "EMAIL", Payee: "Loja"}}}},
		"other types than they should be of": {"payment_info", `{"reference_id":["7"],"currency":{},"total_amount":"12","order":[1],` + key + `}`, Charge{Pix: []Pix{{Key: "k@x.example", KeyType: "EMAIL", Payee: "Loja"}}}},
	} {
		got := flowMenu(test.name, test.parameters)
		require.NotNil(t, got.Charge, what)
		test.want.PixFirst = !strings.HasPrefix(test.name, "review")
		require.Equal(t, test.want, *got.Charge, what)
	}
	require.Nil(t, flowMenu("payment_info", "{}").Charge)
	require.Nil(t, flowMenu("payment_info", "[[[").Charge)

	items := strings.Repeat(`{"name":"A"},`, mostItems)
	many := flowMenu("review_and_pay", `{"order":{"items":[`+items+`{"name":"B"}]}}`).Charge
	require.Len(t, many.Items, mostItems)
	require.True(t, many.MoreItems)
}

func TestThereIsNoEndOfCardsButOfThoseTakenOver(t *testing.T) {
	t.Parallel()
	carousel := &waE2E.InteractiveMessage_CarouselMessage{}
	for i := range 1000 {
		carousel.Cards = append(carousel.Cards, &waE2E.InteractiveMessage{Body: &waE2E.InteractiveMessage_Body{Text: proto.String(fmt.Sprint(i))}})
	}
	m := interactiveMenu(&waE2E.InteractiveMessage{InteractiveMessage: &waE2E.InteractiveMessage_CarouselMessage_{CarouselMessage: carousel}})
	require.Len(t, m.Cards, mostShownCards)
	require.True(t, m.More)
	require.LessOrEqual(t, len(m.parts()), MostParts)
}

// Templates in templates, and each row of each again: it takes what its bytes take.
func TestTemplatesInTemplatesHaveAnEnd(t *testing.T) {
	t.Parallel()
	inner := &waE2E.TemplateMessage{HydratedTemplate: &waE2E.TemplateMessage_HydratedFourRowTemplate{HydratedContentText: proto.String("deep")}}
	for level := range 100 {
		if level == mostNested-1 {
			got, _ := template(inner)
			require.Equal(t, "deep", got.(Menu).Body)
		}
		inner = &waE2E.TemplateMessage{Format: &waE2E.TemplateMessage_FourRowTemplate_{FourRowTemplate: &waE2E.TemplateMessage_FourRowTemplate{
			Content: &waE2E.HighlyStructuredMessage{HydratedHsm: inner},
		}}}
	}
	got, _ := template(inner)
	require.Equal(t, Unsupported{Name: "templateMessage"}, got)
}

func TestTheTextOfATemplateIsNotDoubled(t *testing.T) {
	t.Parallel()
	four := &waE2E.TemplateMessage_HydratedFourRowTemplate{
		Title:               &waE2E.TemplateMessage_HydratedFourRowTemplate_HydratedTitleText{HydratedTitleText: "Title"},
		HydratedContentText: proto.String("Text"), HydratedFooterText: proto.String("Footer"),
		HydratedButtons: []*waE2E.HydratedTemplateButton{{HydratedButton: &waE2E.HydratedTemplateButton_QuickReplyButton{
			QuickReplyButton: &waE2E.HydratedTemplateButton_HydratedQuickReplyButton{DisplayText: proto.String("Yes")},
		}}},
	}
	bare := &waE2E.TemplateMessage_HydratedFourRowTemplate{HydratedContentText: proto.String("Text")}
	want := Menu{Header: "Title", Body: "Text", Footer: "Footer", Sections: []Section{{Rows: []Row{{Title: "Yes"}}}}}
	for what, x := range map[string]*waE2E.TemplateMessage{
		"both":            {HydratedTemplate: four, Format: &waE2E.TemplateMessage_HydratedFourRowTemplate_{HydratedFourRowTemplate: four}},
		"the one is bare": {HydratedTemplate: four, Format: &waE2E.TemplateMessage_HydratedFourRowTemplate_{HydratedFourRowTemplate: bare}},
		"the other is":    {HydratedTemplate: bare, Format: &waE2E.TemplateMessage_HydratedFourRowTemplate_{HydratedFourRowTemplate: four}},
		"interactive": {HydratedTemplate: four, Format: &waE2E.TemplateMessage_InteractiveMessageTemplate{InteractiveMessageTemplate: &waE2E.InteractiveMessage{
			Body: &waE2E.InteractiveMessage_Body{Text: proto.String("Text")},
		}}},
	} {
		got, _ := template(x)
		require.Equal(t, want, got, what)
	}
}

func FuzzNativeFlow(f *testing.F) {
	for _, seed := range []string{
		`{"display_text":"a","url":"https://x"}`, `{"title":"T","sections":[{"title":"S","rows":[{"title":"R"}]}]}`,
		`{"total_amount":{"value":1e3,"offset":"100"},"payment_settings":[{"pix_static_code":{"key":"k"}}]}`, `{"limited_time_offer":{"text":"x"}}`, "[[[[",
	} {
		for _, name := range []string{"cta_url", "single_select", "payment_info", "review_order", ""} {
			f.Add(name, seed)
		}
	}
	f.Fuzz(func(t *testing.T, name, parameters string) {
		m := flowMenu(name, parameters)
		rows := 0
		for _, section := range m.Sections {
			rows += len(section.Rows)
		}
		require.LessOrEqual(t, rows, mostOptions)
		if m.Charge != nil {
			require.False(t, m.Charge.saysNothing())
			require.LessOrEqual(t, len(m.Charge.Items), mostItems)
		}
	})
}
