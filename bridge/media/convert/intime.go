package convert

import (
	"bufio"
	"context"
	"errors"
	"io"
)

// A decoder cannot be interrupted, but it reads while it works: one that is fed in small
// pieces stops when there is no further one.

// feed is how much a decoder gets at once.
const feed = 512

// inTime reads until ctx ends.
type inTime struct {
	ctx context.Context
	r   io.Reader
}

func (t inTime) Read(p []byte) (int, error) {
	if err := t.ctx.Err(); err != nil {
		return 0, err
	}
	return t.r.Read(p[:min(len(p), feed)])
}

// mostScans is how often a JPEG may go over the whole picture. Programs write about ten
// scans; each costs a decoder as much as a picture, however few bytes it has.
const mostScans = 64

// tooManyScans reports whether a file is a JPEG that costs more than it shows.
func tooManyScans(file io.ReadSeeker) bool {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return false
	}
	r := bufio.NewReader(file)
	for scans := 0; ; {
		_, err := r.ReadSlice(0xff)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return false
		}
		marker, err := r.ReadByte()
		if err != nil {
			return false
		}
		switch {
		case marker == 0xff:
			_ = r.UnreadByte() // filling
		case marker == 0xda:
			if scans++; scans > mostScans {
				return true
			}
		case marker == 0x00, marker == 0x01, marker >= 0xd0 && marker <= 0xd9:
			// within the data of a scan, or without any
		default: // a segment, in which anything may be
			var size [2]byte
			if _, err := io.ReadFull(r, size[:]); err != nil {
				return false
			}
			if _, err := r.Discard(max(0, int(size[0])<<8+int(size[1])-2)); err != nil {
				return false
			}
		}
	}
}
