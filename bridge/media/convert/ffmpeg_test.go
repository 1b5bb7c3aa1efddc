package convert_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/media/convert"
)

// tone are the arguments for two seconds of sound that swells.
func tone(codec ...string) []string {
	return append([]string{"-f", "lavfi", "-i", "sine=frequency=440:duration=2", "-af", "volume='t/2':eval=frame", "-ac", "2", "-c:a"}, codec...)
}

// recordings are the forms in which browsers record.
func recordings(b *bench) map[string]string {
	return map[string]string{
		b.make("11817c4d4da0.mp3", tone("libmp3lame")...):                    "audio/mpeg",
		b.make("11817c4d4da1.wav", tone("pcm_s16le")...):                     "audio/wav",
		b.make("11817c4d4da2.webm", tone("libopus")...):                      "audio/webm",
		b.make("11817c4d4da3.m4a", tone("aac")...):                           "audio/mp4",
		b.make("11817c4d4da4.ogg", tone("libopus")...):                       "audio/ogg",
		b.make("11817c4d4da5.ogg", append(tone("libopus"), "-ac", "1")...):   "audio/ogg", // as it has to be already
		b.make("11817c4d4da6.ogg", append(tone("libvorbis"), "-ac", "1")...): "audio/ogg",
	}
}

func TestR24_EveryRecordingBecomesAVoiceNote(t *testing.T) {
	t.Parallel()
	b := newBench(t, ffmpeg(t), 0)
	for path, mime := range recordings(b) {
		name := filepath.Base(path)
		r := b.prepare(path, mime, true)
		require.Equal(t, convert.Voice, r.Form, name)
		require.Equal(t, "audio/ogg; codecs=opus", r.MIME)
		require.True(t, strings.HasSuffix(r.Name, ".ogg"), r.Name)
		require.Equal(t, 2, r.Seconds, name)
		require.Len(t, r.Waveform, 64)
		require.LessOrEqual(t, maximum(r.Waveform), byte(100))
		require.Positive(t, maximum(r.Waveform))
		require.Contains(t, probe(t, r.Path), "opus, 48000 Hz, mono", name)
	}
}

func maximum(bars []byte) (most byte) {
	for _, bar := range bars {
		most = max(most, bar)
	}
	return most
}

// probe is what ffmpeg says about a file.
func probe(t *testing.T, path string) string {
	t.Helper()
	out, _ := exec.Command(ffmpeg(t), "-hide_banner", "-nostdin", "-i", path).CombinedOutput()
	return string(out)
}

func TestR24_MusicStaysAudio(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"", ffmpeg(t)} {
		b := newBench(t, program, 0)
		for path, mime := range recordings(b) {
			r := b.prepare(path, mime, false)
			name := filepath.Base(path)
			converted := mime == "audio/wav" || mime == "audio/webm" || strings.HasSuffix(name, "6.ogg")
			switch {
			case converted && program == "": // phones do not play it
				require.Equal(t, convert.Document, r.Form, name)
				require.Equal(t, name, r.Name)
			case converted:
				require.Equal(t, convert.Audio, r.Form, name)
				require.Equal(t, "audio/mp4", r.MIME)
				require.Equal(t, 2, r.Seconds)
			default:
				require.Equal(t, convert.Audio, r.Form, name)
				require.Equal(t, path, r.Path)
			}
			require.Nil(t, r.Waveform)
		}
	}
}

func TestWithoutFFmpegARecordingIsPlayedAsAudio(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", 0)
	for path, mime := range recordings(b) {
		name := filepath.Base(path)
		want := convert.Audio
		switch name {
		case "11817c4d4da1.wav", "11817c4d4da2.webm", "11817c4d4da6.ogg":
			want = convert.Document
		case "11817c4d4da5.ogg":
			want = convert.Voice
		}
		require.Equal(t, want, b.prepare(path, mime, true).Form, name)
	}
}

func TestFilmsBecomeMP4(t *testing.T) {
	t.Parallel()
	b := newBench(t, ffmpeg(t), 0)
	film := []string{"-f", "lavfi", "-i", "testsrc=s=161x91:d=2:r=10", "-f", "lavfi", "-i", "sine=d=2"}
	for path, mime := range map[string]string{
		b.make("a.webm", append(film, "-c:v", "libvpx", "-c:a", "libopus")...):                                               "video/webm",
		b.make("b.mov", append(film, "-c:v", "libx264", "-pix_fmt", "yuv444p", "-c:a", "aac")...):                            "video/quicktime",
		b.make("c.mp4", append(film, "-c:v", "libx265", "-vf", "scale=160:90,setsar=1", "-c:a", "aac", "-tag:v", "hvc1")...): "video/mp4",
	} {
		r := b.prepare(path, mime, false)
		name := filepath.Base(path)
		require.Equal(t, convert.Video, r.Form, name)
		require.Equal(t, "video/mp4", r.MIME)
		require.True(t, strings.HasSuffix(r.Name, ".mp4"))
		require.Equal(t, [3]int{160, 90, 2}, [3]int{r.Width, r.Height, r.Seconds}, name)
		requireThumbnail(t, r.Thumbnail, 72, 41)
		said := probe(t, r.Path)
		require.Contains(t, said, "h264", name)
		require.Contains(t, said, "yuv420p")
		require.Contains(t, said, "aac")
		made := content(t, r)
		require.Less(t, strings.Index(string(made), "moov"), strings.Index(string(made), "mdat"), "the index is in front")
	}
}

func TestAMovingGIFPlaysByItself(t *testing.T) {
	t.Parallel()
	b := newBench(t, ffmpeg(t), 0)
	r := b.prepare(b.write("wave.gif", gifOf(t, 4)), "image/gif", false)
	require.Equal(t, convert.GIF, r.Form)
	require.Equal(t, "video/mp4", r.MIME)
	require.Equal(t, [2]int{30, 20}, [2]int{r.Width, r.Height}, "even sides")
	require.NotNil(t, r.Thumbnail)
}

func TestAnMP4PassesUntouched(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"", ffmpeg(t)} {
		b := newBench(t, program, 0)
		path := b.make("film.mp4", "-f", "lavfi", "-i", "testsrc=s=160x90:d=3", "-c:v", "libx264", "-pix_fmt", "yuv420p")
		b.turn(path)
		r := b.prepare(path, "video/mp4", false)
		require.Equal(t, convert.Video, r.Form)
		require.Equal(t, path, r.Path)
		require.Equal(t, [3]int{90, 160, 3}, [3]int{r.Width, r.Height, r.Seconds}, "as the phone was held")
		if program == "" {
			require.Nil(t, r.Thumbnail)
		} else {
			requireThumbnail(t, r.Thumbnail, 41, 72)
		}
	}
}

// turn marks a film as taken with the phone held upright.
func (b *bench) turn(path string) {
	b.t.Helper()
	film, err := os.ReadFile(path)
	require.NoError(b.t, err)
	matrix := film[bytes.Index(film, []byte("tkhd"))+4+40:]
	one := []byte{0, 1, 0, 0}
	copy(matrix, make([]byte, 36))
	copy(matrix[4:], one)
	copy(matrix[12:], []byte{0xff, 0xff, 0, 0})
	copy(matrix[24:], []byte{0, 90, 0, 0})
	copy(matrix[32:], []byte{0x40, 0, 0, 0})
	require.NoError(b.t, os.WriteFile(path, film, 0o600))
}

func TestWithoutFFmpegAFilmIsADocument(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", 0)
	r := b.prepare(b.make("a.webm", "-f", "lavfi", "-i", "testsrc=s=160x90:d=1", "-c:v", "libvpx"), "video/webm", false)
	require.Equal(t, convert.Document, r.Form)
	require.Equal(t, "a.webm", r.Name)
}

func TestAPlaylistInDisguiseLeadsNowhere(t *testing.T) {
	t.Parallel()
	b := newBench(t, ffmpeg(t), 0)
	secret := b.make("secret.mov", "-f", "lavfi", "-i", "testsrc=s=160x90:d=1", "-c:v", "libx264")
	list := "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://" + secret + "\n#EXT-X-ENDLIST\n"
	for _, name := range []string{"film.mov", "film.webm"} {
		r := b.prepare(b.write(name, []byte(list)), map[string]string{"film.mov": "video/quicktime", "film.webm": "video/webm"}[name], false)
		require.Equal(t, convert.Document, r.Form)
		require.Equal(t, list, string(content(t, r)))
	}
}

// program writes a stand-in for ffmpeg; $out is the file to be written.
func (b *bench) program(body string) string {
	b.t.Helper()
	path := filepath.Join(b.files, "ffmpeg")
	script := "#!/bin/sh\nfor out; do :; done\nout=${out#file:}\n" + body + "\n"
	require.NoError(b.t, os.WriteFile(path, []byte(script), 0o700))
	return path
}

func TestR18_AProgramThatFailsLeadsToTheFallback(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"fails":           "exit 1",
		"talks":           "yes | head -c 10000000 >&2; exit 1",
		"writes nothing":  "exit 0",
		"writes garbage":  `head -c 100000 /dev/urandom > "$out"`,
		"writes a folder": `mkdir "$out"`,
		"leaves litter":   `touch a b c; mkdir d; touch d/e; exit 3`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "", 0)
			b.use(b.program(body), time.Minute)
			for file, tc := range map[string]struct {
				mime string
				form convert.Form
			}{"11817c4d4da0.mp3": {"audio/mpeg", convert.Audio}, "a.wav": {"audio/wav", convert.Document}, "a.webm": {"video/webm", convert.Document}, "a.mp4": {"video/mp4", convert.Video}} {
				r := b.prepare(b.write(file, []byte("no film and no sound")), tc.mime, strings.HasSuffix(file, ".mp3"))
				require.Equal(t, tc.form, r.Form, file)
				require.Equal(t, file, r.Name)
				require.Nil(t, r.Thumbnail)
			}
		})
	}
}

func TestR18_AProgramThatSleepsForEverIsEndedWithItsChildren(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", 0)
	pids := filepath.Join(b.files, "pids")
	b.use(b.program(fmt.Sprintf("sleep 1000 & echo $! $$ > %s\nwait", pids)), 5*time.Second)
	r := b.prepare(b.write("11817c4d4da0.mp3", []byte("sound")), "audio/mpeg", true)
	require.Equal(t, convert.Audio, r.Form)
	said, err := os.ReadFile(pids)
	require.NoError(t, err)
	for _, word := range strings.Fields(string(said)) {
		pid, err := strconv.Atoi(word)
		require.NoError(t, err)
		require.Eventually(t, func() bool { return gone(pid) }, 10*time.Second, 5*time.Millisecond, "process %d lives on", pid)
	}
}

// gone reports whether a process has ended; one that nobody has collected yet
// has too.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

func TestR18_AShutdownEndsTheProgram(t *testing.T) {
	t.Parallel()
	b := newBench(t, "", 0)
	started := filepath.Join(b.files, "started")
	b.use(b.program("touch "+started+"\nsleep 1000"), time.Hour)
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		for {
			if _, err := os.Stat(started); err == nil || ctx.Err() != nil {
				stop()
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	_, err := b.Prepare(ctx, convert.File{Path: b.write("a.webm", []byte("film")), MIME: "video/webm", Name: "a.webm"})
	require.ErrorIs(t, err, context.Canceled)
	left, err := os.ReadDir(b.spool)
	require.NoError(t, err)
	require.Empty(t, left)
}
