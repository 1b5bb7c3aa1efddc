package media

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func newTestSpool(t *testing.T, limits Limits) *Spool {
	t.Helper()
	s, err := NewSpool(t.TempDir(), limits)
	require.NoError(t, err)
	return s
}

// A file that is larger than was said, however it is written, fails before the disk is
// full, and leaves its room to others when it is gone.
func TestM1_AFileNeverFillsTheDisk(t *testing.T) {
	t.Parallel()
	const most = 4 * step
	large := bytes.Repeat([]byte("x"), most)
	for what, write := range map[string]func(f *File) error{
		"at once":       func(f *File) error { _, err := f.Write(append(large, 'x')); return err },
		"in one string": func(f *File) error { _, err := f.WriteString(strings.Repeat("x", most+1)); return err },
		"at a place":    func(f *File) error { _, err := f.WriteAt([]byte("x"), most); return err },
		"by its end":    func(f *File) error { return f.Truncate(most + 1) },
		"by a copy": func(f *File) error {
			_, err := io.Copy(f, io.LimitReader(rand.NewChaCha8([32]byte{}), most+1))
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newTestSpool(t, Limits{Most: most, Floor: 100})
			disk := int64(1 << 40)
			s.free = func(string) (int64, error) { return disk, nil }
			f, err := s.File(1)
			require.NoError(t, err)
			require.ErrorIs(t, write(f), ErrTooLarge)
			f.Discard()
			require.Zero(t, s.taken)
			require.Zero(t, s.written)

			other, err := s.File(step)
			require.NoError(t, err)
			f, err = s.File(1)
			require.NoError(t, err)
			_, err = f.WriteAt([]byte("x"), most-step)
			require.ErrorIs(t, err, ErrNoRoom, "the other one has it")
			other.Discard()
			_, err = f.WriteAt([]byte("x"), most-2*step)
			require.NoError(t, err)
			f.Discard()

			disk = 100 + step - 1
			_, err = s.File(step)
			require.ErrorIs(t, err, ErrNoRoom, "the disk's floor")
			_, err = s.Folder()
			require.ErrorIs(t, err, ErrNoRoom)
			disk++
			f, err = s.File(step)
			require.NoError(t, err)
			_, err = s.File(1)
			require.ErrorIs(t, err, ErrNoRoom, "it is not written yet, and has its room")
			f.Discard()
			_, err = s.File(most + 1)
			require.ErrorIs(t, err, ErrTooLarge)
			s.free = func(string) (int64, error) { return 0, errors.New("no such disk") }
			_, err = s.File(1)
			require.ErrorContains(t, err, "no such disk")
			require.Zero(t, s.taken)
		})
	}
}

func TestHowMuchOfADiskIsFreeIsKnown(t *testing.T) {
	t.Parallel()
	free, err := FreeSpace(t.TempDir())
	require.NoError(t, err)
	require.Positive(t, free)
	require.Positive(t, DiskFloor(t.TempDir()))
	_, err = FreeSpace("/no/such/folder")
	require.Error(t, err)
	require.Positive(t, DiskFloor("/no/such/folder"))
}
