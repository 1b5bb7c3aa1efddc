package convert

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math"

	"golang.org/x/image/draw"
)

const (
	// thumbnailSide is the longer side of a preview, in pixels; it travels
	// inside the message.
	thumbnailSide    = 72
	thumbnailQuality = 60
	maxThumbnail     = 16 << 10 // bytes
)

// thumbnail is a small JPEG of a picture, turned upright; nil if there is none
// to be had.
func thumbnail(picture image.Image, turn orientation) []byte {
	size := picture.Bounds().Size()
	ratio := min(1, thumbnailSide/float64(max(size.X, size.Y)))
	scaled := image.NewRGBA(image.Rect(0, 0, side(size.X, ratio), side(size.Y, ratio)))
	draw.ApproxBiLinear.Scale(scaled, scaled.Rect, picture, picture.Bounds(), draw.Src, nil)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, turn.apply(scaled), &jpeg.Options{Quality: thumbnailQuality}); err != nil || out.Len() > maxThumbnail {
		return nil
	}
	return out.Bytes()
}

// side keeps a very narrow picture from losing a side altogether.
func side(n int, ratio float64) int { return max(1, int(math.Round(float64(n)*ratio))) }

// Thumbnail is a small JPEG of a picture that is read for its preview only; nil if there is
// none to be had before ctx ends.
func (c *Converter) Thumbnail(ctx context.Context, picture io.ReadSeeker) (small []byte) {
	if !c.enterPictures(ctx) {
		return nil
	}
	defer func() { <-c.pictures }()
	defer func() {
		if value := recover(); value != nil {
			c.opts.Log.Warn("a picture cannot be read", "panic", fmt.Sprintf("%T", value))
			small = nil
		}
	}()
	if tooManyScans(picture) {
		return nil
	}
	decoded, err := decode(ctx, picture)
	if err != nil {
		return nil
	}
	return thumbnail(onWhite(decoded), upright)
}
