package convert

import (
	"encoding/binary"
	"io"
	"math"
)

// movie is what the header of an MP4, 3GP, MOV or M4A file tells. What it does
// not tell is zero.
type movie struct {
	seconds       int
	width, height int // as shown, with the rotation of phones
	codec         string
}

// maxBoxes bounds the work on a damaged file.
const maxBoxes = 10_000

// readMovie reads the header wherever it lies in the file; the film itself is
// not read.
func readMovie(file io.ReaderAt) movie {
	r := movieReader{file: file, left: maxBoxes}
	r.boxes(0, math.MaxInt64, "")
	return r.movie
}

type movieReader struct {
	movie
	file  io.ReaderAt
	left  int
	track string // the handler of the track being read
}

// boxes walks the boxes between two offsets; those that hold what is looked
// for are entered.
func (r *movieReader) boxes(offset, end int64, parent string) {
	for offset+8 <= end && r.left > 0 {
		r.left--
		var head [16]byte
		if n, _ := r.file.ReadAt(head[:], offset); n < 8 {
			return
		}
		size, body := int64(binary.BigEndian.Uint32(head[:])), offset+8
		switch size {
		case 0: // up to the end
			size = end - offset
		case 1:
			size, body = int64(binary.BigEndian.Uint64(head[8:])), offset+16
		}
		if size < body-offset || size > end-offset {
			return
		}
		r.box(string(head[4:8]), body, offset+size, parent)
		offset += size
	}
}

func (r *movieReader) box(kind string, body, end int64, parent string) {
	switch kind {
	case "moov", "mdia", "minf", "stbl":
		r.boxes(body, end, kind)
	case "trak":
		r.track = ""
		r.boxes(body, end, kind)
	case "mvhd":
		r.duration(body)
	case "tkhd":
		r.size(body)
	case "hdlr":
		if parent == "mdia" {
			r.track = string(r.read(body+8, 4))
		}
	case "stsd":
		if r.track == "vide" && r.codec == "" {
			r.codec = string(r.read(body+12, 4))
		}
	}
}

func (r *movieReader) read(offset int64, n int) []byte {
	data := make([]byte, n)
	_, _ = r.file.ReadAt(data, offset) // a cut leaves zeros
	return data
}

// duration reads the movie's header, which has a form with 32 and one with 64
// bits.
func (r *movieReader) duration(body int64) {
	data := r.read(body, 32)
	scale, length := uint64(binary.BigEndian.Uint32(data[12:])), uint64(binary.BigEndian.Uint32(data[16:]))
	if data[0] == 1 {
		scale, length = uint64(binary.BigEndian.Uint32(data[20:])), binary.BigEndian.Uint64(data[24:])
	}
	const longest = 1 << 30 // seconds; what claims more is damaged
	if scale > 0 && length/scale < longest {
		r.seconds = int(max((length+scale/2)/scale, 1))
	}
}

// size reads a track's header: the size and the matrix that turns it.
func (r *movieReader) size(body int64) {
	data := r.read(body, 96)
	matrix := data[40:]
	if data[0] == 1 {
		matrix = data[52:]
	}
	w, h := int(binary.BigEndian.Uint16(matrix[36:])), int(binary.BigEndian.Uint16(matrix[40:]))
	if w == 0 || h == 0 || r.width != 0 {
		return // a track of sound, or a second one
	}
	if binary.BigEndian.Uint32(matrix) == 0 && binary.BigEndian.Uint32(matrix[4:]) != 0 {
		w, h = h, w
	}
	r.width, r.height = w, h
}
