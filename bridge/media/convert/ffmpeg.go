package convert

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// demuxers are the formats that ffmpeg may read, by type. The format is always
// given to it: left to guess, it would follow a playlist in disguise to other
// files and hosts.
var demuxers = map[string]string{
	"audio/mpeg": "mp3", "audio/wav": "wav", "audio/ogg": "ogg", "audio/webm": "matroska", "audio/mp4": "mov",
	"audio/aac": "aac", "audio/amr": "amr", "audio/flac": "flac", "audio/3gpp": "mov",
	"video/webm": "matroska", "video/x-matroska": "matroska", "video/quicktime": "mov", "video/mp4": "mov", "video/3gpp": "mov",
	"video/ogg": "ogg", "video/x-msvideo": "avi", "image/gif": "gif",
	"image/heic": "mov", "image/heif": "mov", "image/avif": "mov",
}

const (
	// maxOutput bounds what a run writes.
	maxOutput = 512 << 20
	// maxAlloc bounds one piece of memory, programThreads how many frames a program has in
	// work at once, and with that all of its memory.
	maxAlloc       = 256 << 20
	programThreads = "2"
	// maxComplaint bounds what is kept of a program's words.
	maxComplaint = 4 << 10
	// pipesWait is how long an ended program's children may keep its pipes.
	pipesWait = 2 * time.Second
)

var errNoProgram = errors.New("there is no ffmpeg for this format")

// run has ffmpeg make a new file, named out, of f: args say how. Whoever gets a
// folder removes it.
func (c *Converter) run(ctx context.Context, f File, out string, args ...string) (path, folder string, err error) {
	demuxer := demuxers[f.MIME]
	if c.opts.FFmpeg == "" || demuxer == "" {
		return "", "", errNoProgram
	}
	select {
	case c.programs <- struct{}{}:
		defer func() { <-c.programs }()
	case <-ctx.Done():
		return "", "", ctx.Err()
	}
	if folder, err = c.opts.Spool.Folder(); err != nil {
		return "", "", err
	}
	path = filepath.Join(folder, out)
	line := append([]string{
		"-nostdin", "-hide_banner", "-loglevel", "error", "-protocol_whitelist", "file", "-max_alloc", strconv.Itoa(maxAlloc),
		"-threads", programThreads, "-max_pixels", strconv.Itoa(maxPixels), "-f", demuxer, "-i", "file:" + f.Path,
		"-threads", programThreads, "-filter_threads", programThreads, "-map_metadata", "-1", "-fs", strconv.Itoa(maxOutput),
	}, args...)
	if err := c.execute(ctx, folder, append(line, "-y", "file:"+path)); err != nil {
		_ = os.RemoveAll(folder)
		return "", "", err
	}
	if info, err := os.Stat(path); err != nil || info.Size() == 0 || info.Size() >= maxOutput {
		_ = os.RemoveAll(folder)
		return "", "", errors.New("ffmpeg has written nothing useful")
	}
	return path, folder, nil
}

func (c *Converter) execute(ctx context.Context, folder string, args []string) error {
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.opts.FFmpeg, args...)
	complaint := &firstBytes{most: maxComplaint}
	cmd.Dir, cmd.Stderr, cmd.WaitDelay = folder, complaint, pipesWait
	cmd.Env = []string{"HOME=" + folder, "TMPDIR=" + folder, "PATH=" + os.Getenv("PATH")}
	inOwnGroup(cmd)
	err := cmd.Start()
	if err == nil {
		if refused := confine(cmd, int64(c.opts.Timeout/time.Second)+1); refused != nil {
			c.opts.Log.Warn("a program cannot be limited; it is not used", "error", refused)
			_ = cmd.Cancel()
		}
		err = cmd.Wait()
	}
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		// What the program says may quote a file's content: only for debugging.
		c.opts.Log.Debug("ffmpeg failed", "error", err, "says", strings.TrimSpace(string(complaint.kept)))
		return fmt.Errorf("run ffmpeg: %w", err)
	}
	return nil
}

// firstBytes keeps the beginning of what is written to it.
type firstBytes struct {
	kept []byte
	most int
}

func (b *firstBytes) Write(p []byte) (int, error) {
	b.kept = append(b.kept, p[:min(len(p), b.most-len(b.kept))]...)
	return len(p), nil
}
