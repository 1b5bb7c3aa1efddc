package convert

import (
	"bufio"
	"io"
)

// animated reports whether a GIF has more than one picture. It reads the
// blocks without decoding them.
func animated(file io.ReadSeeker) bool {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return false
	}
	r := bufio.NewReader(file)
	var screen [13]byte
	if _, err := io.ReadFull(r, screen[:]); err != nil {
		return false
	}
	if !skipColours(r, screen[10]) {
		return false
	}
	for pictures := 0; ; {
		kind, err := r.ReadByte()
		if err != nil {
			return false
		}
		switch kind {
		case 0x21: // an extension: its label, then blocks
			if _, err := r.Discard(1); err != nil {
				return false
			}
		case 0x2c:
			if pictures++; pictures > 1 {
				return true
			}
			var place [9]byte
			if _, err := io.ReadFull(r, place[:]); err != nil || !skipColours(r, place[8]) {
				return false
			}
			if _, err := r.Discard(1); err != nil { // the code size
				return false
			}
		default:
			return false
		}
		if !skipBlocks(r) {
			return false
		}
	}
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
