package chatwoottest

import (
	"context"
	"errors"
	"net/http"
)

// Backup keeps all rows and files as they are, for Restore.
func (s *Server) Backup() error {
	document, err := s.Freeze()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.backup = document
	return nil
}

var errNoBackup = errors.New("there is no backup")

// Restore takes the server back to its last Backup, while it runs, as an admin does with
// a database. What was written since is gone, and its ids are given again.
func (s *Server) Restore() error {
	s.mu.Lock()
	document := s.backup
	s.mu.Unlock()
	if document == nil {
		return errNoBackup
	}
	return s.Thaw(document)
}

func (s *Server) controlBackup(*http.Request) (any, error) { return nil, s.Backup() }

func (s *Server) controlRestore(*http.Request) (any, error) { return nil, s.Restore() }

// Backup keeps the server's state; see Server.Backup.
func (c Control) Backup(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/backup", nil, nil)
}

// Restore takes the server back to it; see Server.Restore.
func (c Control) Restore(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/restore", nil, nil)
}
