package convert

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// jpegOf is a picture of about so many bytes.
func jpegOf(t testing.TB, side int) []byte {
	t.Helper()
	picture := image.NewGray(image.Rect(0, 0, side, side))
	for i := range picture.Pix {
		picture.Pix[i] = byte(i * i)
	}
	var out bytes.Buffer
	require.NoError(t, jpeg.Encode(&out, picture, nil))
	return out.Bytes()
}

// scansOf is a progressive JPEG of so many pixels with so many scans of a few bytes.
func scansOf(side uint16, scans int) []byte {
	hi, lo := byte(side>>8), byte(side)
	file := []byte{0xff, 0xd8, 0xff, 0xc2, 0, 11, 8, hi, lo, hi, lo, 1, 1, 0x11, 0}
	file = append(file, 0xff, 0xc4, 0, 20, 0x00, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) // one code: nothing
	for range scans {
		file = append(file, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0, 0x00)
	}
	return append(file, 0xff, 0xd9)
}

// gifOf is a GIF with so many pictures of one pixel on a screen of so many.
func gifOf(side uint16, pictures int) []byte {
	hi, lo := byte(side>>8), byte(side)
	file := append([]byte("GIF89a"), lo, hi, lo, hi, 0x80, 0, 0, 0, 0, 0, 255, 255, 255)
	for range pictures {
		file = append(file, 0x21, 0xf9, 4, 4, 1, 0, 0, 0, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0)
	}
	return append(file, 0x3b)
}

// Each picture of a GIF costs ffmpeg its whole screen, however few bytes it has.
func TestM5_APictureThatMovesForTooLongIsNotDrawn(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		file        []byte
		moves, much bool
	}{
		"a picture":                    {gifOf(4000, 1), false, false},
		"a small one for long":         {gifOf(100, 30_000), true, false},
		"a minute of a large film":     {gifOf(1000, 1500), true, false},
		"the most":                     {gifOf(1024, 4096), true, false},
		"one more":                     {gifOf(1024, 4097), true, true},
		"half a megabyte, for minutes": {gifOf(1000, 30_000), true, true},
		"tiny ones without end":        {gifOf(10, 200_000), true, true},
		"the largest screen":           {gifOf(65_535, 2), true, true},
		"a screen of nothing":          {gifOf(0, 3), true, false},
		"one that breaks off":          {gifOf(1000, 30_000)[:40], false, false},
		"nothing":                      {nil, false, false},
	} {
		require.Equal(t, c.moves, animated(bytes.NewReader(c.file)), what)
		require.Equal(t, c.much, drawsTooMuch(bytes.NewReader(c.file)), what)
	}
}

func TestM5_ScansAreCountedBeforeAPictureIsDecoded(t *testing.T) {
	t.Parallel()
	inSegment := append([]byte{0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff}, bytes.Repeat([]byte{0xff, 0xda, 0, 2}, 16383)...)
	for what, c := range map[string]struct {
		file []byte
		many bool
	}{
		"a photo":                         {jpegOf(t, 300), false},
		"as many as programs write":       {scansOf(4000, 12), false},
		"the most":                        {scansOf(4000, mostScans), false},
		"one more":                        {scansOf(4000, mostScans+1), true},
		"two thousand":                    {scansOf(4000, 2000), true},
		"with filling before each":        {bytes.ReplaceAll(scansOf(4000, 2000), []byte{0xff, 0xda}, []byte{0xff, 0xff, 0xff, 0xda}), true},
		"a preview's within a segment":    {append(inSegment, jpegOf(t, 8)[2:]...), false},
		"a segment that breaks off":       {[]byte{0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff, 0xff, 0xda}, false},
		"no picture":                      {bytes.Repeat([]byte{0xff}, 100_000), false},
		"nothing":                         {nil, false},
		"something else":                  {[]byte("%PDF"), false},
		"a size that is less than itself": {append([]byte{0xff, 0xd8, 0xff, 0xe1, 0, 0}, scansOf(10, 100)...), true},
	} {
		require.Equal(t, c.many, tooManyScans(bytes.NewReader(c.file)), what)
	}
}

// counting ends a context after so many reads.
type counting struct {
	io.Reader
	left int
	end  func()
}

func (c *counting) Read(p []byte) (int, error) {
	if c.left--; c.left == 0 {
		c.end()
	}
	return c.Reader.Read(p)
}

func (*counting) Seek(int64, int) (int64, error) { return 0, nil }

// A decoder stops soon after its time, whatever it is doing.
func TestM5_ADecoderStopsInTime(t *testing.T) {
	t.Parallel()
	file := jpegOf(t, 2000)
	ctx, end := context.WithCancel(t.Context())
	r := &counting{Reader: bytes.NewReader(file), left: 20, end: end}
	_, _, err := image.Decode(inTime{ctx, r})
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, r.left, "there was no further read")

	whole, err := decode(t.Context(), bytes.NewReader(file))
	require.NoError(t, err)
	require.Equal(t, color.GrayModel, whole.ColorModel())
}

func FuzzTooManyScans(f *testing.F) {
	f.Add(scansOf(100, 100))
	f.Add(jpegOf(f, 16))
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Count(data, []byte{0xda}) <= mostScans && tooManyScans(bytes.NewReader(data)) {
			t.Fatal("more scans than marks of them")
		}
	})
}
