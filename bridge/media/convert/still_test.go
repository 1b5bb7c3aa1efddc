package convert_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/media/convert"
)

func TestACamerasPictureBecomesAJPEG(t *testing.T) {
	t.Parallel()
	b := newBench(t, ffmpeg(t), 0)
	path := b.make("photo.avif", "-f", "lavfi", "-i", "testsrc=s=200x120", "-frames:v", "1", "-c:v", "libaom-av1", "-still-picture", "1", "-cpu-used", "8")
	r := b.prepare(path, "image/avif", false)
	require.Equal(t, convert.Image, r.Form)
	require.Equal(t, [4]any{"image/jpeg", "photo.jpg", 200, 120}, [4]any{r.MIME, r.Name, r.Width, r.Height})
	requireThumbnail(t, r.Thumbnail, 72, 43)

	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	at := bytes.Index(whole, []byte("ispe"))
	require.Positive(t, at)
	whole[at+11] = 201 // it says to be larger than what can be read
	r = b.prepare(b.write("tiles.avif", whole), "image/avif", false)
	require.Equal(t, convert.Document, r.Form, "a part of a picture is not the picture")
}

func TestAFilmThatNoPhoneShowsIsADocument(t *testing.T) {
	t.Parallel()
	b := newBench(t, ffmpeg(t), 0)
	path := b.make("c.mp4", "-f", "lavfi", "-i", "testsrc=s=160x90:d=1:r=5", "-c:v", "libx265", "-tag:v", "hvc1")
	without := newBench(t, "", 0)
	r := without.prepare(path, "video/mp4", false)
	require.Equal(t, convert.Document, r.Form, "there is nothing to make a playable one with")
	large := b.make("large.mp4", "-f", "lavfi", "-i", "testsrc=s=160x90:d=1:r=5", "-c:v", "libx264", "-pix_fmt", "yuv420p")
	require.Equal(t, convert.Video, without.prepare(large, "video/mp4", false).Form)
	require.NoError(t, os.Truncate(large, 101<<20))
	require.Equal(t, convert.Document, without.prepare(large, "video/mp4", false).Form)
	require.Equal(t, "large.mp4", filepath.Base(large))
}
