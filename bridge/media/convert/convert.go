package convert

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/media"
)

// Form is what WhatsApp shows a file as.
type Form string

// The forms of files.
const (
	Image    Form = "image"
	Video    Form = "video"
	GIF      Form = "gif" // a video that plays by itself, without sound
	Voice    Form = "voice"
	Audio    Form = "audio"
	Document Form = "document"
)

// File is a file on disk.
type File struct {
	Path string
	MIME string // plain, as media.Type gives it
	Name string
	// Recording says that the file was recorded by an agent, who expects it to
	// become a voice note.
	Recording bool
}

// Result is a file that is ready for WhatsApp. What is not known is left zero.
type Result struct {
	File
	Form      Form
	Width     int // pixels, as shown
	Height    int
	Seconds   int
	Waveform  []byte // 64 values from 0 to 100
	Thumbnail []byte // JPEG
	folder    string
}

// Discard removes what the conversion has made; the original stays.
func (r Result) Discard() {
	if r.folder != "" {
		_ = os.RemoveAll(r.folder)
	}
}

// Options set up a Converter.
type Options struct {
	// Spool holds the files of conversions.
	Spool *media.Spool
	// FFmpeg is the path of the program; empty means that there is none.
	FFmpeg string
	// Timeout bounds one run of it, 0 means 3 minutes.
	Timeout time.Duration
	Log     *slog.Logger
}

const (
	defaultTimeout = 3 * time.Minute
	// programs is how many runs of ffmpeg there may be at once, pictures how
	// many pictures may be decoded at once: each can be 100 MB in memory.
	programs = 2
	pictures = 1
)

// Converter makes files ready for WhatsApp.
type Converter struct {
	opts     Options
	programs chan struct{}
	pictures chan struct{}
}

// New makes a Converter.
func New(opts Options) *Converter {
	if opts.Timeout == 0 {
		opts.Timeout = defaultTimeout
	}
	return &Converter{opts: opts, programs: make(chan struct{}, programs), pictures: make(chan struct{}, pictures)}
}

// FindFFmpeg looks for the program where programs are; empty means that there
// is none.
func FindFFmpeg() string {
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		return ""
	}
	if path, err = filepath.Abs(path); err != nil {
		return ""
	}
	return path
}

// Prepare makes a file ready for WhatsApp; call Discard on the result once it
// was sent. The only errors are those of ctx and of a file that cannot be read.
func (c *Converter) Prepare(ctx context.Context, f File) (Result, error) {
	source, err := os.Open(f.Path)
	if err != nil {
		return Result{}, fmt.Errorf("prepare a file: %w", err)
	}
	defer source.Close()
	f.MIME = actualType(f.MIME, media.Head(source))
	r, ok := c.isolated(ctx, f, source)
	if err := ctx.Err(); err != nil {
		r.Discard()
		return Result{}, fmt.Errorf("prepare a file: %w", err)
	}
	if !ok {
		r.Discard()
		return Result{File: f, Form: Document}, nil
	}
	return r, nil
}

// isolated converts; a decoder that panics over a damaged file has no more
// effect than one that refuses it.
func (c *Converter) isolated(ctx context.Context, f File, source *os.File) (r Result, ok bool) {
	defer func() {
		if value := recover(); value != nil {
			c.opts.Log.Warn("a file cannot be converted", "type", f.MIME, "panic", fmt.Sprintf("%T", value))
			r, ok = Result{}, false
		}
	}()
	major, _, _ := strings.Cut(f.MIME, "/")
	switch {
	case f.MIME == "image/gif" && animated(source):
		if drawsTooMuch(source) {
			return Result{}, false
		}
		return c.film(ctx, f, GIF)
	case major == "image":
		return c.image(ctx, f, source)
	case f.Recording:
		return c.recording(ctx, f, source)
	case major == "video":
		return c.video(ctx, f, source)
	case major == "audio":
		return c.audio(ctx, f, source)
	}
	return Result{}, false
}

// actualType is what the content says where it contradicts the declaration of a
// picture, sound or film: wrong extensions are common. Sound and film share
// their containers, so which of the two it is stays as declared.
func actualType(declared string, head []byte) string {
	found := media.Type("", head)
	was, _, _ := strings.Cut(declared, "/")
	is, format, _ := strings.Cut(found, "/")
	switch {
	case was != "image" && was != "audio" && was != "video", found == media.Unknown, is == "text":
		return declared
	case was != "image" && (is == "audio" || is == "video"):
		return was + "/" + format
	}
	return found
}
