package chatwoottest

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// inlineTypes may be shown by a browser; everything else is a download.
var inlineTypes = []string{"image/png", "image/gif", "image/jpeg", "image/tiff", "image/bmp", "image/webp",
	"image/avif", "image/vnd.adobe.photoshop", "image/vnd.microsoft.icon", "application/pdf"}

// redirectBlob is the stable address of a file: no token, 302 to the disk.
func (s *Server) redirectBlob(w http.ResponseWriter, r *http.Request, fault Fault) {
	s.mu.Lock()
	b := s.db.blobs[r.PathValue("signed")]
	missing := b == nil
	if b != nil && b.misses > 0 {
		b.misses--
		missing = true
	}
	s.mu.Unlock()
	if missing {
		writeReply(w, encodeError(emptyNotFound()))
		return
	}
	location := protocol(r) + "://" + r.Host + "/rails/active_storage/disk/" + b.signed + "/" + pathSegment(b.name)
	if !pause(r.Context(), fault.ReplyDelay) {
		return
	}
	writeReply(w, reply{status: http.StatusFound, contentType: "text/html; charset=utf-8",
		header: http.Header{"Location": {location}}})
}

// protocol is what the client speaks, as the web server in front says.
func protocol(r *http.Request) string {
	if r.Header.Get("X-Forwarded-Proto") == "https" {
		return "https"
	}
	return "http"
}

// serveBlob streams a file from the disk. With DropReply the connection
// breaks half way.
func (s *Server) serveBlob(w http.ResponseWriter, r *http.Request, fault Fault) {
	s.mu.Lock()
	b := s.db.blobs[r.PathValue("signed")]
	s.mu.Unlock()
	if b == nil {
		writeReply(w, encodeError(emptyNotFound()))
		return
	}
	file, err := os.Open(b.path)
	if err != nil {
		writeReply(w, encodeError(emptyNotFound()))
		return
	}
	defer file.Close()
	if !pause(r.Context(), fault.ReplyDelay) {
		return
	}
	h := w.Header()
	h.Set("Content-Type", b.contentType)
	h.Set("Content-Disposition", contentDisposition(b))
	h.Set("Content-Length", strconv.FormatInt(b.size, 10))
	if fault.DropReply {
		_, _ = io.CopyN(w, file, b.size/2)
		panic(http.ErrAbortHandler)
	}
	_, _ = io.Copy(w, file) // the client may be gone
}

func contentDisposition(b *blob) string {
	kind := "attachment"
	if slices.Contains(inlineTypes, b.contentType) {
		kind = "inline"
	}
	plain := strings.Map(func(r rune) rune {
		if r > 126 {
			return '?'
		}
		return r
	}, b.name)
	return kind + `; filename="` + plain + `"; filename*=UTF-8''` + url.PathEscape(b.name)
}

// purge removes a file and its address; the caller holds mu.
func (s *Server) purge(b *blob) {
	delete(s.db.blobs, b.signed)
	s.files.remove(b)
}
