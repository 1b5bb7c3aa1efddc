package chatwoottest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	hashing "hash"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// blob is one stored file. Its bytes lie in the server's folder, never in
// memory, so that a document of 200 MB costs nothing but disk.
type blob struct {
	signed      string // the capability in its URL
	name        string // sanitised
	declared    string // content type the uploader named, "" when it named none
	contentType string // as Active Storage detects it
	size        int64
	sum         string // sha256, hex
	path        string
	misses      int // fetches of the data_url that still answer 404
}

// fileStore keeps blobs as files in one folder. It does no locking: every
// file is written by one goroutine and immutable afterwards.
type fileStore struct{ dir string }

func newFileStore(parent string) (*fileStore, error) {
	dir, err := os.MkdirTemp(parent, "chatwoottest-")
	if err != nil {
		return nil, fmt.Errorf("create the file store: %w", err)
	}
	return &fileStore{dir: dir}, nil
}

// save streams a file to disk.
func (f *fileStore) save(name, declared string, r io.Reader) (*blob, error) {
	file, err := os.CreateTemp(f.dir, "blob-")
	if err != nil {
		return nil, fmt.Errorf("create a blob: %w", err)
	}
	defer file.Close()
	sink := &digest{file: file, sum: sha256.New()}
	if _, err := io.Copy(sink, r); err != nil {
		os.Remove(file.Name())
		return nil, fmt.Errorf("store %q: %w", name, err)
	}
	name = sanitizeName(name)
	return &blob{
		signed:      "eyJfcmFpbHMi" + newToken() + newToken() + "--" + newToken(),
		name:        name,
		declared:    declared,
		contentType: detectType(sink.head, name, declared),
		size:        sink.size,
		sum:         hex.EncodeToString(sink.sum.Sum(nil)),
		path:        file.Name(),
	}, nil
}

func (f *fileStore) remove(b *blob) { os.Remove(b.path) }

func (f *fileStore) close() error { return os.RemoveAll(f.dir) }

// digest writes a file while it remembers what detection and readers need.
type digest struct {
	file *os.File
	sum  hashing.Hash
	head []byte
	size int64
}

func (d *digest) Write(p []byte) (int, error) {
	if room := 64 - len(d.head); room > 0 {
		d.head = append(d.head, p[:min(room, len(p))]...)
	}
	d.sum.Write(p)
	d.size += int64(len(p))
	return d.file.Write(p)
}

// sanitizeName is ActiveStorage::Filename#sanitized.
func sanitizeName(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("\u202e%$|:;/<>?*\"\t\r\n\\", r) {
			return '-'
		}
		return r
	}, strings.TrimSpace(name))
}

// extensionOf is the file name's extension without its dot, "" for none.
func extensionOf(name string) string {
	return strings.TrimPrefix(filepath.Ext(name), ".")
}

// fileTypeOf is Chatwoot's file_type, decided by the declared type alone:
// anything but these exact types is a plain file, "image/heic" included.
func fileTypeOf(declared string) string {
	switch declared {
	case "image/jpeg", "image/jpg", "image/png", "image/gif", "image/bmp", "image/webp":
		return "image"
	case "video/ogg", "video/mp4", "video/webm", "video/quicktime":
		return "video"
	}
	if strings.Contains(declared, "audio/") {
		return "audio"
	}
	return "file"
}

// detectType is Active Storage's own look at a file: its first bytes, else
// the declared type, else the extension.
func detectType(head []byte, name, declared string) string {
	s := string(head)
	switch {
	case strings.HasPrefix(s, "\x89PNG"):
		return "image/png"
	case strings.HasPrefix(s, "\xff\xd8\xff"):
		return "image/jpeg"
	case strings.HasPrefix(s, "GIF8"):
		return "image/gif"
	case strings.HasPrefix(s, "RIFF") && len(s) >= 12 && s[8:12] == "WEBP":
		return "image/webp"
	case strings.HasPrefix(s, "%PDF-"):
		return "application/pdf"
	case strings.HasPrefix(s, "OggS") && strings.Contains(s, "OpusHead"):
		return "audio/opus"
	case strings.HasPrefix(s, "ID3"):
		return "audio/mpeg"
	}
	plain, _, _ := strings.Cut(declared, ";")
	plain = strings.TrimSpace(plain)
	if plain != "" && plain != "application/octet-stream" {
		return plain
	}
	if byName, ok := typesByExtension[strings.ToLower(extensionOf(name))]; ok {
		return byName
	}
	return "application/octet-stream"
}

var typesByExtension = map[string]string{
	"pdf": "application/pdf", "txt": "text/plain", "png": "image/png", "jpg": "image/jpeg",
	"jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp", "mp4": "video/mp4",
	"mp3": "audio/mpeg", "ogg": "audio/ogg", "zip": "application/zip", "csv": "text/csv",
	"html": "text/html", "svg": "image/svg+xml", "heic": "image/heic",
}
