package convert

import (
	"encoding/binary"
	"image"
	"io"
)

// orientation is how a camera was held, as EXIF numbers it: 1 to 8.
type orientation int

const upright orientation = 1

func (o orientation) swapsSides() bool { return o >= 5 }

// apply turns a small picture upright.
func (o orientation) apply(from *image.RGBA) *image.RGBA {
	w, h := from.Rect.Dx(), from.Rect.Dy()
	to := image.NewRGBA(from.Rect)
	if o.swapsSides() {
		to = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch o {
			case 2:
				tx = w - 1 - x
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				ty = h - 1 - y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			to.SetRGBA(tx, ty, from.RGBAAt(x, y))
		}
	}
	return to
}

// readOrientation looks for the EXIF part of a JPEG.
func readOrientation(file io.ReaderAt) orientation {
	data := make([]byte, 128<<10)
	n, _ := file.ReadAt(data, 0) // shorter at the file's end
	data = data[:n]
	if len(data) < 2 || data[0] != 0xff || data[1] != 0xd8 {
		return upright
	}
	for i := 2; i+4 <= len(data) && data[i] == 0xff; {
		marker, size := data[i+1], int(binary.BigEndian.Uint16(data[i+2:]))
		if marker == 0xda || size < 2 || i+2+size > len(data) { // the picture begins
			break
		}
		if marker == 0xe1 {
			if part := data[i+4 : i+2+size]; len(part) > 14 && string(part[:6]) == "Exif\x00\x00" {
				return tiffOrientation(part[6:])
			}
		}
		i += 2 + size
	}
	return upright
}

// tiffOrientation reads the first directory of EXIF's data.
func tiffOrientation(data []byte) orientation {
	var order binary.ByteOrder = binary.BigEndian
	if string(data[:2]) == "II" {
		order = binary.LittleEndian
	}
	start := int64(order.Uint32(data[4:]))
	if start+2 > int64(len(data)) {
		return upright
	}
	entries := data[start+2:]
	for range order.Uint16(data[start:]) {
		if len(entries) < 12 {
			break
		}
		if order.Uint16(entries) == 0x0112 {
			if o := orientation(order.Uint16(entries[8:])); o >= 1 && o <= 8 {
				return o
			}
			break
		}
		entries = entries[12:]
	}
	return upright
}
