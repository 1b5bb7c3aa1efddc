package convert

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// opus is what an Ogg file with Opus sound tells without being decoded.
type opus struct {
	channels int
	samples  int64 // at 48 kHz
	waveform []byte
}

const (
	opusRate     = 48000
	waveformSize = 64
	waveformPeak = 100
)

func (o opus) seconds() int { return int((o.samples + opusRate/2) / opusRate) }

var errNotOpus = errors.New("the file is not Ogg with Opus sound")

// readOpus reads an Ogg/Opus file from its beginning. The waveform comes from
// the size of the packets, which follows loudness closely enough for the
// little bars beside a voice note.
func readOpus(file io.ReadSeeker) (opus, error) {
	var o opus
	var preSkip, last int64
	packets := 0
	err := eachPacket(file, func(size int, granule int64, head []byte) error {
		if packets == 0 {
			if len(head) < 12 || !bytes.HasPrefix(head, []byte("OpusHead")) {
				return errNotOpus
			}
			o.channels, preSkip = int(head[9]), int64(binary.LittleEndian.Uint16(head[10:]))
		}
		packets++
		last = max(last, granule)
		return nil
	})
	const headers = 2
	if err != nil || packets <= headers || last <= preSkip {
		return opus{}, errNotOpus
	}
	o.samples = last - preSkip
	o.waveform, err = waveform(file, headers, packets)
	return o, err
}

// waveform reads the file once more: its length had to be known before.
func waveform(file io.ReadSeeker, headers, packets int) ([]byte, error) {
	var sum, count [waveformSize]int
	n := 0
	err := eachPacket(file, func(size int, _ int64, _ []byte) error {
		if n >= headers && n < packets {
			bar := (n - headers) * waveformSize / (packets - headers)
			sum[bar] += size
			count[bar]++
		}
		n++
		return nil
	})
	if err != nil {
		return nil, err
	}
	loudest := 1
	for bar := range sum {
		switch {
		case count[bar] > 0:
			sum[bar] /= count[bar]
		case bar > 0: // a sound of fewer packets than bars
			sum[bar] = sum[bar-1]
		}
		loudest = max(loudest, sum[bar])
	}
	bars := make([]byte, waveformSize)
	for bar := range bars {
		bars[bar] = byte(sum[bar] * waveformPeak / loudest)
	}
	return bars, nil
}

// eachPacket gives every packet of the file's first stream: its size, the
// granule position of the page it ends on, and the beginning of the first one.
func eachPacket(file io.ReadSeeker, packet func(size int, granule int64, head []byte) error) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	r := bufio.NewReaderSize(file, 64<<10)
	var header [27]byte
	var lacing [255]byte
	var stream uint32
	size := 0
	for first := true; ; first = false {
		if _, err := io.ReadFull(r, header[:]); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return nil // a file that was cut off plays up to there
			}
			return err
		}
		if string(header[:4]) != "OggS" {
			return errNotOpus
		}
		serial := binary.LittleEndian.Uint32(header[14:])
		if first {
			stream = serial
		}
		segments := lacing[:header[26]]
		if _, err := io.ReadFull(r, segments); err != nil {
			return errNotOpus
		}
		body := 0
		for _, n := range segments {
			body += int(n)
		}
		head, _ := r.Peek(min(body, 64)) // shorter at a cut
		if serial == stream {
			granule := int64(binary.LittleEndian.Uint64(header[6:]))
			for _, n := range segments {
				size += int(n)
				if n == 255 {
					continue
				}
				if err := packet(size, granule, head); err != nil {
					return err
				}
				size = 0
			}
		}
		if _, err := r.Discard(body); err != nil {
			return nil
		}
	}
}
