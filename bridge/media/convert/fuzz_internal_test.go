package convert

import (
	"bytes"
	"testing"
)

// Files come from anywhere: whatever is in them, reading their headers ends,
// without a panic and with values that fit a message.
func FuzzHeaders(f *testing.F) {
	f.Add([]byte("OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x13OpusHead\x01\x01\x38\x01\x80\xbb\x00\x00\x00\x00\x00"))
	f.Add([]byte("\x00\x00\x00\x08moov\x00\x00\x00\x00mvhd\x00\x00\x00\x01tkhd\x00\x00\x00\x00\x00\x00\x00\x08"))
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00!\xf9\x04\x00\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x22Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := bytes.NewReader(data)
		if sound, err := readOpus(file); err == nil {
			if sound.samples <= 0 || len(sound.waveform) != waveformSize {
				t.Fatalf("%+v", sound)
			}
			for _, bar := range sound.waveform {
				if bar > waveformPeak {
					t.Fatalf("%v", sound.waveform)
				}
			}
		}
		if film := readMovie(file); film.seconds < 0 || film.width < 0 || film.height < 0 {
			t.Fatalf("%+v", film)
		}
		if o := readOrientation(file); o < 1 || o > 8 {
			t.Fatalf("orientation %d", o)
		}
		animated(file)
		drawsTooMuch(file)
	})
}
