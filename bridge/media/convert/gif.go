package convert

import (
	"bufio"
	"encoding/binary"
	"io"
)

// mostDrawn is how many pixels all pictures of a GIF may have together: some minutes of a
// large film. A picture in which nothing changes has a few bytes, and costs ffmpeg as much
// as any other.
const mostDrawn = 4 << 30

// leastPicture is what a picture costs however small it is, in pixels.
const leastPicture = 128 << 10

// animated reports whether a GIF has more than one picture.
func animated(file io.ReadSeeker) bool {
	n, _ := gifPictures(file, 2)
	return n > 1
}

// drawsTooMuch reports whether a GIF costs more than it shows.
func drawsTooMuch(file io.ReadSeeker) bool {
	_, size := gifPictures(file, 0)
	most := mostDrawn / max(size, leastPicture)
	n, _ := gifPictures(file, most+1)
	return n > most
}

// gifPictures counts the pictures of a GIF up to most, and tells how many pixels its
// screen has. It reads the blocks without decoding them.
func gifPictures(file io.ReadSeeker, most int64) (n, size int64) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return 0, 0
	}
	r := bufio.NewReader(file)
	var screen [13]byte
	if _, err := io.ReadFull(r, screen[:]); err != nil {
		return 0, 0
	}
	size = int64(binary.LittleEndian.Uint16(screen[6:])) * int64(binary.LittleEndian.Uint16(screen[8:]))
	if !skipColours(r, screen[10]) {
		return 0, size
	}
	for n < most {
		kind, err := r.ReadByte()
		if err != nil {
			return n, size
		}
		switch kind {
		case 0x21: // an extension: its label, then blocks
			if _, err := r.Discard(1); err != nil {
				return n, size
			}
		case 0x2c:
			n++
			var place [9]byte
			if _, err := io.ReadFull(r, place[:]); err != nil || !skipColours(r, place[8]) {
				return n, size
			}
			if _, err := r.Discard(1); err != nil { // the code size
				return n, size
			}
		default:
			return n, size
		}
		if !skipBlocks(r) {
			return n, size
		}
	}
	return n, size
}

// skipColours skips the table of colours that the flags announce.
func skipColours(r *bufio.Reader, flags byte) bool {
	if flags&0x80 == 0 {
		return true
	}
	_, err := r.Discard(3 << (flags&7 + 1))
	return err == nil
}

func skipBlocks(r *bufio.Reader) bool {
	for {
		size, err := r.ReadByte()
		if err != nil {
			return false
		}
		if size == 0 {
			return true
		}
		if _, err := r.Discard(int(size)); err != nil {
			return false
		}
	}
}
