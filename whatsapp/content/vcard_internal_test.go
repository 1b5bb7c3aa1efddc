package content

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// Cards are written by everything that ever had an address book.
func TestACardIsReadHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	const lines = "BEGIN:VCARD\nVERSION:3.0\n%s\nEND:VCARD"
	for what, test := range map[string]struct {
		lines        string
		name         string
		organisation string
		numbers      []string
	}{
		"the plainest":                  {"FN:Ana\nTEL:+5511999990002", "Ana", "", []string{"+5511999990002"}},
		"with WhatsApp's own number":    {"FN:Ana\nTEL;type=CELL;waid=5511999990002:(11) 99999-0002", "Ana", "", []string{"+5511999990002"}},
		"a group":                       {"FN:Ana\nitem1.TEL;waid=5511999990002:+55 11 99999-0002\nitem1.X-ABLabel:Celular", "Ana", "", []string{"+55 11 99999-0002"}},
		"a number twice":                {"FN:Ana\nTEL:+5511\nTEL;type=HOME:+5511", "Ana", "", []string{"+5511"}},
		"several":                       {"FN:Ana\nTEL:1\nTEL:2", "Ana", "", []string{"1", "2"}},
		"an address of version 4":       {"FN:Ana\nTEL;VALUE=uri;TYPE=\"voice,cell\":tel:+55-11-99999;ext=5", "Ana", "", []string{"+55-11-99999"}},
		"a colon between quotes":        {"FN:Ana\nTEL;X-LABEL=\"a:b;c\":+5511", "Ana", "", []string{"+5511"}},
		"a quote without an end":        {"FN:Ana\nTEL;X-LABEL=\"a:+5511", "Ana", "", []string{"+5511"}},
		"folded":                        {"FN:Ana Mar\n ia\nTEL:+55\n\t11", "Ana Maria", "", []string{"+5511"}},
		"quoted-printable":              {"FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:F=C3=A1=\nbio\nTEL;CELL;PREF:+5511", "Fábio", "", []string{"+5511"}},
		"quoted-printable, the oldest":  {"FN;QUOTED-PRINTABLE:F=E1bio", "Fábio", "", nil},
		"in Latin-1":                    {"FN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:F=E1bio", "Fábio", "", nil},
		"broken quoted-printable":       {"FN;ENCODING=QUOTED-PRINTABLE:Ana=ZZ\nTEL:1", "Ana=ZZ", "", []string{"1"}},
		"in base64":                     {"FN;ENCODING=b:QW5h", "Ana", "", nil},
		"broken base64":                 {"FN;ENCODING=b:!!!\nN:Silva;Ana;;;", "Ana Silva", "", nil},
		"lower case":                    {"fn:Ana\ntel:+5511", "Ana", "", []string{"+5511"}},
		"only the parts of a name":      {"N:Silva;Ana;Maria;Dra.;Jr.", "Dra. Ana Maria Silva Jr.", "", nil},
		"too few parts of a name":       {"N:Silva", "Silva", "", nil},
		"escapes":                       {`FN:Silva\, Ana\; \\o/\nx` + "\nORG:A\\;B;C;", `Silva, Ana; \o/ x`, "A;B, C", nil},
		"a business":                    {"FN:Ana\nX-WA-BIZ-NAME:Padaria\nX-WA-BIZ-DESCRIPTION:Pães", "Ana", "Padaria", nil},
		"a business without more":       {"X-WA-BIZ-NAME:Padaria", "Padaria", "", nil},
		"an organisation alone":         {"ORG:Padaria;", "Padaria", "", nil},
		"what is empty":                 {"FN:\nN:;;;;\nORG:;\nTEL:\nEMAIL:\nNICKNAME:Aninha", "Aninha", "", nil},
		"nothing":                       {"", "", "", nil},
		"no line is one":                {"::::\n;;;\n=\n \nFN", "", "", nil},
		"marks that turn the line":      {"FN:Ana\u202e\x07\x00 B\nTEL:+55\u202e11", "Ana B", "", []string{"+5511"}},
		"a waid that is none":           {"TEL;waid=abc:11", "", "", []string{"11"}},
		"a waid without a number":       {"TEL;waid=5511999990002:", "", "", []string{"+5511999990002"}},
		"a second card is not the same": {"FN:Ana\nEND:VCARD\nBEGIN:VCARD\nTEL:666", "Ana", "", nil},
		"Windows' line ends":            {"FN:Ana\r\nTEL:1\r\n 2\r", "Ana", "", []string{"12"}},
	} {
		c := card(&waE2E.ContactMessage{Vcard: proto.String(fmt.Sprintf(lines, test.lines))})
		require.Equal(t, test.name, c.Name, what)
		require.Equal(t, test.organisation, c.Organisation, what)
		require.Equal(t, test.numbers, c.Numbers, what)
	}
	named := card(&waE2E.ContactMessage{DisplayName: proto.String("Ana da padaria"), Vcard: proto.String("FN:Ana")})
	require.Equal(t, "Ana da padaria", named.Name, "as the sender calls her")
}

func TestContactsAreTakenOverWithinBounds(t *testing.T) {
	t.Parallel()
	got, _ := contacts(&waE2E.ContactsArrayMessage{Contacts: make([]*waE2E.ContactMessage, 10_000)})
	require.Len(t, got.(Contacts).Cards, mostCards)
	require.Equal(t, 10_000-mostCards, got.(Contacts).More)

	var tels strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&tels, "TEL:%d\n", i)
	}
	many := card(&waE2E.ContactMessage{Vcard: proto.String(tels.String())})
	require.Len(t, many.Numbers, mostNumbers)
	require.True(t, many.More)
	require.NotNil(t, many.VCard)

	large := card(&waE2E.ContactMessage{Vcard: proto.String("FN:Ana\nPHOTO:" + strings.Repeat("A", largestCard) + "\nTEL:1")})
	require.Nil(t, large.VCard)
	require.True(t, large.More)
	require.Equal(t, []string{"1"}, large.Numbers)
	empty := card(&waE2E.ContactMessage{DisplayName: proto.String("Ana")})
	require.Equal(t, Card{Name: "Ana"}, empty)
}

func TestADocumentThatIsACardNamesThePerson(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{"Ana Exemplo.vcf": "Ana Exemplo", "Ana.VCF": "Ana", "": "file", "Ana": "Ana", ".vcf": ""} {
		got, _ := document(&waE2E.DocumentMessage{Title: &title, FileName: proto.String("file.vcf"), ContactVcard: proto.Bool(true)})
		require.Equal(t, want, *got.(Media).Person)
	}
	got, _ := document(&waE2E.DocumentMessage{Title: proto.String("Ana.vcf"), ContactVcard: proto.Bool(false)})
	require.Nil(t, got.(Media).Person)
}

func FuzzReadVCard(f *testing.F) {
	for _, seed := range []string{
		"BEGIN:VCARD\nVERSION:3.0\nN:;Bruno;;;\nFN:Bruno\nitem1.TEL;waid=5511999990003:+55 11 99999-0003\nEND:VCARD",
		"FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:F=C3=A1=\nbio", "N:a\\;b;c;;", "TEL;X=\"a", "ORG:a;b\\", "EMAIL;ENCODING=b:QW5h\r\n\tx",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := card(&waE2E.ContactMessage{Vcard: &text})
		for _, shown := range append(append([]string{c.Name, c.Organisation}, c.Numbers...), c.Mails...) {
			require.True(t, utf8.ValidString(shown))
			require.NotContains(t, shown, "\n")
			require.NotContains(t, shown, "\x00")
			require.LessOrEqual(t, utf8.RuneCountInString(shown), longestName)
		}
		require.LessOrEqual(t, len(c.Numbers), mostNumbers)
	})
}
