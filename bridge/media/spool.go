package media

import (
	"fmt"
	"os"
	"path/filepath"
)

// Spool is a folder of files that pass through.
type Spool struct{ dir string }

// NewSpool makes the folder, or empties it of what an earlier run left.
func NewSpool(dir string) (*Spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the spool folder: %w", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "wootbridge-*"))
	if err != nil {
		return nil, fmt.Errorf("look into the spool folder: %w", err)
	}
	for _, name := range left {
		if err := os.RemoveAll(name); err != nil {
			return nil, fmt.Errorf("empty the spool folder: %w", err)
		}
	}
	return &Spool{dir: dir}, nil
}

// File opens a new file; Discard removes it.
func (s *Spool) File() (*os.File, error) {
	file, err := os.CreateTemp(s.dir, "wootbridge-*")
	if err != nil {
		return nil, fmt.Errorf("make a spool file: %w", err)
	}
	return file, nil
}

// Folder makes a new folder; whoever asks for it removes it.
func (s *Spool) Folder() (string, error) {
	folder, err := os.MkdirTemp(s.dir, "wootbridge-*")
	if err != nil {
		return "", fmt.Errorf("make a spool folder: %w", err)
	}
	return folder, nil
}

// Discard closes and removes a spool file.
func Discard(file *os.File) {
	_ = file.Close() // may be closed already
	_ = os.Remove(file.Name())
}

// Head reads a file's beginning, enough to tell its type.
func Head(file *os.File) []byte {
	head := make([]byte, 3072)
	n, _ := file.ReadAt(head, 0)
	return head[:n]
}
