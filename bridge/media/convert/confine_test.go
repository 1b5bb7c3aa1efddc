//go:build linux

package convert_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/media/convert"
)

// The program that reads strangers' films has limits of its own, and goes first where
// there is little memory.
func TestM5_AProgramIsConfined(t *testing.T) {
	t.Parallel()
	said := filepath.Join(t.TempDir(), "said")
	script := filepath.Join(t.TempDir(), "ffmpeg")
	require.NoError(t, os.WriteFile(script, []byte(`#!/bin/bash
until [ "$(ulimit -v)" != unlimited ] && [ "$(ulimit -c)" = 0 ] && [ "$(cat /proc/$$/stat | cut -d' ' -f19)" = 10 ]; do sleep 0.01; done
{ ulimit -v; ulimit -t; ulimit -f; echo "$@"; } > `+said+`.new && mv `+said+`.new `+said+`
exit 1
`), 0o700))
	b := newBench(t, script, time.Minute)
	r := b.prepare(b.write("a.webm", []byte("\x1a\x45\xdf\xa3webm")), "video/webm", false)
	require.Equal(t, convert.Document, r.Form)
	out, err := os.ReadFile(said)
	require.NoError(t, err)
	lines := strings.Split(string(out), "\n")
	require.Equal(t, []string{"1048576", "61", "524288"}, lines[:3])
	for _, arg := range []string{"-max_alloc 268435456", "-max_pixels 16000000", "-threads 2"} {
		require.Contains(t, lines[3], arg)
	}
}

// A film that claims more pixels than are decoded goes as it is.
func TestM5_AFilmOfTooManyPixelsIsNotConverted(t *testing.T) {
	t.Parallel()
	b := newBench(t, ffmpeg(t), 0)
	film := b.make("large.mkv", "-f", "lavfi", "-i", "color=s=8192x4096:r=1", "-frames:v", "1", "-c:v", "mjpeg")
	r := b.prepare(film, "video/x-matroska", false)
	require.Equal(t, convert.Document, r.Form)
	film = b.make("fits.mkv", "-f", "lavfi", "-i", "testsrc=s=3840x2160:r=5", "-frames:v", "3", "-c:v", "libx264", "-preset", "ultrafast")
	r = b.prepare(film, "video/x-matroska", false)
	require.Equal(t, convert.Video, r.Form, "one of 4K does fit")
}

// A picture of a thousand scans costs nobody's time: it goes as it is.
func TestM5_APictureOfTooManyScansGoesAsADocument(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", 0)
	photo := jpegOf(t, picture(400, 200))
	at := bytes.Index(photo, []byte{0xff, 0xda})
	require.Positive(t, at)
	scan := photo[at : at+2+int(binary.BigEndian.Uint16(photo[at+2:]))]
	hostile := append(bytes.Clone(photo[:at]), bytes.Repeat(scan, 1000)...)
	r := b.prepare(b.write("a.jpg", append(hostile, photo[at:]...)), "image/jpeg", false)
	require.Equal(t, convert.Document, r.Form)
	r = b.prepare(b.write("b.jpg", photo), "image/jpeg", false)
	require.Equal(t, convert.Image, r.Form)
}
