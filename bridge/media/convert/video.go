package convert

import (
	"context"
	"os"

	"github.com/wootbridge/wootbridge/bridge/media"
)

// video passes what phones play and has ffmpeg make the same of the rest.
func (c *Converter) video(ctx context.Context, f File, source *os.File) (Result, bool) {
	if f.MIME != "video/mp4" && f.MIME != "video/3gpp" {
		return c.film(ctx, f, Video)
	}
	movie := readMovie(source)
	if !plays(movie.codec) {
		return c.film(ctx, f, Video)
	}
	if info, err := source.Stat(); err != nil || info.Size() > maxVideo {
		return Result{}, false
	}
	r := Result{File: f, Form: Video, Width: movie.width, Height: movie.height, Seconds: movie.seconds}
	r.Thumbnail = c.frame(ctx, f)
	return r, true
}

// maxVideo is how large a film may be that phones show as one; a larger one is a document.
const maxVideo = 100 << 20

// plays reports whether every phone plays a codec; what is not known gets the
// benefit of the doubt.
func plays(codec string) bool {
	switch codec {
	case "hvc1", "hev1", "av01", "vp08", "vp09", "apcn", "apch":
		return false
	}
	return true
}

// filmArgs make what every phone plays: H.264 with square pixels and sides that
// are even and at most 1280 long, the index in front.
var filmArgs = []string{
	"-map", "0:v:0", "-c:v", "libx264", "-preset", "veryfast", "-crf", "26", "-pix_fmt", "yuv420p",
	"-vf", "scale=iw*sar:ih,scale=w='min(1280,iw)':h='min(1280,ih)':force_original_aspect_ratio=decrease:force_divisible_by=2,setsar=1",
	"-movflags", "+faststart", "-f", "mp4",
}

// film makes an MP4 of a film or a moving picture, if ffmpeg can.
func (c *Converter) film(ctx context.Context, f File, form Form) (Result, bool) {
	sound := []string{"-map", "0:a:0?", "-c:a", "aac", "-b:a", "128k", "-ac", "2"}
	if form == GIF {
		sound = []string{"-an"}
	}
	path, folder, err := c.run(ctx, f, "video.mp4", append(sound, filmArgs...)...)
	if err != nil {
		return Result{}, false
	}
	made, err := os.Open(path)
	if err != nil {
		return Result{folder: folder}, false
	}
	defer made.Close()
	if info, err := made.Stat(); err != nil || info.Size() > maxVideo {
		return Result{folder: folder}, false
	}
	movie := readMovie(made)
	f.Path, f.MIME, f.Name = path, "video/mp4", media.WithExtension(f.Name, "video/mp4")
	r := Result{File: f, Form: form, Width: movie.width, Height: movie.height, Seconds: movie.seconds, folder: folder}
	r.Thumbnail = c.frame(ctx, f)
	return r, movie.width > 0
}

// frame is the preview of a film, or nil.
func (c *Converter) frame(ctx context.Context, f File) []byte {
	path, folder, err := c.run(ctx, f, "frame.jpg", "-map", "0:v:0", "-frames:v", "1", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "6",
		"-vf", "scale=72:72:force_original_aspect_ratio=decrease", "-f", "mjpeg")
	if err != nil {
		return nil
	}
	defer os.RemoveAll(folder)
	return readThumbnail(path)
}
