package convert

import (
	"context"
	"os"

	"github.com/wootbridge/wootbridge/bridge/media"
)

// oggOpus is the one type that phones play as a voice note.
const oggOpus = "audio/ogg; codecs=opus"

// playable are the types that phones play as audio files, besides Ogg/Opus.
var playable = map[string]bool{"audio/mpeg": true, "audio/mp4": true, "audio/aac": true, "audio/amr": true}

// recording makes a voice note, or else an audio file.
func (c *Converter) recording(ctx context.Context, f File, source *os.File) (Result, bool) {
	if sound, err := readOpus(source); err == nil && sound.channels == 1 {
		return voice(f, sound, ""), true
	}
	path, folder, err := c.run(ctx, f, "voice.ogg",
		"-map", "0:a:0", "-ac", "1", "-ar", "48000", "-c:a", "libopus", "-b:a", "32k", "-application", "voip", "-f", "ogg")
	if err != nil {
		return c.audio(ctx, f, source)
	}
	made, err := os.Open(path)
	if err != nil {
		return Result{folder: folder}, false
	}
	defer made.Close()
	sound, err := readOpus(made)
	if err != nil || sound.channels != 1 {
		_ = os.RemoveAll(folder)
		return c.audio(ctx, f, source)
	}
	f.Path = path
	return voice(f, sound, folder), true
}

func voice(f File, sound opus, folder string) Result {
	f.MIME, f.Name = oggOpus, media.WithExtension(f.Name, "audio/ogg")
	return Result{File: f, Form: Voice, Seconds: sound.seconds(), Waveform: sound.waveform, folder: folder}
}

// audio makes an audio file. What phones do not play is made M4A.
func (c *Converter) audio(ctx context.Context, f File, source *os.File) (Result, bool) {
	if f.MIME == "audio/ogg" {
		if sound, err := readOpus(source); err == nil {
			f.MIME = oggOpus
			return Result{File: f, Form: Audio, Seconds: sound.seconds()}, true
		}
	}
	if playable[f.MIME] {
		r := Result{File: f, Form: Audio}
		if f.MIME == "audio/mp4" {
			r.Seconds = readMovie(source).seconds
		}
		return r, true
	}
	path, folder, err := c.run(ctx, f, "audio.m4a", "-map", "0:a:0", "-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart", "-f", "mp4")
	if err != nil {
		return Result{}, false
	}
	made, err := os.Open(path)
	if err != nil {
		return Result{folder: folder}, false
	}
	defer made.Close()
	movie := readMovie(made)
	f.Path, f.MIME, f.Name = path, "audio/mp4", media.WithExtension(f.Name, "audio/mp4")
	return Result{File: f, Form: Audio, Seconds: movie.seconds, folder: folder}, movie.seconds > 0 && media.Type("", media.Head(made)) != media.Unknown
}
