package content_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

func TestK8_ANameThatShowsNothingIsNone(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"Ana": "Ana", " Ana\n  Lima ": "Ana Lima", "A\x00na": "Ana", "A\xffna": "Ana", "👩‍🚀": "👩‍🚀", "José": "José", "Jose\u0301": "Jose\u0301",
		"علی\u200cرضا": "علی\u200cرضا", "नीता": "नीता", "ㅤAna⠀": "Ana", "\u202eanA\u202c": "anA", "\ufeffAna": "Ana", ".": ".", "❤️": "❤️", "- -": "- -",
		"": "", "-": "", " - ": "", "\u200b-": "", " \t": "", "\u00a0": "", "\u3000": "", "\u200b\u200e\u2060": "", "ㅤ": "", "\uffa0\u115f\u1160": "", "⠀⠀": "", "\u0301": "", "\u0e34\u0e38": "",
		"\ufe0f": "", "\u034f": "", "\u202e\u2066": "", "\U000E0041": "", "\u180e": "", "\x01\x7f": "", "\xff\xfe": "", "\ufffd": "", "\u2028": "",
	} {
		require.Equal(t, want, content.PersonName(raw), "%q", raw)
	}
}

func TestK8_AFilesNameCommandsNoDisplay(t *testing.T) {
	t.Parallel()
	name := "a\n\u202efdp.exe"
	e, err := content.MessageEnvelope(types.MessageInfo{ID: "A"}, &waE2E.Message{DocumentMessage: &waE2E.DocumentMessage{FileName: &name}}, func(types.JID) types.JID { return types.JID{} })
	require.NoError(t, err)
	m, err := content.Decode(e.Payload)
	require.NoError(t, err)
	require.Equal(t, "afdp.exe", m.Content.(content.Media).File.Name)
}

func FuzzPersonName(f *testing.F) {
	f.Add("Ana\u3164")
	f.Fuzz(func(t *testing.T, raw string) {
		name := content.PersonName(raw)
		require.Equal(t, name, content.PersonName(name), "a name stays as it is")
	})
}

// Programs leave the file's name out and give a title.
func TestADocumentWithoutANameIsCalledByItsTitle(t *testing.T) {
	t.Parallel()
	e, err := content.MessageEnvelope(types.MessageInfo{ID: "A"}, &waE2E.Message{DocumentMessage: &waE2E.DocumentMessage{Title: proto.String("Contrato")}}, func(types.JID) types.JID { return types.JID{} })
	require.NoError(t, err)
	m, err := content.Decode(e.Payload)
	require.NoError(t, err)
	require.Equal(t, "Contrato", m.File().Name)
}
