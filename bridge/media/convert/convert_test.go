package convert_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/bridge/media/convert"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a converter and the folder that it works in.
type bench struct {
	t *testing.T
	*convert.Converter
	spool string // of the converter
	files string // of the tests
}

func newBench(t *testing.T, ffmpeg string, timeout time.Duration) *bench {
	t.Helper()
	b := &bench{t: t, spool: filepath.Join(t.TempDir(), "spool"), files: t.TempDir()}
	b.use(ffmpeg, timeout)
	t.Cleanup(func() { // after everything was sent
		left, err := os.ReadDir(b.spool)
		require.NoError(t, err)
		require.Empty(t, left, "files that nobody needs any more")
	})
	return b
}

func (b *bench) use(ffmpeg string, timeout time.Duration) {
	b.t.Helper()
	spool, err := media.NewSpool(b.spool, media.Limits{})
	require.NoError(b.t, err)
	b.Converter = convert.New(convert.Options{Spool: spool, FFmpeg: ffmpeg, Timeout: timeout, Log: slog.New(slog.DiscardHandler)})
}

// ffmpeg is the real program: the tests need it, but for the short ones.
func ffmpeg(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("it needs ffmpeg: make test runs this test")
	}
	path := convert.FindFFmpeg()
	require.NotEmpty(t, path, "run make test: it installs ffmpeg")
	return path
}

func (b *bench) write(name string, content []byte) string {
	b.t.Helper()
	path := filepath.Join(b.files, name)
	require.NoError(b.t, os.WriteFile(path, content, 0o600))
	return path
}

// make has ffmpeg make a file to convert.
func (b *bench) make(name string, args ...string) string {
	b.t.Helper()
	path := filepath.Join(b.files, name)
	out, err := exec.Command(ffmpeg(b.t), append(append([]string{"-nostdin", "-loglevel", "error"}, args...), "-y", path)...).CombinedOutput()
	require.NoError(b.t, err, string(out))
	return path
}

// prepare converts a file, which itself is to be left alone.
func (b *bench) prepare(path, mime string, recording bool) convert.Result {
	b.t.Helper()
	before, err := os.ReadFile(path)
	require.NoError(b.t, err)
	r, err := b.Prepare(context.Background(), convert.File{Path: path, MIME: mime, Name: filepath.Base(path), Recording: recording})
	require.NoError(b.t, err)
	b.t.Cleanup(r.Discard)
	after, err := os.ReadFile(path)
	require.NoError(b.t, err)
	require.Equal(b.t, before, after)
	return r
}

func content(t *testing.T, r convert.Result) []byte {
	t.Helper()
	data, err := os.ReadFile(r.Path)
	require.NoError(t, err)
	return data
}

// picture has a colour of its own in each corner, and a hole in the middle.
func picture(width, height int) *image.NRGBA {
	p := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.NRGBA{R: 200, A: 255}
			if x >= width/2 {
				c = color.NRGBA{B: 200, A: 255}
			}
			if x > width/4 && x < width*3/4 && y > height/4 && y < height*3/4 {
				c = color.NRGBA{}
			}
			p.SetNRGBA(x, y, c)
		}
	}
	return p
}

func encoded(t *testing.T, encode func(*bytes.Buffer) error) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, encode(&out))
	return out.Bytes()
}

func pngOf(t *testing.T, p image.Image) []byte {
	return encoded(t, func(out *bytes.Buffer) error { return png.Encode(out, p) })
}

func jpegOf(t *testing.T, p image.Image) []byte {
	return encoded(t, func(out *bytes.Buffer) error { return jpeg.Encode(out, p, nil) })
}

func gifOf(t *testing.T, pictures int) []byte {
	animation := &gif.GIF{}
	for i := range pictures {
		frame := image.NewPaletted(image.Rect(0, 0, 31, 21), color.Palette{color.White, color.Black, color.RGBA{R: 255, A: 255}})
		frame.SetColorIndex(i, i, 1)
		animation.Image, animation.Delay = append(animation.Image, frame), append(animation.Delay, 20)
	}
	return encoded(t, func(out *bytes.Buffer) error { return gif.EncodeAll(out, animation) })
}

func requireThumbnail(t *testing.T, thumbnail []byte, width, height int) {
	t.Helper()
	header, err := jpeg.DecodeConfig(bytes.NewReader(thumbnail))
	require.NoError(t, err)
	require.Equal(t, [2]int{width, height}, [2]int{header.Width, header.Height})
}

// exif puts an orientation into a JPEG.
func exif(photo []byte, orientation uint16) []byte {
	tiff := []byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	binary.LittleEndian.PutUint16(tiff[18:], orientation)
	segment := append([]byte("\xff\xe1\x00\x00Exif\x00\x00"), tiff...)
	binary.BigEndian.PutUint16(segment[2:], uint16(len(segment)-2))
	return append(append([]byte{0xff, 0xd8}, segment...), photo[2:]...)
}
