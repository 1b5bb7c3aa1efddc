package whatsapptest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	waBinary "go.mau.fi/whatsmeow/binary"
)

// mediaStore keeps encrypted files in a folder, named by the hash of their
// content, so that a large file is never held in memory.
type mediaStore struct {
	dir string

	mu sync.Mutex
	// gone holds the status answered for files that are no longer there.
	gone    map[string]int
	uploads int
	served  int
}

func newMediaStore(dir string) *mediaStore {
	return &mediaStore{dir: dir, gone: map[string]int{}}
}

// directPath is where a file is found. The client appends parameters with "&",
// so there must be a "?" in it.
func directPath(name string) string { return "/v/t62.7118-24/" + name + ".enc?ccb=11-4&oh=01" }

func (m *mediaStore) file(name string) string { return filepath.Join(m.dir, name) }

// put stores what is read under the hash of its content.
func (m *mediaStore) put(r io.Reader) (sum []byte, err error) {
	temp, err := os.CreateTemp(m.dir, "upload-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(temp.Name()) }() // renamed when all went well
	hash := sha256.New()
	if _, err = io.Copy(io.MultiWriter(temp, hash), r); err != nil {
		_ = temp.Close()
		return nil, err
	}
	if err = temp.Close(); err != nil {
		return nil, err
	}
	sum = hash.Sum(nil)
	return sum, m.adopt(temp.Name(), sum)
}

// adopt makes a finished file available under its hash.
func (m *mediaStore) adopt(temp string, sum []byte) error {
	name := hex.EncodeToString(sum)
	m.mu.Lock()
	delete(m.gone, name)
	m.mu.Unlock()
	return os.Rename(temp, m.file(name))
}

func (m *mediaStore) status(name string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.gone[name]
}

// serveMedia is the file server: uploads, downloads and deletions.
func (s *Server) serveMedia(w http.ResponseWriter, r *http.Request) {
	w, serve := s.disturb(w, r)
	if !serve {
		return
	}
	switch r.Method {
	case http.MethodPost:
		s.takeUpload(w, r)
	case http.MethodDelete:
		s.deleteMedia(w, r)
	default:
		s.sendFile(w, r)
	}
}

// disturb asks the hooks about a request for a file, and reports whether it is
// still to be answered, with the writer to use.
func (s *Server) disturb(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, bool) {
	if !s.hangs(r) {
		return w, false
	}
	action := s.hooks.ask(HookEvent{Kind: MediaRequest, Request: r})
	if action.Delay > 0 && !s.pause(r, action.Delay) {
		return w, false
	}
	switch {
	case action.Close, action.Drop:
		abort(w)
		return w, false
	case action.Error != 0:
		http.Error(w, http.StatusText(action.Error), action.Error)
		return w, false
	case action.Truncate:
		return &truncatedWriter{ResponseWriter: w}, true
	}
	return w, true
}

// truncatedWriter ends the connection in the middle of the body whose length
// the handler has announced.
type truncatedWriter struct {
	http.ResponseWriter
	written int
}

func (w *truncatedWriter) Write(data []byte) (int, error) {
	length, _ := strconv.Atoi(w.Header().Get("Content-Length"))
	rest := max(length/2-w.written, 0)
	if rest > len(data) {
		w.written += len(data)
		return w.ResponseWriter.Write(data)
	}
	_, _ = w.ResponseWriter.Write(data[:rest])
	_ = http.NewResponseController(w.ResponseWriter).Flush()
	panic(http.ErrAbortHandler) // how net/http is told to end the connection
}

// abort ends a request without an answer.
func abort(w http.ResponseWriter) {
	if hijacker, ok := w.(http.Hijacker); ok {
		if tcp, _, err := hijacker.Hijack(); err == nil {
			_ = tcp.Close()
		}
	}
}

func (s *Server) takeUpload(w http.ResponseWriter, r *http.Request) {
	sum, err := s.media.put(r.Body)
	if err != nil {
		http.Error(w, "upload was cut off", http.StatusBadRequest)
		return
	}
	if token := path.Base(r.URL.Path); token != base64.URLEncoding.EncodeToString(sum) {
		http.Error(w, "hash does not fit", http.StatusUnprocessableEntity)
		return
	}
	s.media.mu.Lock()
	s.media.uploads++
	s.media.mu.Unlock()
	location := directPath(hex.EncodeToString(sum))
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(map[string]string{
		"url": "https://mmg.whatsapp.net" + location, "direct_path": location, "handle": "",
	}); err != nil {
		s.log.Debug("answer upload", "error", err)
	}
}

func (s *Server) deleteMedia(w http.ResponseWriter, r *http.Request) {
	sum, err := base64.URLEncoding.DecodeString(path.Base(r.URL.Path))
	if err != nil || len(sum) != sha256.Size {
		http.Error(w, "bad token", http.StatusBadRequest)
		return
	}
	s.media.expire(hex.EncodeToString(sum), http.StatusNotFound)
	w.WriteHeader(http.StatusOK)
}

// restore makes a file available again.
func (m *mediaStore) restore(sum []byte) {
	m.mu.Lock()
	delete(m.gone, hex.EncodeToString(sum))
	m.mu.Unlock()
}

func (m *mediaStore) expire(name string, status int) {
	m.mu.Lock()
	m.gone[name] = status
	m.mu.Unlock()
}

func (s *Server) sendFile(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimSuffix(path.Base(r.URL.Path), ".enc")
	if status := s.media.status(name); status != 0 {
		http.Error(w, http.StatusText(status), status)
		return
	}
	if _, err := hex.DecodeString(name); err != nil {
		http.NotFound(w, r)
		return
	}
	file, err := os.Open(s.media.file(name))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer func() { _ = file.Close() }() // only read
	s.media.mu.Lock()
	s.media.served++
	s.media.mu.Unlock()
	w.Header().Set("Content-Type", "application/octet-stream")
	if info, err := file.Stat(); err == nil {
		w.Header().Set("Content-Length", fmt.Sprint(info.Size()))
	}
	if _, err := io.Copy(w, file); err != nil {
		s.log.Debug("serve file", "error", err)
	}
}

// Uploads counts the files that clients have uploaded, Downloads those fetched.
func (s *Server) Uploads() int {
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	return s.media.uploads
}

// Downloads counts the files that have been fetched.
func (s *Server) Downloads() int {
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	return s.media.served
}

func (c *conn) handleMediaConn(iq *waBinary.Node) {
	if _, ok := iq.GetOptionalChildByTag("media_conn"); !ok {
		c.unknownIQ(iq)
		return
	}
	c.sendResult(iq, waBinary.Node{
		Tag:     "media_conn",
		Attrs:   waBinary.Attrs{"auth": "test-auth", "ttl": 300, "auth_ttl": 21600, "max_buckets": 12},
		Content: []waBinary.Node{{Tag: "host", Attrs: waBinary.Attrs{"hostname": "mmg.whatsapp.net"}}},
	})
}
