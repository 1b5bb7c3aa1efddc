package whatsapp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"go.mau.fi/whatsmeow/socket"
)

// reframing makes websocket connections whose messages hold one WhatsApp frame
// each.
//
// A frame is three bytes of length and what they count. WhatsApp mostly sends
// one to a websocket message, but nothing obliges it to: a proxy or a full
// buffer may cut a frame anywhere, even in its length, and put several into one
// message. The library reads a frame that comes in two messages wrongly: it
// counts the three bytes as content, so that what follows cannot be decrypted
// and the line is deaf for minutes; with some cuts it panics in a goroutine of
// its own, which ends the process. Upstream mended that in October 2026, in a
// version that is not to be had yet. So the frames are put in order here, below
// the library: this can go when the library can do it.
//
// Nothing is kept of a frame but its length: a message is handed on in
// fragments as its bytes come, and the library puts them together.
//
// Here is also where a flood is held back, see pressure.
type reframing struct {
	next http.RoundTripper
	// opened is told of every new connection, and gives what holds it back.
	opened func() *pressure
}

// RoundTrip does what the transport does, and wraps the connection of an answer
// that switches to websocket.
func (r reframing) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Header.Get("Sec-Websocket-Extensions") != "" {
		// What is compressed cannot be cut. WhatsApp's frames are encrypted: they
		// would not become smaller.
		req = req.Clone(req.Context())
		req.Header.Del("Sec-Websocket-Extensions")
	}
	resp, err := r.next.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		return resp, err
	}
	if conn, ok := resp.Body.(io.ReadWriteCloser); ok {
		resp.Body = newReframer(conn, r.opened())
	}
	return resp, nil
}

// CloseIdleConnections is for http.Client, which looks for it.
func (r reframing) CloseIdleConnections() {
	if idle, ok := r.next.(interface{ CloseIdleConnections() }); ok {
		idle.CloseIdleConnections()
	}
}

const (
	// reframeChunk is how much of a message is looked at in one go.
	reframeChunk = 16 << 10
	// reframeOut holds what a chunk can become: a fragment of a frame, with the
	// websocket's header and the frame's own, which may have come before.
	reframeOut = reframeChunk + 16
	// frameMost is the longest frame that the library reads, without its length.
	frameMost = socket.FrameMaxSize - socket.FrameLengthSize
)

// The websocket's own words, from RFC 6455.
const (
	wsContinuation = 0x0
	wsText         = 0x1
	wsBinary       = 0x2
	wsControl      = 0x8 // and above
	wsFinal        = 0x80
	wsReserved     = 0x70
	wsMasked       = 0x80
	wsControlMost  = 125
)

// reframer is the client's end of a websocket connection. What is written goes
// through as it is. One goroutine may read while another writes.
type reframer struct {
	io.WriteCloser
	pressure *pressure
	close    sync.Once
	closed   chan struct{}

	in  *bufio.Reader
	buf []byte
	out []byte // of buf, what the reader has not taken
	err error

	message byte   // the kind of the message that is not over; 0 = none
	final   bool   // the fragment is the message's last
	left    uint64 // of the fragment's payload

	header [socket.FrameLengthSize]byte // of the WhatsApp frame
	known  int                          // bytes of the header
	body   int                          // bytes of the frame still to come
	begun  bool                         // a part of the frame is on its way
}

func newReframer(conn io.ReadWriteCloser, p *pressure) *reframer {
	return &reframer{
		WriteCloser: conn, pressure: p, closed: make(chan struct{}),
		in: bufio.NewReaderSize(conn, reframeChunk), buf: make([]byte, 0, reframeOut),
	}
}

// Close closes the connection; a reader that is held back goes on.
func (r *reframer) Close() error {
	r.close.Do(func() { close(r.closed) })
	return r.WriteCloser.Close()
}

// Read gives the websocket stream with the messages cut anew, at most one whole
// WhatsApp frame at a time. An error stays.
func (r *reframer) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(r.out) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		if r.known == 0 { // between two frames
			r.pressure.admit(r.closed)
		}
		r.out = r.buf[:0]
		r.err = r.advance()
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

// advance reads one header with what belongs to it, or a chunk of a payload.
func (r *reframer) advance() error {
	if r.left == 0 {
		return r.fragment()
	}
	if _, err := r.in.Peek(1); err != nil {
		return unexpected(err)
	}
	chunk, err := r.in.Peek(int(min(r.left, uint64(r.in.Buffered()))))
	if err != nil {
		return unexpected(err)
	}
	taken := len(chunk)
	if r.message == wsBinary { // the library knows no other
		if taken, err = r.frame(chunk); err != nil {
			return err
		}
	}
	r.left -= uint64(taken)
	r.endMessage()
	_, err = r.in.Discard(taken)
	return err
}

var errWebsocket = errors.New("not the websocket protocol")

// fragment reads the header of a websocket frame, and a control frame whole:
// these may come in the midst of a message and go on at once.
func (r *reframer) fragment() error {
	var head [2]byte
	if _, err := io.ReadFull(r.in, head[:]); err != nil {
		return err
	}
	kind, final := head[0]&0x0f, head[0]&wsFinal != 0
	if head[0]&wsReserved != 0 || head[1]&wsMasked != 0 {
		return fmt.Errorf("%w: header %x", errWebsocket, head)
	}
	if kind >= wsControl {
		length := int(head[1])
		if !final || length > wsControlMost {
			return fmt.Errorf("%w: control header %x", errWebsocket, head)
		}
		r.out = append(r.out, head[:]...)
		r.out = r.out[:len(head)+length]
		if _, err := io.ReadFull(r.in, r.out[len(head):]); err != nil {
			r.out = nil
			return unexpected(err)
		}
		return nil
	}
	known := kind == wsText || kind == wsBinary
	if (kind == wsContinuation) != (r.message != 0) || (!known && kind != wsContinuation) {
		return fmt.Errorf("%w: header %x in a message of kind %d", errWebsocket, head, r.message)
	}
	if known {
		r.message = kind
	}
	r.final = final
	if err := r.length(head[1]); err != nil {
		return err
	}
	r.endMessage()
	return nil
}

// length reads how long a fragment is. It may be as long as it likes: it is
// never in memory.
func (r *reframer) length(short byte) error {
	var long [8]byte
	part := long[:0]
	switch short {
	case 126:
		part = long[6:]
	case 127:
		part = long[:]
	default:
		long[7] = short
	}
	if _, err := io.ReadFull(r.in, part); err != nil {
		return unexpected(err)
	}
	r.left = binary.BigEndian.Uint64(long[:])
	if r.left > 1<<63-1 {
		return fmt.Errorf("%w: length %d", errWebsocket, r.left)
	}
	return nil
}

func (r *reframer) endMessage() {
	if r.left == 0 && r.final {
		r.message = 0
	}
}

// frame hands the bytes of a WhatsApp frame on, up to its end, and says how many
// it took.
func (r *reframer) frame(chunk []byte) (taken int, err error) {
	if r.known < len(r.header) {
		taken = copy(r.header[r.known:], chunk)
		r.known += taken
		if r.known < len(r.header) {
			return taken, nil
		}
		r.body = int(r.header[0])<<16 | int(r.header[1])<<8 | int(r.header[2])
		if r.body > frameMost {
			return taken, fmt.Errorf("a frame of %d bytes", r.body)
		}
		if taken == len(chunk) && r.body > 0 {
			return taken, nil
		}
	}
	n := min(r.body, len(chunk)-taken)
	r.emit(chunk[taken : taken+n])
	return taken + n, nil
}

// emit hands a part of a frame on; the first one with the frame's length.
func (r *reframer) emit(part []byte) {
	kind, length := byte(wsContinuation), len(part)
	if !r.begun {
		kind, length = wsBinary, length+len(r.header)
	}
	r.body -= len(part)
	if r.body == 0 {
		kind |= wsFinal
	}
	if length <= wsControlMost {
		r.out = append(r.out, kind, byte(length))
	} else { // a chunk fits into the sixteen bits
		r.out = append(r.out, kind, 126, byte(length>>8), byte(length))
	}
	if !r.begun {
		r.out = append(r.out, r.header[:]...)
	}
	r.out = append(r.out, part...)
	r.begun = r.body > 0
	if !r.begun {
		r.known = 0
	}
}

// unexpected is the end of the stream where it must not be.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
