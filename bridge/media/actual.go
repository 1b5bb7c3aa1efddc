package media

import (
	"path"
	"regexp"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// Actual is the plain type of a file that others may be told: the declared one, unless
// the file's beginning contradicts it. Then it is what the content is, and Unknown
// where a browser or a program would run that.
func Actual(declared string, head []byte) string {
	said := Type(declared, head)
	if len(head) == 0 {
		return said
	}
	found := mimetype.Detect(head)
	is := Type("", head)
	switch {
	case agree(said, is, found):
		return said
	case inBrowsers[said] && is == Unknown:
		return Unknown // each of them begins in a way of its own
	case is == Unknown:
		return said // sound and film come in forms that nobody knows
	case major(said) != "image" && IsMedia(said) && (major(is) == "audio" || major(is) == "video"):
		// Both share their containers: which of the two it is stays as declared.
		_, format, _ := strings.Cut(is, "/")
		return major(said) + "/" + format
	case isRun(is), programs[is], IsMedia(said) && textual(found):
		return Unknown
	}
	return is
}

// ForDesk is Actual for a file that a stranger has sent, and a desk is to show. What
// was said to be a picture, sound or film and is none is shown as nothing in
// particular, and so is what browsers run.
func ForDesk(declared string, head []byte) string {
	is := Actual(declared, head)
	if isRun(is) || isPage(is, head) || IsMedia(Type(declared, head)) && !IsMedia(is) {
		return Unknown
	}
	return is
}

// IsMedia reports whether a type is of a picture, sound or film. One that is drawn by
// a program inside is a document.
func IsMedia(t string) bool {
	return t != "image/svg+xml" && (major(t) == "image" || major(t) == "audio" || major(t) == "video")
}

// Renamed is a name that does not call a document a picture, sound or film: phones open
// it by its name.
func Renamed(name, t string) string {
	extension := strings.ToLower(path.Ext(name))
	if IsMedia(t) || Extension(t) == "" || !mediaExtensions[extension] {
		return name
	}
	return WithExtension(name, t)
}

// mediaExtensions are the extensions of pictures, sound and film.
var mediaExtensions = func() map[string]bool {
	all := map[string]bool{".jpeg": true, ".jfif": true, ".oga": true, ".opus": true, ".m4v": true, ".tif": true}
	for t, extension := range extensions {
		all[extension] = all[extension] || IsMedia(t)
	}
	return all
}()

func major(t string) string {
	major, _, _ := strings.Cut(t, "/")
	return major
}

// inBrowsers are the pictures that every browser shows.
var inBrowsers = map[string]bool{"image/jpeg": true, "image/png": true, "image/gif": true, "image/webp": true, "image/bmp": true}

// runs are types of which a browser carries out what is in them.
var runs = map[string]bool{
	"text/html": true, "application/xslt+xml": true, "text/xsl": true, "application/x-shockwave-flash": true,
	"text/x-php": true, "application/x-httpd-php": true, "application/hta": true, "text/x-component": true, "text/cache-manifest": true,
}

// isRun reports whether a browser carries out what is in a file of a type. It reads
// every kind of XML as it reads a page, and each part of a multipart by itself.
func isRun(t string) bool {
	return runs[t] || strings.HasSuffix(t, "+xml") || major(t) == "multipart" || isScript.MatchString(t)
}

// isScript matches the many names of the languages of browsers.
var isScript = regexp.MustCompile(`^(?:text|application)/(?:x-)?(?:(?:java|ecma|j|live|vb)script)[0-9.]*$`)

// isPage reports whether XML begins as a page, a drawing, or something that brings a
// program along.
func isPage(t string, head []byte) bool {
	return (t == "text/xml" || t == "application/xml") && bytesOfPage.Match(head)
}

var bytesOfPage = regexp.MustCompile(`(?i)w3\.org/(?:1999/(?:xhtml|xsl)|2000/svg)|<\?xml-stylesheet|<!(?:doctype|entity)`)

// programs are types of what a machine carries out. What was said to be something else
// is not announced as one.
var programs = map[string]bool{
	"application/vnd.microsoft.portable-executable": true, "application/x-elf": true, "application/x-executable": true, "application/x-sharedlib": true, "application/x-object": true,
	"application/x-mach-binary": true, "application/x-ms-installer": true, "application/vnd.android.package-archive": true, "application/java-archive": true,
	"application/x-java-applet": true, "application/x-ms-shortcut": true, "application/x-chrome-extension": true, "application/vnd.debian.binary-package": true, "application/x-rpm": true,
}

// agree reports whether what was said of a file is what its content shows, or says it
// more exactly: a document of Word is a zip, a table is a text.
func agree(said, is string, found *mimetype.MIME) bool {
	if said == is {
		return true
	}
	for m := found; m != nil && m.Parent() != nil; m = m.Parent() {
		if m.Is(said) {
			return true
		}
	}
	declared := mimetype.Lookup(said)
	if declared == nil { // nobody knows it
		return !IsMedia(said) && !isRun(is)
	}
	for m := declared; m.Parent() != nil; m = m.Parent() {
		if found.Is(m.String()) {
			return true
		}
	}
	return !IsMedia(said) && !isRun(is) && textual(found) && textual(declared)
}

// textual reports whether a type is a kind of text.
func textual(m *mimetype.MIME) bool {
	for ; m != nil; m = m.Parent() {
		if m.Is("text/plain") {
			return true
		}
	}
	return false
}
