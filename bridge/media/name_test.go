package media_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/media"
)

const pdf = "application/pdf"

func TestK8_NamesOfFilesKeepWhatTheySay(t *testing.T) {
	t.Parallel()
	for declared, want := range map[string]string{
		// separators
		"Boleto 10/11/2025.pdf":    "Boleto 10_11_2025.pdf",
		"Boleto 10/11/2025":        "Boleto 10_11_2025.pdf",
		`Nota 3\2025.pdf`:          "Nota 3_2025.pdf",
		"Contrato c/ anexo.pdf":    "Contrato c_ anexo.pdf",
		"a%2Fb.pdf":                "a_b.pdf",
		"Ata 12:30.pdf":            "Ata 12_30.pdf",
		"/10/2025.pdf":             "_10_2025.pdf",
		`\\server\share\offer.pdf`: "offer.pdf",
		"./offer.pdf":              "offer.pdf",
		// what is an extension
		"Proposta Dr.Silva": "Proposta Dr.Silva.pdf",
		"Proposta Dr.SILVA": "Proposta Dr.SILVA.pdf",
		"Contrato S.A":      "Contrato S.A.pdf",
		"www.loja.com":      "www.loja.com.pdf",
		"Sra.Key":           "Sra.Key.pdf",
		"Ata de 31.12.2025": "Ata de 31.12.2025.pdf",
		"Contrato.assinado": "Contrato.assinado.pdf",
		"scan.tar.gz":       "scan.tar.gz",
		"invoice.xlsx.pdf":  "invoice.xlsx.pdf",
		"OFFER.PDF":         "OFFER.PDF",
		"Foto.JPEG":         "Foto.JPEG", // what it is called is not what it is
		"offer.pdf.":        "offer.pdf",
		"offer.pdf  ":       "offer.pdf",
		"offer.p\u200bdf":   "offer.pdf",
		"offer.pdf\u3164":   "offer.pdf",
		// nothing but what is no name
		"///": "file.pdf", "\\": "file.pdf", "...": "file.pdf", " / . \\ ": "file.pdf", ".pdf": "file.pdf", "..pdf": "file.pdf", "/.pdf": "file.pdf",
		"\u200b\u2060": "file.pdf", "\u3164.pdf": "file.pdf", "\u2800": "file.pdf", "\u0301": "file.pdf", "\u202e.pdf": "file.pdf", "\x01\x02": "file.pdf",
		// what Windows cannot store
		"CON.pdf": "_CON.pdf", "nul": "_nul.pdf", "Com1.tar.gz": "_Com1.tar.gz", "lpt9": "_lpt9.pdf", "Contrato.pdf": "Contrato.pdf", "Com10.pdf": "Com10.pdf",
		// what nobody sees, and dots
		".htaccess": "htaccess.pdf", ".config.pdf": "config.pdf", "\u202egpj.exe": "gpj.exe", "a\u2028b\x7f.pdf": "ab.pdf", "👩\u200d🚀.pdf": "👩\u200d🚀.pdf",
		"\u3164Ana\u3164.pdf": "Ana.pdf",
	} {
		require.Equal(t, want, media.Name(declared, pdf, "file"), "%q", declared)
	}
}

func TestK8_TheTypeSaysWhatIsAnExtension(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ declared, kind, want string }{
		{"Notas Dr.Silva", "text/plain", "Notas Dr.Silva.txt"},
		{"Sr.Costa", "image/jpeg", "Sr.Costa.jpg"},
		{"Sr.Costa", "audio/mpeg", "Sr.Costa.mp3"},
		{"Sr.Costa", "video/mp4", "Sr.Costa.mp4"},
		{"Sr.Costa", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Sr.Costa.docx"},
		{"Sr.Costa", media.Unknown, "Sr.Costa"},
		{"plan", "image/vnd.dwg", "plan.dwg"},
		{"slides.key", "application/zip", "slides.key"},
		{"slides.key", pdf, "slides.key.pdf"},
		{"main.go", "text/plain", "main.go"},
		{"archive.zip.001", "application/zip", "archive.zip.001"},
		{"Ata.001", "application/zip", "Ata.001.zip"},
		{"archive.7Z.002", "application/zip", "archive.7Z.002"},
		{"nota.pdf.p7s", "application/pkcs7-signature", "nota.pdf.p7s"},
	} {
		require.Equal(t, tc.want, media.Name(tc.declared, tc.kind, "file"), tc.declared)
	}
	require.Equal(t, "Sr.Costa.m4a", media.WithExtension("Sr.Costa", "audio/mp4"))
	require.Equal(t, "song.m4a", media.WithExtension("song.webm", "audio/mp4"))
}

func TestK8_LongNamesKeepTheirExtension(t *testing.T) {
	t.Parallel()
	for _, extension := range []string{".pdf", ".PDF", ".tar.gz", ".zip.001", ".Silva"} {
		for _, letters := range []string{"a", "é", "日", "👩\u200d🚀", "a.", "b "} {
			name := media.Name(strings.Repeat(letters, 400)+extension, pdf, "file")
			require.LessOrEqual(t, len(name), 200)
			require.Greater(t, len(name), 180)
			require.True(t, utf8.ValidString(name))
			want := extension
			if extension == ".Silva" {
				want = ".pdf"
			}
			stem, ok := strings.CutSuffix(name, want)
			require.True(t, ok, name)
			require.Equal(t, strings.TrimRight(stem, " .\u200d"), stem)
		}
	}
	require.LessOrEqual(t, len(media.WithExtension(strings.Repeat("é", 98)+".ogg", "audio/webm")), 200)
}

// The recorder's names are eight hexadecimal digits, a 4 and three more.
func TestK8_ARecordingIsKnownByTheRecordersName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"11817c4d4da0.mp3": true, "11817c4d4da0.ogg": true, "11817c4d4da0.wav": true, "11817c4d4da0.webm": true,
		"5b0f2c1e-1111-4222-8333-0123456789ab.mp3": true,
		"202411291037.mp3":                         false, // a time
		"551187654321.mp3":                         false, // a phone number with a 4 in the recorder's place
		"11817c4d5da0.mp3":                         false,
		"11817C4D4DA0.mp3":                         false,
		"11817c4d4da0.MP3":                         false,
		"11817c4d4da.mp3":                          false,
		"11817c4d4da00.mp3":                        false,
		"11817c4d4da0.mp3.mp3":                     false,
		"a 11817c4d4da0.mp3":                       false,
		"11817c4d4da0 (1).mp3":                     false,
		"11817c4d4da0":                             false,
		"5b0f2c1e-1111-1222-8333-0123456789ab.mp3": false, // a UUID of a time
		"5b0f2c1e-1111-4222-7333-0123456789ab.mp3": false,
		"20241129-1037-4222-8333-012345678901.mp3": false,
		"11817c4d4da0.mp3\n":                       false,
	} {
		require.Equal(t, want, media.IsVoiceRecording(name, "audio/mpeg", false), name)
	}
}

func TestVoiceRecordingsAreKnownByTheirName(t *testing.T) {
	t.Parallel()
	require.True(t, media.IsVoiceRecording("11817c4d4da0.mp3", "audio/mpeg", false))
	require.True(t, media.IsVoiceRecording("5b0f2c1e-1111-4222-8333-0123456789ab.ogg", "audio/ogg", false))
	require.False(t, media.IsVoiceRecording("11817c4d4da0.mp3", "audio/mpeg", true))
	require.False(t, media.IsVoiceRecording("song.mp3", "audio/mpeg", false))
	require.False(t, media.IsVoiceRecording("11817c4d4da0.pdf", "application/pdf", false))
}

func FuzzName(f *testing.F) {
	f.Add("a;b/c\\d%20.pdf", pdf)
	f.Add("Proposta Dr.Silva", pdf)
	f.Add("con.tar.gz\u3164", "")
	f.Fuzz(func(t *testing.T, declared, declaredType string) {
		name := media.Name(declared, media.Type(declaredType, []byte(declared)), "file")
		if name == "" || strings.ContainsAny(name, ";/\\\"'\r\n\x00") || len(name) > 255 || strings.Trim(name, " .") != name || !utf8.ValidString(name) {
			t.Fatalf("%q became %q", declared, name)
		}
	})
}
