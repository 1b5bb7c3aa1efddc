package whatsapptest

import (
	"fmt"
	"net/http"

	"go.mau.fi/whatsmeow/proto/waWa6"
)

// SetVersion changes the revision of WhatsApp Web that the server's start page
// names; 0, as at first, is a page without one.
func (s *Server) SetVersion(revision uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revision = revision
}

// RequireVersion makes the server refuse clients of an older revision than the
// given one as outdated.
func (s *Server) RequireVersion(revision uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.required = revision
}

// Refused counts the connections that were refused as outdated.
func (s *Server) Refused() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// outdated says whether a client is to be refused for its version.
func (s *Server) outdated(payload *waWa6.ClientPayload) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if payload.GetUserAgent().GetAppVersion().GetTertiary() >= s.required {
		return false
	}
	s.refused++
	return true
}

// serveStart is the start page of WhatsApp Web, as far as clients read it.
func (s *Server) serveStart(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	revision := s.revision
	s.mu.Unlock()
	if revision == 0 {
		http.Error(w, "no version", http.StatusServiceUnavailable)
		return
	}
	_, _ = fmt.Fprintf(w, `<!DOCTYPE html><script>{"client_revision":%d,"push_phase":"C3"}</script>`, revision)
}
