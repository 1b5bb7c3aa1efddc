package whatsapp

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// errTooLarge says that a file or what it unpacks to is larger than it may be.
var errTooLarge = errors.New("it is larger than it may be")

// memoryFile is a file that the library downloads into, in memory and no larger
// than most. Only one goroutine uses it.
type memoryFile struct {
	most int64
	data []byte
	at   int64
}

func (f *memoryFile) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.at)
	f.at += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

func (f *memoryFile) ReadAt(p []byte, offset int64) (int, error) {
	if offset >= int64(len(f.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.data[offset:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memoryFile) Write(p []byte) (int, error) {
	n, err := f.WriteAt(p, f.at)
	f.at += int64(n)
	return n, err
}

func (f *memoryFile) WriteAt(p []byte, offset int64) (int, error) {
	end := offset + int64(len(p))
	if end > f.most {
		return 0, errTooLarge
	}
	if grow := end - int64(len(f.data)); grow > 0 {
		f.data = append(f.data, make([]byte, grow)...)
	}
	return copy(f.data[offset:], p), nil
}

// Seek knows no other place than a number of bytes from the start; the library
// asks for no other.
func (f *memoryFile) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekStart || offset < 0 {
		return 0, fs.ErrInvalid
	}
	f.at = offset
	return offset, nil
}

func (f *memoryFile) Truncate(size int64) error {
	if size < 0 || size > int64(len(f.data)) {
		return fs.ErrInvalid
	}
	f.data = f.data[:size]
	return nil
}

func (f *memoryFile) Stat() (os.FileInfo, error) { return memoryInfo{size: int64(len(f.data))}, nil }

// memoryInfo tells a size only.
type memoryInfo struct {
	fs.FileInfo
	size int64
}

func (i memoryInfo) Size() int64 { return i.size }
