package media_test

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/media"
)

func zipped(t *testing.T, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		_, err := w.Create(name)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.String()
}

const (
	jpeg    = "\xff\xd8\xff\xe0\x00\x10JFIF\x00"
	png     = "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"
	webp    = "RIFF\x24\x00\x00\x00WEBPVP8 "
	mp4     = "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
	m4a     = "\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A mp42"
	threeGP = "\x00\x00\x00\x18ftyp3gp5\x00\x00\x00\x003gp5isom"
	oggOpus = "OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x13OpusHead"
	mp3     = "ID3\x04\x00\x00\x00\x00\x00\x00"
	amr     = "#!AMR\n\x3c"
	exe     = "MZ\x90\x00\x03\x00\x00\x00"
	elf     = "\x7fELF\x02\x01\x01\x00"
	garbage = "\x01\x02\x03\x04\x05\x06\x07\x80\x81"
	docType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
)

var htmls = []string{
	"<!DOCTYPE html><script>alert(1)</script>", "<html>", "  \n<script>x</script>", "<!-- x --><html><body onload=x>", "\xef\xbb\xbf<html>", "<iframe src=x>", "<HEAD><TITLE>x",
}

var svgs = []string{
	`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`,
	"<?xml version=\"1.0\"?>\n<!-- " + strings.Repeat("x", 200) + " -->\n<svg></svg>", "\xef\xbb\xbf<svg></svg>", `<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" ""><svg></svg>`,
}

// What a stranger says is a picture, sound or film, and is none, is shown as nothing.
func TestL13_WhatIsNoPictureIsNotShownAsOne(t *testing.T) {
	t.Parallel()
	lies := []string{exe, elf, "%PDF-1.7", zipped(t, "a.txt"), zipped(t, "word/document.xml", "[Content_Types].xml"), "plain text", "#!/bin/sh\nrm -rf /", "{\"a\":1}", "Rar!\x1a\x07\x01\x00", "#EXTM3U\nhttp://evil.example/"}
	lies = append(append(lies, htmls...), svgs...)
	for _, declared := range []string{"image/jpeg", "image/png", "image/webp", "image/gif", "IMAGE/JPG; x=y", `"image/jpeg"`, "video/mp4", "audio/ogg; codecs=opus", "audio/mpeg", "image/x-unheard-of", "video/x-unheard-of", "image/svg+xml"} {
		for _, content := range lies {
			got := media.ForDesk(declared, []byte(content))
			require.False(t, media.IsMedia(got), "%q as %s became %s", content, declared, got)
			if declared != "image/svg+xml" {
				require.Equal(t, media.Unknown, got, "%q as %s", content, declared)
			}
			require.NotContains(t, got, "html")
			require.NotContains(t, got, "svg")
		}
	}
	for _, declared := range []string{"image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp"} {
		require.Equal(t, media.Unknown, media.ForDesk(declared, []byte(garbage)))
	}
}

// Whatever it was said to be, what browsers run is never told to one.
func TestL13_WhatBrowsersRunIsNeverToldToTheDesk(t *testing.T) {
	t.Parallel()
	for _, declared := range []string{"text/html", "image/svg+xml", "application/xhtml+xml", "application/pdf", "application/x-unheard-of", "", media.Unknown, "application/zip", docType, "text/javascript", "text/html; charset=utf-8"} {
		for _, content := range append(append([]string{}, htmls...), svgs...) {
			got := media.ForDesk(declared, []byte(content))
			require.NotContains(t, got, "html", "%q as %s", content, declared)
			require.NotContains(t, got, "svg", "%q as %s", content, declared)
			require.NotContains(t, got, "javascript")
			require.False(t, media.IsMedia(got))
		}
	}
	require.Equal(t, "text/plain", media.ForDesk("text/plain", []byte(htmls[0])), "a text is shown as one")
}

// Browsers read every kind of XML as they read a page, and run scripts by many names.
func TestL13_XMLAndScriptsOfOtherNamesAreNotToldToTheDesk(t *testing.T) {
	t.Parallel()
	const page = `<?xml version="1.0"?><a><script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script></a>`
	for _, tc := range []struct{ declared, content string }{
		{"application/rss+xml", page}, {"application/atom+xml", page}, {"application/rdf+xml", page}, {"application/mathml+xml", page}, {"application/x-unheard-of+xml", page},
		{"application/x-unheard-of+xml", garbage}, {"APPLICATION/RSS+XML; a=b", page}, {"application/vnd.google-earth.kml+xml", page},
		{"text/xml", page}, {"application/xml", page}, {"text/xml; charset=utf-8", page},
		{"text/xml", `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="#x"?><a/>`},
		{"text/xml", `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "http://www.w3.org">]><a/>`},
		{"text/xml", `<?xml version="1.0"?><s:svg xmlns:s="http://www.w3.org/2000/svg" onload="alert(1)"/>`},
		{"multipart/x-mixed-replace;boundary=x", "--x\r\nContent-Type: text/html\r\n\r\n" + htmls[0]}, {"multipart/form-data", garbage},
		{"text/jscript", "alert(1)"}, {"text/livescript", "alert(1)"}, {"text/x-javascript", "alert(1)"}, {"application/x-ecmascript", "alert(1)"},
		{"text/javascript1.5", "alert(1)"}, {"text/vbscript", "MsgBox"}, {"text/cache-manifest", "CACHE MANIFEST"},
	} {
		require.Equal(t, media.Unknown, media.ForDesk(tc.declared, []byte(tc.content)), "%q as %s", tc.content, tc.declared)
	}
}

func TestL13_ARightTypeIsKept(t *testing.T) {
	t.Parallel()
	docx := zipped(t, "[Content_Types].xml", "word/document.xml")
	for _, tc := range []struct{ declared, content, want string }{
		{"image/jpeg", jpeg, "image/jpeg"}, {"image/png", png, "image/png"}, {"image/webp", webp, "image/webp"}, {"image/jpeg", jpeg + "<script>", "image/jpeg"},
		{"video/mp4", mp4, "video/mp4"}, {"video/3gpp", threeGP, "video/3gpp"}, {"video/3gpp", mp4, "video/3gpp"}, {"audio/mp4", m4a, "audio/mp4"}, {"audio/mp4", mp4, "audio/mp4"},
		{"audio/ogg; codecs=opus", oggOpus, "audio/ogg"}, {"audio/mpeg", mp3, "audio/mpeg"}, {"audio/amr", amr, "audio/amr"}, {"audio/aac", garbage, "audio/aac"}, {"video/mp4", garbage, "video/mp4"},
		{"image/heic", garbage, "image/heic"},
		{"application/pdf", "%PDF-1.7", "application/pdf"}, {docType, docx, docType}, {docType, zipped(t, "a"), docType}, {"application/zip", docx, "application/zip"}, {"application/x-zip-compressed", docx, "application/zip"},
		{"text/csv", "a;b\n1;2\n", "text/csv"}, {"text/plain", "hello", "text/plain"}, {"text/vcard", "BEGIN:VCARD\nVERSION:3.0\n", "text/vcard"}, {"application/json", `{"a":1}`, "application/json"}, {"application/json", "nearly", "application/json"},
		{"text/xml", "<?xml version=\"1.0\"?><nfe/>", "text/xml"}, {"application/xml", "<?xml version=\"1.0\"?><nfe/>", "application/xml"},
		{"application/msword", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword"}, {"application/x-unheard-of", garbage, "application/x-unheard-of"}, {"application/x-unheard-of", png, "application/x-unheard-of"},
		{"application/pdf", garbage, "application/pdf"}, {"application/vnd.android.package-archive", zipped(t, "AndroidManifest.xml"), "application/vnd.android.package-archive"},
		{"", png, "image/png"}, {media.Unknown, "%PDF-1.7", "application/pdf"}, {"", garbage, media.Unknown}, {"image/jpeg", "", "image/jpeg"},
	} {
		require.Equal(t, tc.want, media.ForDesk(tc.declared, []byte(tc.content)), "%q as %s", tc.content, tc.declared)
		require.Equal(t, tc.want, media.Actual(tc.declared, []byte(tc.content)), "%q as %s", tc.content, tc.declared)
	}
}

// A wrong extension makes a wrong type: what it is says the content.
func TestL13_TheContentSaysWhatAFileIs(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ declared, content, actual, desk string }{
		{"image/jpeg", png, "image/png", "image/png"}, {"image/png", webp, "image/webp", "image/webp"}, {"image/jpeg", mp4, "video/mp4", "video/mp4"}, {"video/mp4", jpeg, "image/jpeg", "image/jpeg"},
		{"audio/mpeg", oggOpus, "audio/ogg", "audio/ogg"}, {"video/mp4", oggOpus, "video/ogg", "video/ogg"}, {"application/pdf", jpeg, "image/jpeg", "image/jpeg"},
		{"application/pdf", exe, media.Unknown, media.Unknown}, {"image/jpeg", elf, media.Unknown, media.Unknown}, {"application/x-msdownload", exe, "application/x-msdownload", "application/x-msdownload"},
		{"image/jpeg", "%PDF-1.7", "application/pdf", media.Unknown}, {"image/jpeg", htmls[0], media.Unknown, media.Unknown}, {"image/png", "text", media.Unknown, media.Unknown},
		{"application/pdf", htmls[0], media.Unknown, media.Unknown}, {"application/pdf", svgs[0], media.Unknown, media.Unknown}, {"text/html", htmls[0], "text/html", media.Unknown}, {"image/svg+xml", svgs[0], "image/svg+xml", media.Unknown},
	} {
		require.Equal(t, tc.actual, media.Actual(tc.declared, []byte(tc.content)), "%q as %s", tc.content, tc.declared)
		require.Equal(t, tc.desk, media.ForDesk(tc.declared, []byte(tc.content)), "%q as %s", tc.content, tc.declared)
	}
}

func TestL13_ADocumentIsNotCalledAPicture(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, kind, want string }{
		{"contract.jpg", pdf, "contract.pdf"}, {"Contract.JPEG", pdf, "Contract.pdf"}, {"a.mp3", "application/zip", "a.zip"}, {"contract.pdf", pdf, "contract.pdf"},
		{"contract.docx", pdf, "contract.docx"}, {"contract", pdf, "contract"}, {"a.jpg", media.Unknown, "a.jpg"}, {"a.jpg", "image/png", "a.jpg"}, {"a.jpg.pdf", pdf, "a.jpg.pdf"}, {"a.svg", pdf, "a.svg"},
	} {
		require.Equal(t, tc.want, media.Renamed(tc.name, tc.kind), tc.name)
	}
}

// Whatever comes is told as a type of plain letters, and as a picture only if it begins
// like one.
func FuzzL13_ForDesk(f *testing.F) {
	for _, content := range append(append([]string{jpeg, png, mp4, exe, garbage, "", "GIF89a<script>"}, htmls...), svgs...) {
		f.Add("image/jpeg", []byte(content))
		f.Add("image/svg+xml", []byte(content))
		f.Add("", []byte(content))
	}
	f.Fuzz(func(t *testing.T, declared string, content []byte) {
		got := media.ForDesk(declared, content)
		if strings.ContainsAny(got, " ;\r\n\"") || strings.Count(got, "/") != 1 {
			t.Fatalf("%q became %q", declared, got)
		}
		if got == "image/svg+xml" || got == "text/html" || got == "application/xhtml+xml" {
			t.Fatalf("%q as %q became %q", content, declared, got)
		}
		starts := map[string]string{"image/jpeg": "\xff\xd8\xff", "image/png": "\x89PNG", "image/gif": "GIF8", "image/webp": "RIFF", "image/bmp": "BM"}
		if start, ok := starts[got]; ok && len(content) > 0 && !bytes.HasPrefix(content, []byte(start)) {
			t.Fatalf("%q as %q became %q", content, declared, got)
		}
	})
}
