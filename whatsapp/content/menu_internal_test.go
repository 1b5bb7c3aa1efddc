package content

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// A choice of nothing is no choice.
func TestAnAnswerThatNamesNothingIsNotShownAsOne(t *testing.T) {
	t.Parallel()
	for _, x := range []*waE2E.Message{
		{ListResponseMessage: &waE2E.ListResponseMessage{}}, {ListResponseMessage: &waE2E.ListResponseMessage{Title: proto.String(" ")}},
		{ButtonsResponseMessage: &waE2E.ButtonsResponseMessage{}}, {TemplateButtonReplyMessage: &waE2E.TemplateButtonReplyMessage{}},
	} {
		c, _ := decodeContent(x, maxWrappers)
		require.IsType(t, Unsupported{}, c)
	}
	for _, x := range []*waE2E.Message{
		{ListResponseMessage: &waE2E.ListResponseMessage{Description: proto.String("x")}},
		{ButtonsResponseMessage: &waE2E.ButtonsResponseMessage{Response: &waE2E.ButtonsResponseMessage_SelectedDisplayText{SelectedDisplayText: "x"}}},
		{TemplateButtonReplyMessage: &waE2E.TemplateButtonReplyMessage{SelectedID: proto.String("x")}},
	} {
		c, _ := decodeContent(x, maxWrappers)
		require.IsType(t, Choice{}, c)
	}
}

func TestTheAddressThatCopiesACodeIsTheCode(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp123456": "123456",
		"https://WhatsApp.com/otp/code?code=otp12-34&otp_type=COPY_CODE":       "12-34",
		"https://www.whatsapp.com/otp/code/?code=12 34":                        "12 34",
		"https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE":                "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE",
		"https://www.whatsapp.com/x?code=otp1":                                 "https://www.whatsapp.com/x?code=otp1",
		"https://www.whatsapp.com.evil.example/otp/code/?code=otp1":            "https://www.whatsapp.com.evil.example/otp/code/?code=otp1",
		"%zz": "%zz", "": "",
	} {
		require.Equal(t, want, codeOf(address))
	}
}

// A list of products names them to phones only.
func TestAButtonForProductsIsOne(t *testing.T) {
	t.Parallel()
	m := Menu{}
	f := flows{menu: &m, left: mostOptions}
	f.button("mpm", `{"header":"x","sections":[{"title":"Cakes","product_items":[{"product_retailer_id":"1"}]}]}`, "")
	f.end()
	require.Equal(t, Menu{Sections: []Section{{Rows: []Row{{Flow: "mpm"}}}}}, m)
}

// What is not taken over of too many answers and rows does not go without a word.
func TestMoreThanCanBeChosenFromIsTold(t *testing.T) {
	t.Parallel()
	for n, more := range map[int]bool{mostOptions - 1: false, mostOptions: false, mostOptions + 1: true, 20_000: true} {
		options, rows, choices := make([]*waE2E.PollCreationMessage_Option, n), make([]*waE2E.ListMessage_Row, n), make([]*waE2E.ButtonsMessage_Button, n)
		asked, _ := poll(&waE2E.PollCreationMessage{Options: options})
		require.Len(t, asked.(Poll).Options, min(n, mostOptions))
		require.Equal(t, more, asked.(Poll).More, n)
		for _, sections := range [][]*waE2E.ListMessage_Section{{{Rows: rows}}, {{}, {Rows: rows[:n/2]}, {Rows: rows[n/2:]}, {}}} {
			listed, _ := list(&waE2E.ListMessage{Sections: sections})
			taken := 0
			for _, section := range listed.(Menu).Sections {
				taken += len(section.Rows)
			}
			require.Equal(t, min(n, mostOptions), taken)
			require.Equal(t, more, listed.(Menu).More, n)
		}
		pressed, _ := buttons(&waE2E.ButtonsMessage{Buttons: choices})
		require.Equal(t, more, pressed.(Menu).More, n)
	}
}
