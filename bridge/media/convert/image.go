package convert

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/gif" // decoders register themselves
	"image/jpeg"
	_ "image/png"
	"io"
	"os"
	"path/filepath"
	"time"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"

	"github.com/wootbridge/wootbridge/bridge/media"
)

const (
	// maxSide and maxPixels bound what is decoded: 16 million pixels are about
	// 64 MB in memory, and up to twice that while they are decoded.
	maxSide     = 12_000
	maxPixels   = 16_000_000
	jpegQuality = 90
	// pictureTime is how long one picture may be decoded.
	pictureTime = 10 * time.Second
	// stillTime is how long a program may take for one that Go cannot read: it has to
	// start, and is confined.
	stillTime = time.Minute
)

var errTooLarge = errors.New("the picture is too large to be decoded")

// image passes a JPEG untouched and makes one of other pictures: phones do not
// show them all.
func (c *Converter) image(ctx context.Context, f File, source *os.File) (Result, bool) {
	if !c.enterPictures(ctx) {
		return Result{}, false
	}
	defer func() { <-c.pictures }()
	whole := ctx
	ctx, cancel := context.WithTimeout(whole, pictureTime)
	defer cancel()
	if f.MIME == "image/jpeg" {
		if tooManyScans(source) {
			return Result{}, false
		}
		return photo(ctx, f, source), true
	}
	picture, err := decode(ctx, source)
	if err != nil {
		longer, end := context.WithTimeout(whole, stillTime)
		defer end()
		picture, err = c.still(longer, f, source)
	}
	if err != nil {
		return Result{}, false
	}
	flat := onWhite(picture)
	folder, err := c.opts.Spool.Folder()
	if err != nil {
		return Result{}, false
	}
	f.Path, f.MIME, f.Name = filepath.Join(folder, "image.jpg"), "image/jpeg", media.WithExtension(f.Name, "image/jpeg")
	size := flat.Bounds().Size()
	r := Result{File: f, Form: Image, Width: size.X, Height: size.Y, folder: folder}
	if err := writeJPEG(f.Path, flat); err != nil {
		return r, false
	}
	r.Thumbnail = thumbnail(flat, upright)
	return r, true
}

func (c *Converter) enterPictures(ctx context.Context) bool {
	select {
	case c.pictures <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// photo describes a JPEG. One that cannot be read here may still be read by
// phones: it goes out without a preview.
func photo(ctx context.Context, f File, source *os.File) Result {
	r := Result{File: f, Form: Image}
	turn := readOrientation(source)
	header, err := readHeader(source)
	if err != nil {
		return r
	}
	r.Width, r.Height = header.Width, header.Height
	if turn.swapsSides() {
		r.Width, r.Height = r.Height, r.Width
	}
	if picture, err := decode(ctx, source); err == nil {
		r.Thumbnail = thumbnail(picture, turn)
	}
	return r
}

func readHeader(file io.ReadSeeker) (image.Config, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return image.Config{}, err
	}
	header, _, err := image.DecodeConfig(file)
	return header, err
}

// decode reads a picture whose header claims a size that can be held, until ctx ends.
func decode(ctx context.Context, file io.ReadSeeker) (image.Image, error) {
	header, err := readHeader(file)
	if err != nil {
		return nil, fmt.Errorf("read a picture's header: %w", err)
	}
	if header.Width > maxSide || header.Height > maxSide || header.Width*header.Height > maxPixels/width(header.ColorModel) {
		return nil, errTooLarge
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	picture, _, err := image.Decode(inTime{ctx, file})
	if err != nil {
		return nil, fmt.Errorf("decode a picture: %w", err)
	}
	if picture.Bounds().Empty() {
		return nil, errors.New("the picture is empty")
	}
	return picture, nil
}

// width is how much room a pixel takes, in the usual four bytes.
func width(model color.Model) int {
	if model == color.NRGBA64Model || model == color.RGBA64Model {
		return 2
	}
	return 1
}

// onWhite puts a picture that is transparent in places on white ground; the
// common form of those is changed in place, which saves a copy of it.
func onWhite(picture image.Image) image.Image {
	if opaque, ok := picture.(interface{ Opaque() bool }); ok && opaque.Opaque() {
		return picture
	}
	if n, ok := picture.(*image.NRGBA); ok {
		for i := 0; i+3 < len(n.Pix); i += 4 {
			alpha := uint32(n.Pix[i+3])
			for j := i; j < i+3; j++ {
				n.Pix[j] = byte((uint32(n.Pix[j])*alpha + 255*(255-alpha) + 127) / 255)
			}
			n.Pix[i+3] = 255
		}
		return &image.RGBA{Pix: n.Pix, Stride: n.Stride, Rect: n.Rect} // the same, when opaque
	}
	flat := image.NewRGBA(picture.Bounds())
	draw.Draw(flat, flat.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(flat, flat.Rect, picture, picture.Bounds().Min, draw.Over)
	return flat
}

func writeJPEG(path string, picture image.Image) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := jpeg.Encode(file, picture, &jpeg.Options{Quality: jpegQuality}); err != nil {
		_ = file.Close()
		return err
	}
	return file.Close()
}

// readThumbnail reads a preview that a program has made, if it is one.
func readThumbnail(path string) []byte {
	info, err := os.Stat(path)
	if err != nil || info.Size() > maxThumbnail {
		return nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	header, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil || header.Width > thumbnailSide || header.Height > thumbnailSide {
		return nil
	}
	return data
}
