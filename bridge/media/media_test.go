package media_test

import (
	"mime"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/media"
)

func TestR04_TypesAreReadWhateverTheirForm(t *testing.T) {
	t.Parallel()
	for declared, want := range map[string]string{
		"audio/ogg; codecs=opus":         "audio/ogg .ogg",
		"AUDIO/OGG;codecs=\"opus\"":      "audio/ogg .ogg",
		`"image/jpeg"`:                   "image/jpeg .jpg",
		"image/jpg":                      "image/jpeg .jpg",
		"audio/opus":                     "audio/ogg .ogg",
		"application/pdf\r\nX-Evil: yes": "application/octet-stream ",
		"../../etc":                      "application/octet-stream ",
		"":                               "application/octet-stream ",
	} {
		got := media.Type(declared, nil)
		require.Equal(t, want, got+" "+media.Extension(got), "%q", declared)
	}
}

// A machine's own table knows other extensions, and minimal images have none:
// neither may matter.
func TestR07_TheMachinesMIMETableDoesNotMatter(t *testing.T) {
	t.Parallel()
	for t1, extension := range map[string]string{"image/jpeg": ".jfif", "audio/ogg": ".oga", "application/pdf": ".xyz", "video/mp4": ".f4v", "audio/mpeg": ".m2a"} {
		require.NoError(t, mime.AddExtensionType(extension, t1))
	}
	for declared, want := range map[string]string{
		"image/jpeg": ".jpg", "audio/ogg; codecs=opus": ".ogg", "application/pdf": ".pdf", "video/mp4": ".mp4", "audio/mpeg": ".mp3",
	} {
		require.Equal(t, "photo"+want, media.Name("", media.Type(declared, nil), "photo"))
	}
	require.Equal(t, "image/jpeg", media.Type("", []byte("\xff\xd8\xff\xe0\x00\x10JFIF")))
}

func TestR10_TheContentDecidesWhereNothingWasDeclared(t *testing.T) {
	t.Parallel()
	for head, want := range map[string]string{"%PDF-1.4 x": "application/pdf", "\x89PNG\r\n\x1a\n": "image/png", "OggS\x00\x02": "audio/ogg"} {
		for _, declared := range []string{"", "application/octet-stream", "binary/octet-stream"} {
			require.Equal(t, want, media.Type(declared, []byte(head)))
		}
	}
	require.Equal(t, "video/mp4", media.Type("video/mp4", []byte("%PDF-")))
}

func TestD41_R04_Names(t *testing.T) {
	t.Parallel()
	for declared, want := range map[string]string{
		"Or%C3%A7amento%20final.pdf": "Orçamento final.pdf",
		"../../etc/passwd":           "passwd.pdf",
		`C:\docs\offer.pdf`:          "offer.pdf",
		"a;b\"c'd.pdf":               "a_b_c_d.pdf",
		"x\r\ny\u202egpj.pdf":        "xygpj.pdf",
		"":                           "file.pdf",
		" . ":                        "file.pdf",
		"日本語.docx":                   "日本語.docx",
		"100% sure.pdf":              "100% sure.pdf",
		"v1.2 final":                 "v1.2 final.pdf",
		"invoice.2026":               "invoice.2026.pdf",
		"report.PDF":                 "report.PDF",
		"no extension":               "no extension.pdf",
	} {
		require.Equal(t, want, media.Name(declared, "application/pdf", "file"), "%q", declared)
	}
	require.Equal(t, "archive.zip.001", media.Name("archive.zip.001", media.Unknown, "file"))
	require.Equal(t, "a.7z", media.Name("a.7z", media.Unknown, "file"))
	endless := media.Name("a."+strings.Repeat("1", 300), media.Unknown, "file")
	require.Len(t, endless, 200)
	long := media.Name(strings.Repeat("é", 300)+".pdf", "application/pdf", "file")
	require.LessOrEqual(t, len(long), 200)
	require.True(t, utf8.ValidString(long))
	require.True(t, strings.HasSuffix(long, ".pdf"))
}

func TestSpoolLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "spool")
	spool, err := media.NewSpool(dir, media.Limits{})
	require.NoError(t, err)
	kept, err := spool.File(0)
	require.NoError(t, err)
	_, err = kept.WriteString("%PDF-1.4")
	require.NoError(t, err)
	require.Equal(t, "%PDF-1.4", string(media.Head(kept)))
	dropped, err := spool.File(0)
	require.NoError(t, err)
	dropped.Discard()
	require.NoError(t, kept.Close())
	_, err = media.NewSpool(dir, media.Limits{})
	require.NoError(t, err)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
