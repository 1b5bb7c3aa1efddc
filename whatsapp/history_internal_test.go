package whatsapp

import (
	"bytes"
	"compress/zlib"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// bomb is a history of about a megabyte that would unpack to more than a
// gigabyte of zeros.
func bomb(tb testing.TB) []byte {
	tb.Helper()
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, zlib.BestCompression)
	require.NoError(tb, err)
	zero := make([]byte, 1<<20)
	part := func() []byte {
		from := out.Len()
		_, err := w.Write(zero)
		require.NoError(tb, err)
		require.NoError(tb, w.Flush())
		return bytes.Clone(out.Bytes()[from:])
	}
	part()
	again := part() // zeros after zeros: good any number of times
	for range 1100 {
		out.Write(again)
	}
	return out.Bytes()
}

// C2: a bomb is refused after as much as a history may unpack to, and none of
// that is kept.
func TestC2_ABombIsNotUnpacked(t *testing.T) {
	packed := bomb(t)
	require.Less(t, len(packed), 3<<19)
	unpacked, err := zlib.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	n, _ := io.Copy(io.Discard, unpacked) // its end is missing
	require.Greater(t, n, int64(1)<<30, "a bomb it is")

	read := &countingReader{r: bytes.NewReader(packed)}
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			read.r.Reset(packed)
			read.n = 0
			require.ErrorIs(b, unpacksWithin(read, historyMost), errTooLarge)
		}
	})
	require.Less(t, read.n, len(packed)/10, "the rest was not even looked at")
	require.Less(t, result.AllocedBytesPerOp(), int64(1<<20), "nothing of it is kept")
}

type countingReader struct {
	r *bytes.Reader
	n int
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func TestC2_WhatUnpacksWithinALimit(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	_, err := w.Write(make([]byte, 1000))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, unpacksWithin(bytes.NewReader(packed.Bytes()), 1000))
	require.ErrorIs(t, unpacksWithin(bytes.NewReader(packed.Bytes()), 999), errTooLarge)
	broken := bytes.Clone(packed.Bytes())
	broken[len(broken)-1] ^= 1
	require.ErrorIs(t, unpacksWithin(bytes.NewReader(broken), 1000), zlib.ErrChecksum)
	require.ErrorIs(t, unpacksWithin(bytes.NewReader([]byte("no zlib")), 1000), zlib.ErrHeader)
}

// A file in memory is a file, up to its size.
func TestAMemoryFile(t *testing.T) {
	t.Parallel()
	f := &memoryFile{most: 10}
	n, err := f.Write([]byte("0123456"))
	require.NoError(t, err)
	require.Equal(t, 7, n)
	_, err = f.Write([]byte("7890"))
	require.ErrorIs(t, err, errTooLarge)
	_, err = f.WriteAt([]byte("abc"), 7)
	require.NoError(t, err)
	require.Len(t, f.data, 10)
	info, err := f.Stat()
	require.NoError(t, err)
	require.Equal(t, int64(10), info.Size())
	require.NoError(t, f.Truncate(8))
	require.Error(t, f.Truncate(9))
	_, err = f.Seek(0, io.SeekEnd)
	require.Error(t, err)
	_, err = f.Seek(1, io.SeekStart)
	require.NoError(t, err)
	all, err := io.ReadAll(f)
	require.NoError(t, err)
	require.Equal(t, "123456a", string(all))
	tail := make([]byte, 4)
	n, err = f.ReadAt(tail, 6)
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, "6a", string(tail[:n]))
}
