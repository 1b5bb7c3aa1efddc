package compose

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

func TestMapLinksArePlacesWhenAlone(t *testing.T) {
	t.Parallel()
	at := func(latitude, longitude float64, name string) *content.Place {
		return &content.Place{Latitude: latitude, Longitude: longitude, Name: name}
	}
	for text, want := range map[string]*content.Place{
		"https://maps.google.com/?q=-23.55,-46.63":                                            at(-23.55, -46.63, ""),
		"http://maps.google.com/maps?q=loc:1.5,2.5":                                           at(1.5, 2.5, ""),
		" https://www.google.com/maps?q=10,20\n":                                              at(10, 20, ""),
		"https://www.google.com.br/maps/@-23.5505,-46.6333,15z":                               at(-23.5505, -46.6333, ""),
		"https://www.google.com/maps/search/?api=1&query=47.5951518%2C-122.3316393":           at(47.5951518, -122.3316393, ""),
		"https://www.google.com/maps/search/-23.55,+-46.63":                                   at(-23.55, -46.63, ""),
		"https://www.google.com/maps/place/Caf%C3%A9+Sol/@1,2,17z/data=!3m1!4b1!3d1.25!4d2.5": at(1.25, 2.5, "Café Sol"),
		"https://www.google.com/maps/place/1.5,2.5/@1,2,17z":                                  at(1.5, 2.5, ""),
		"https://maps.apple.com/?ll=50.894967,4.341626&q=Shop":                                at(50.894967, 4.341626, "Shop"),
		"https://maps.apple.com/?q=50.5,4.5":                                                  at(50.5, 4.5, ""),
		"https://maps.apple.com/place?coordinate=50.5,4.5&name=Here":                          at(50.5, 4.5, "Here"),
		"https://www.openstreetmap.org/?mlat=52.5&mlon=13.4#map=15/52.1/13.1":                 at(52.5, 13.4, ""),
		"https://www.openstreetmap.org/#map=15/52.1/13.1":                                     at(52.1, 13.1, ""),
		"https://www.openstreetmap.org/node/1#map=15/52.1/13.1&layers=N":                      at(52.1, 13.1, ""),
		"<https://maps.google.com/?q=1,2>":                                                    at(1, 2, ""),
		"meet me: https://maps.google.com/?q=1,2":                                             nil,
		"https://maps.google.com/?q=1,2 https://maps.google.com/?q=1,2":                       nil,
		"https://maps.google.com/?q=Berlin":                                                   nil,
		"https://maps.google.com/?q=91,2":                                                     nil,
		"https://maps.google.com/?q=1,181":                                                    nil,
		"https://maps.google.com/?q=NaN,Inf":                                                  nil,
		"https://maps.google.com/?q=1e1,2":                                                    nil,
		"https://maps.app.goo.gl/abc":                                                         nil,
		"https://www.google.com/search?q=1,2":                                                 nil,
		"https://www.google.com/maps/dir/1,2/3,4":                                             nil,
		"https://google.evil.example/maps?q=1,2":                                              nil,
		"https://maps.google.com.evil.example/?q=1,2":                                         nil,
		"https://user@maps.google.com/?q=1,2":                                                 nil,
		"javascript:https://maps.google.com/?q=1,2":                                           nil,
		"geo:1,2": nil,
	} {
		require.Equal(t, want, placeOf(text), "%q", text)
	}
	parts := Parts(chatwoot.Message{Content: "https://maps.google.com/?q=1,2"}, true)
	require.Equal(t, []Part{{Place: at(1, 2, "")}}, parts)
	photo := chatwoot.Attachment{ID: 1, FileType: "image", ContentType: "image/png"}
	parts = Parts(chatwoot.Message{Content: "https://maps.google.com/?q=1,2", Attachments: []chatwoot.Attachment{photo}}, true)
	require.Equal(t, "https://maps.google.com/?q=1,2", parts[0].Text, "beside a file it is a caption")
}

func TestMentionsAreThoseOfMembers(t *testing.T) {
	t.Parallel()
	members := []content.Member{
		{JID: "100@lid", Alt: "5511999990002@s.whatsapp.net", Names: []string{"João Lima", "jo"}},
		{JID: "200@lid", Names: []string{"João Souza"}},
		{JID: "5511888880003@s.whatsapp.net", Names: []string{"Ana", "Ana  Maria"}},
		{JID: "300@lid", Names: []string{"Twin"}}, {JID: "400@lid", Names: []string{"twin"}},
		{JID: "500@lid"},
	}
	for text, want := range map[string]Mentioned{
		"@João Lima hi":          {Text: "@100 hi", JIDs: []string{"100@lid"}},
		"@joão souza, @jo":       {Text: "@200, @100", JIDs: []string{"100@lid", "200@lid"}},
		"@joão":                  {Text: "@joão"}, // two have it
		"@ana @Ana @ana maria":   {Text: "@5511888880003 @5511888880003 @5511888880003", JIDs: []string{"5511888880003@s.whatsapp.net"}},
		"@anabel":                {Text: "@anabel"},
		"@twin":                  {Text: "@twin"},
		"@5511999990002!":        {Text: "@100!", JIDs: []string{"100@lid"}},
		"@+5511999990002":        {Text: "@100", JIDs: []string{"100@lid"}},
		"@551199990002":          {Text: "@100", JIDs: []string{"100@lid"}}, // the form without the 9
		"@55119999900021":        {Text: "@55119999900021"},
		"a@ana.example":          {Text: "a@ana.example"},
		"https://x.example/@ana": {Text: "https://x.example/@ana"},
		"*@ana*":                 {Text: "*@5511888880003*", JIDs: []string{"5511888880003@s.whatsapp.net"}},
		"@allan @":               {Text: "@allan @"},
		"no one":                 {Text: "no one"},
	} {
		require.Equal(t, want, Mention(text, members), "%q", text)
	}
	all := Mention("@ALL look", members)
	require.True(t, all.Everybody)
	require.Equal(t, "@ALL look", all.Text)
	require.Len(t, all.JIDs, len(members))
	require.Equal(t, Mentioned{Text: "@all"}, Mention("@all", nil), "nobody is there, or nobody knows")
}

func TestMentionsCostLittle(t *testing.T) {
	t.Parallel()
	var members []content.Member
	for range 1024 {
		members = append(members, content.Member{JID: "1@lid", Names: []string{strings.Repeat("a", 80)}})
	}
	text := strings.Repeat("@"+strings.Repeat("a", 79)+" ", 1000)
	require.Equal(t, text, Mention(text, members).Text)
}

func TestContactFilesAreReadAsPhonesDo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		file string
		want []string
	}{
		"one":              {"BEGIN:VCARD\r\nFN:Ana\r\nEND:VCARD\r\n", []string{"Ana"}},
		"two":              {"BEGIN:VCARD\nFN:Ana\nEND:VCARD\n\nBEGIN:VCARD\nFN:Bia\nEND:VCARD", []string{"Ana", "Bia"}},
		"BOM":              {"\uFEFFbegin:vcard\nfn:Ana\nend:vcard\n", []string{"Ana"}},
		"N only":           {"BEGIN:VCARD\nN:Lima;João;;;\nEND:VCARD", []string{"João Lima"}},
		"number only":      {"BEGIN:VCARD\nitem1.TEL;type=CELL:+55 11\nEND:VCARD", []string{"+55 11"}},
		"folded":           {"BEGIN:VCARD\nFN:Ana\n  Maria\nEND:VCARD", []string{"Ana Maria"}},
		"quoted printable": {"BEGIN:VCARD\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Jo=C3=A3o\nEND:VCARD", []string{"João"}},
		"escapes":          {"BEGIN:VCARD\nFN:Lima\\, João\\nX\nEND:VCARD", []string{"Lima, João X"}},
		"no name":          {"BEGIN:VCARD\nNOTE:x\nEND:VCARD", nil},
		"no end":           {"BEGIN:VCARD\nFN:Ana\n", nil},
		"more around":      {"hello\nBEGIN:VCARD\nFN:Ana\nEND:VCARD", nil},
		"nothing":          {"", nil},
		"binary":           {"BEGIN:VCARD\nFN:\x00\nEND:VCARD", nil},
		"not UTF-8":        {"BEGIN:VCARD\nFN:\xff\nEND:VCARD", nil},
	} {
		var names []string
		for _, c := range Cards([]byte(tc.file)) {
			names = append(names, c.Name)
			require.True(t, strings.HasPrefix(strings.ToUpper(c.VCard), "BEGIN:VCARD\n"), name)
			require.True(t, strings.HasSuffix(strings.ToUpper(c.VCard), "\nEND:VCARD"), name)
		}
		require.Equal(t, tc.want, names, name)
	}
	require.Nil(t, Cards([]byte(strings.Repeat("BEGIN:VCARD\nFN:A\nEND:VCARD\n", 251))), "so many go as a file")
}

func TestASignatureStaysInItsLine(t *testing.T) {
	t.Parallel()
	s := lines.DefaultSettings()
	require.Empty(t, Signature(chatwoot.Author{ID: 1, Name: "Ana", Type: "user"}, s, 0), "off at first")
	s.Signature = lines.SignatureName
	for name, want := range map[string]string{
		"Ana":                   "*Ana:*",
		" *Ana*\n_Lima_ ~x~`":   "*Ana Lima x:*",
		"\u202eAna":             "*Ana:*",
		"":                      "",
		"***":                   "",
		"{name}":                "*{name}:*",
		strings.Repeat("é", 99): "*" + strings.Repeat("é", 80) + ":*",
	} {
		require.Equal(t, want, Signature(chatwoot.Author{ID: 1, Name: name, Type: "user"}, s, 0), "%q", name)
	}
	require.Empty(t, Signature(chatwoot.Author{ID: 1, Name: "Bot", Type: "agent_bot"}, s, 0))
	require.Equal(t, " ", Signed("*Ana:*", " "))
}

func TestTheFirstLinkIsAsPhonesFindIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"see https://a.example/x, then https://b.example": "https://a.example/x",
		"(https://a.example/x)":                           "https://a.example/x",
		"https://a.example/x_(y)":                         "https://a.example/x_(y)",
		"*https://a.example*":                             "https://a.example",
		"HTTPS://A.example?q=1#f.":                        "HTTPS://A.example?q=1#f",
		"ftp://a.example a.example":                       "",
		"https://user:pw@a.example https://b.example":     "https://b.example",
		"https:// https://%zz https://c.example":          "https://c.example",
		"https://" + strings.Repeat("a", 3000):            "",
	} {
		require.Equal(t, want, FirstLink(text), "%q", text)
	}
}

func FuzzOutwardTexts(f *testing.F) {
	for _, seed := range []string{"@ana @+5511999990002 @all", "https://maps.google.com/?q=1,2", "BEGIN:VCARD\nFN:=C3=\nEND:VCARD", "https://x.example/(a)"} {
		f.Add(seed)
	}
	members := []content.Member{{JID: "100@lid", Alt: "5511999990002@s.whatsapp.net", Names: []string{"Ana", "É"}}}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "")
		m := Mention(text, members)
		require.True(t, utf8.ValidString(m.Text))
		if len(m.JIDs) == 0 {
			require.Equal(t, text, m.Text)
		}
		if p := placeOf(text); p != nil {
			require.LessOrEqual(t, p.Latitude*p.Latitude, 90.0*90)
			require.LessOrEqual(t, p.Longitude*p.Longitude, 180.0*180)
		}
		require.Contains(t, text, FirstLink(text))
		for _, c := range Cards([]byte(text)) {
			require.NotEmpty(t, c.Name)
			require.True(t, utf8.ValidString(c.Name+c.VCard))
		}
	})
}
