package convert_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image/jpeg"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/media/convert"
)

func TestPicturesBecomeJPEGOnWhite(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", 0)
	for name, data := range map[string][]byte{
		"see-through.png": pngOf(t, picture(400, 100)),
		"still.gif":       gifOf(t, 1),
	} {
		r := b.prepare(b.write(name, data), "image/"+name[len(name)-3:], false)
		require.Equal(t, convert.Image, r.Form, name)
		require.Equal(t, "image/jpeg", r.MIME)
		require.True(t, strings.HasSuffix(r.Name, ".jpg"), r.Name)
		made, err := jpeg.Decode(bytes.NewReader(content(t, r)))
		require.NoError(t, err)
		require.Equal(t, made.Bounds().Dx(), r.Width)
		require.Equal(t, made.Bounds().Dy(), r.Height)
		red, green, blue, _ := made.At(r.Width/2, r.Height/2).RGBA()
		require.Greater(t, min(red, green, blue), uint32(0xf000), "white where it was see-through")
	}
	r := b.prepare(b.write("wide.png", pngOf(t, picture(400, 100))), "image/png", false)
	requireThumbnail(t, r.Thumbnail, 72, 18)
	r = b.prepare(b.write("thin.png", pngOf(t, picture(1000, 3))), "image/png", false)
	requireThumbnail(t, r.Thumbnail, 72, 1)
}

func TestWebPBecomesJPEG(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", 0)
	r := b.prepare(b.make("photo.webp", "-f", "lavfi", "-i", "testsrc=s=64x32", "-frames:v", "1"), "image/webp", false)
	require.Equal(t, convert.Image, r.Form)
	require.Equal(t, [2]int{64, 32}, [2]int{r.Width, r.Height})
	_, err := jpeg.Decode(bytes.NewReader(content(t, r)))
	require.NoError(t, err)
}

func TestAJPEGPassesUntouchedWithAPreviewThatIsUpright(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", 0)
	photo := jpegOf(t, picture(400, 200))
	for orientation, want := range map[uint16][4]int{
		0: {400, 200, 72, 36}, 1: {400, 200, 72, 36}, 3: {400, 200, 72, 36}, 6: {200, 400, 36, 72}, 8: {200, 400, 36, 72}, 77: {400, 200, 72, 36},
	} {
		turned := exif(photo, orientation)
		r := b.prepare(b.write("photo.jpg", turned), "image/jpeg", false)
		require.Equal(t, convert.Image, r.Form)
		require.Equal(t, turned, content(t, r))
		require.Equal(t, want[:2], []int{r.Width, r.Height}, "orientation %d", orientation)
		requireThumbnail(t, r.Thumbnail, want[2], want[3])
		thumbnail, err := jpeg.Decode(bytes.NewReader(r.Thumbnail))
		require.NoError(t, err)
		red, _, blue, _ := thumbnail.At(3, 3).RGBA() // the upper left corner was red before the camera was turned
		require.Equal(t, orientation == 3 || orientation == 8, blue > red, "orientation %d", orientation)
	}
}

func TestWhatCannotBeDecodedGoesOutAsItIs(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", 0)
	whole := pngOf(t, picture(40, 40))
	for name, tc := range map[string]struct {
		data []byte
		mime string
		form convert.Form
	}{
		"broken.jpg":  {[]byte("\xff\xd8\xff\xe0 no picture"), "image/jpeg", convert.Image}, // a phone may know better
		"cut.png":     {whole[:len(whole)/2], "image/png", convert.Document},
		"huge.png":    {pngHeader(12_001, 10), "image/png", convert.Document},
		"bomb.png":    {pngHeader(11_999, 11_999), "image/png", convert.Document},
		"camera.heic": {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), "image/heic", convert.Document},
		"logo.svg":    {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "image/svg+xml", convert.Document},
		"moving.gif":  {gifOf(t, 3), "image/gif", convert.Document}, // there is no ffmpeg here
		"empty.png":   {nil, "image/png", convert.Document},
	} {
		r := b.prepare(b.write(name, tc.data), tc.mime, false)
		require.Equal(t, tc.form, r.Form, name)
		require.Equal(t, name, r.Name)
		require.Equal(t, tc.mime, r.MIME)
		require.Equal(t, len(tc.data), len(content(t, r)))
		require.Nil(t, r.Thumbnail)
	}
}

func TestR10_AWrongExtensionDoesNotMislead(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", 0)
	r := b.prepare(b.write("really-png.jpg", pngOf(t, picture(40, 40))), "image/jpeg", false)
	require.Equal(t, convert.Image, r.Form)
	require.Equal(t, []byte("\xff\xd8\xff"), content(t, r)[:3])
	r = b.prepare(b.write("really-jpeg.png", jpegOf(t, picture(40, 40))), "image/png", false)
	require.Equal(t, convert.Image, r.Form)
	require.Equal(t, "image/jpeg", r.MIME)
	r = b.prepare(b.write("really-pdf.jpg", []byte("%PDF-1.7\n")), "image/jpeg", false)
	require.Equal(t, convert.Document, r.Form)
	r = b.prepare(b.write("picture.pdf", pngOf(t, picture(40, 40))), "application/pdf", false)
	require.Equal(t, convert.Document, r.Form, "what was sent as a document stays one")
}

func TestACancelledPictureIsNotSentAsSomethingElse(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", 0)
	ended, end := context.WithCancel(context.Background())
	end()
	_, err := b.Prepare(ended, convert.File{Path: b.write("a.png", pngOf(t, picture(40, 40))), MIME: "image/png", Name: "a.png"})
	require.ErrorIs(t, err, context.Canceled)
}

// pngHeader begins a PNG of a size that nobody should try to hold.
func pngHeader(width, height uint32) []byte {
	header := []byte("IHDR\x00\x00\x00\x00\x00\x00\x00\x00\x08\x02\x00\x00\x00")
	binary.BigEndian.PutUint32(header[4:], width)
	binary.BigEndian.PutUint32(header[8:], height)
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), header...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(header))
}
