package convert

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"io"
	"os"
)

// still has ffmpeg read a picture that Go cannot, such as a camera's HEIC. Older programs
// give only a corner of one that is made of tiles: then it is none.
func (c *Converter) still(ctx context.Context, f File, source *os.File) (image.Image, error) {
	width, height := largestExtent(source)
	if width == 0 {
		return nil, errors.New("the picture does not say how large it is")
	}
	path, folder, err := c.run(ctx, f, "still.jpg", "-map", "0:v:0", "-frames:v", "1", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "2", "-f", "mjpeg")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	made, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer made.Close()
	picture, err := decode(ctx, made)
	if err != nil {
		return nil, err
	}
	size := picture.Bounds().Size()
	if size != image.Pt(width, height) && size != image.Pt(height, width) {
		return nil, errors.New("only a part of the picture can be read")
	}
	return picture, nil
}

// extentHead is how much of a file is looked at for the size of its picture.
const extentHead = 256 << 10

// largestExtent is the size of the largest picture in a HEIF file: each has a box ispe
// that says it, after a version.
func largestExtent(source io.ReaderAt) (width, height int) {
	head, err := io.ReadAll(io.NewSectionReader(source, 0, extentHead))
	if err != nil {
		return 0, 0
	}
	for {
		i := bytes.Index(head, []byte("ispe"))
		if i < 0 || len(head) < i+16 {
			return width, height
		}
		w, h := int(binary.BigEndian.Uint32(head[i+8:])), int(binary.BigEndian.Uint32(head[i+12:]))
		if w <= maxSide && h <= maxSide && w*h > width*height {
			width, height = w, h
		}
		head = head[i+16:]
	}
}
