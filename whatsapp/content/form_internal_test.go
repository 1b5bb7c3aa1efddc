package content

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
)

func filledIn(name, parameters, text string) Content {
	x := &waE2E.InteractiveResponseMessage{InteractiveResponseMessage: &waE2E.InteractiveResponseMessage_NativeFlowResponseMessage_{
		NativeFlowResponseMessage: &waE2E.InteractiveResponseMessage_NativeFlowResponseMessage{Name: &name, ParamsJSON: &parameters},
	}}
	if text != "" {
		x.Body = &waE2E.InteractiveResponseMessage_Body{Text: &text}
	}
	got, _ := interactiveAnswer(x)
	return got
}

func TestWhatSomebodyAnsweredIsToldByItsJSON(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for what, test := range map[string]struct {
		name, parameters, text string
		want                   Content
	}{
		"a row":                          {"menu_options", `{"id":"s","title":"Small","description":"34"}`, "Small\n34", Choice{"Small", "34"}},
		"a row with broken JSON":         {"menu_options", `{"id":"s"`, "Small\n34", Choice{"Small", "34"}},
		"a button of which the id is":    {"quick_reply", `{"id":"s"}`, "", Choice{Title: "s"}},
		"a text alone":                   {"", "", "Yes", Choice{Title: "Yes"}},
		"nothing":                        {"", "", "", Unsupported{Name: "interactiveResponseMessage"}},
		"nothing of a form":              {"flow", "{}", " ", Unsupported{Name: "interactiveResponseMessage"}},
		"broken JSON of a form":          {"flow", `{"flow_token":`, "Sent", Form{Text: "Sent", More: true}},
		"calls are allowed":              {"call_permission_reply", `{"response":"accept","is_permanent":true}`, "", Told{Kind: CallsAllowed}},
		"calls are allowed, with a text": {"call_permission_reply", `{"response":"accept"}`, "Permitido", Choice{Title: "Permitido"}},
		"calls are not allowed":          {"call_permission_reply", `{"response":"reject"}`, "", Told{Kind: CallsRefused}},
		"calls, and it is not told":      {"call_permission_reply", `{"response":"later","is_permanent":true}`, "", Form{Fields: []FormField{{Name: "response", Value: "later"}, {Name: "is_permanent", Tick: &yes}}}},
		"ticks":                          {"flow", `{"a":true,"b":false,"c":null,"d":"","e":"false"}`, "", Form{Fields: []FormField{{Name: "a", Tick: &yes}, {Name: "b", Tick: &no}, {Name: "e", Tick: &no}}}},
		"fields in fields":               {"galaxy_message", `{"a":{"b":{"c":"x"}},"values":{"d":"y"}}`, "", Form{Fields: []FormField{{Name: "a · b · c", Value: "x"}, {Name: "d", Value: "y"}}}},
		"lists":                          {"flow", `{"a":["x",1],"b":[{"c":"y"},{"c":"z"}],"d":[]}`, "", Form{Fields: []FormField{{Name: "a", Value: "x, 1"}, {Name: "b · c", Value: "y"}, {Name: "b · c", Value: "z"}}}},
		"a picture":                      {"flow", `{"photo":[{"id":1,"file_name":"a.jpg","sha256":"x"}]}`, "", Form{Fields: []FormField{{Name: "photo", Value: "a.jpg"}}}},
		"a date":                         {"flow", `{"birth_date":"1028995200000","phone":"5511999990002","amount":1028995200000}`, "", Form{Fields: []FormField{{Name: "birth_date", Date: time.UnixMilli(1028995200000).UTC()}, {Name: "phone", Value: "5511999990002"}, {Name: "amount", Value: "1028995200000"}}}},
		"options that a machine numbers": {"flow", `{"screen_1_CheckboxGroup_2":["0_Red_wine","1_Beer"],"x":"0_Red"}`, "", Form{Fields: []FormField{{Name: "screen_1_CheckboxGroup_2", Value: "Red wine, Beer"}, {Name: "x", Value: "0_Red"}}}},
		"by the token":                   {"whatever", `{"flow_token":"t","a":"b"}`, "Sent", Form{Text: "Sent", Fields: []FormField{{Name: "a", Value: "b"}}}},
		"how was paid":                   {"payment_method", `{"reference_id":"7","payment_method":"pix"}`, "", Menu{Charge: &Charge{PixFirst: true, Reference: "7", Method: "pix"}}},
	} {
		require.Equal(t, test.want, filledIn(test.name, test.parameters, test.text), what)
	}
	many := filledIn("flow", `{`+strings.Repeat(`"a":"x",`, 1000)+`"b":"y"}`, "").(Form)
	require.Len(t, many.Fields, mostFields)
	require.True(t, many.More)
}

func FuzzInteractiveAnswer(f *testing.F) {
	for _, seed := range []string{`{"a":[{"b":1},[2]],"c":{"file_name":"x"}}`, `{"flow_token":"t","date":"1028995200000"}`, `{"title":"x"}`, `[`, `{"a":`} {
		f.Add("flow", seed, "Sent")
		f.Add("menu_options", seed, "")
		f.Add("payment", seed, "x\ny")
	}
	f.Fuzz(func(t *testing.T, name, parameters, text string) {
		got := filledIn(name, parameters, text)
		require.NotNil(t, got)
		if form, ok := got.(Form); ok {
			require.LessOrEqual(t, len(form.Fields), mostFields)
		}
	})
}
