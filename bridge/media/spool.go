package media

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// Limits keep the spool from filling the disk, on which the database may be too.
type Limits struct {
	// Most is how many bytes it may hold at once; 0 = any number.
	Most int64
	// Floor is how many bytes of the disk it leaves free.
	Floor int64
}

var (
	// ErrNoRoom says that the spool, or the disk, has no room for a file now.
	ErrNoRoom = errors.New("there is no room for the file on the disk")
	// ErrTooLarge says that the spool will never have room for a file.
	ErrTooLarge = errors.New("the file is larger than the folder for files may be")
)

// Spool is a folder of files that pass through. Its methods may be called at the
// same time.
type Spool struct {
	dir    string
	limits Limits
	free   func(dir string) (int64, error)

	mu sync.Mutex
	// taken is what all files may grow to without asking again, written how far they
	// have come.
	taken, written int64
}

// NewSpool makes the folder, or empties it of what an earlier run left.
func NewSpool(dir string, limits Limits) (*Spool, error) {
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
	return &Spool{dir: dir, limits: limits, free: FreeSpace}, nil
}

// step is by how much a file grows that becomes larger than was known.
const step = 8 << 20

// take gives room for n bytes more.
func (s *Spool) take(n int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.limits.Most > 0 && s.taken+n > s.limits.Most {
		return ErrNoRoom
	}
	if s.limits.Floor > 0 {
		free, err := s.free(s.dir)
		if err != nil {
			return fmt.Errorf("look how much of the disk is free: %w", err)
		}
		if free-(s.taken-s.written)-n < s.limits.Floor {
			return ErrNoRoom
		}
	}
	s.taken += n
	return nil
}

func (s *Spool) grew(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written += n
}

func (s *Spool) give(taken, written int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken, s.written = s.taken-taken, s.written-written
}

// File opens a new file with room for size bytes, or as many as there will be if that is
// 0; Discard removes it. It can become larger, as long as there is room. The error may be
// ErrNoRoom or ErrTooLarge.
func (s *Spool) File(size int64) (*File, error) {
	if s.limits.Most > 0 && size > s.limits.Most {
		return nil, ErrTooLarge
	}
	if err := s.take(size); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(s.dir, "wootbridge-*")
	if err != nil {
		s.give(size, 0)
		return nil, fmt.Errorf("make a spool file: %w", err)
	}
	return &File{File: file, spool: s, taken: size}, nil
}

// Folder makes a new folder; whoever asks for it removes it.
func (s *Spool) Folder() (string, error) {
	if err := s.take(step); err != nil {
		return "", err
	}
	s.give(step, 0)
	folder, err := os.MkdirTemp(s.dir, "wootbridge-*")
	if err != nil {
		return "", fmt.Errorf("make a spool folder: %w", err)
	}
	return folder, nil
}

// File is a file of a spool. Its writers ask for room first; they fail with ErrNoRoom or
// ErrTooLarge before the disk does.
type File struct {
	*os.File
	spool *Spool

	mu         sync.Mutex
	taken, end int64
}

// reach makes sure that the file may be as long as end.
func (f *File) reach(end int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if end > f.taken {
		most := f.spool.limits.Most
		if most > 0 && end > most {
			return ErrTooLarge
		}
		more := (end - f.taken + step - 1) / step * step
		if most > 0 {
			more = min(more, most-f.taken)
		}
		if err := f.spool.take(more); err != nil {
			return err
		}
		f.taken += more
	}
	if end > f.end {
		f.spool.grew(end - f.end)
		f.end = end
	}
	return nil
}

// Write implements io.Writer.
func (f *File) Write(p []byte) (int, error) {
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	if err := f.reach(at + int64(len(p))); err != nil {
		return 0, err
	}
	return f.File.Write(p)
}

// WriteString implements io.StringWriter.
func (f *File) WriteString(text string) (int, error) { return f.Write([]byte(text)) }

// WriteAt implements io.WriterAt.
func (f *File) WriteAt(p []byte, offset int64) (int, error) {
	if err := f.reach(offset + int64(len(p))); err != nil {
		return 0, err
	}
	return f.File.WriteAt(p, offset)
}

// ReadFrom implements io.ReaderFrom; an os.File would copy without asking for room.
func (f *File) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{f}, r)
}

// Truncate makes the file shorter or longer.
func (f *File) Truncate(size int64) error {
	if err := f.reach(size); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

// Discard closes and removes the file.
func (f *File) Discard() {
	_ = f.Close() // may be closed already
	_ = os.Remove(f.Name())
	f.mu.Lock()
	defer f.mu.Unlock()
	f.spool.give(f.taken, f.end)
	f.taken, f.end = 0, 0
}

// Head reads a file's beginning, enough to tell its type.
func Head(file io.ReaderAt) []byte {
	head := make([]byte, 3072)
	n, _ := file.ReadAt(head, 0)
	return head[:n]
}
