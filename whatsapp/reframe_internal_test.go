package whatsapp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

// fragmentOf is a server's websocket frame.
func fragmentOf(kind byte, final bool, payload []byte) []byte {
	if final {
		kind |= wsFinal
	}
	head := []byte{kind, byte(len(payload))}
	switch {
	case len(payload) > 0xffff:
		head = binary.BigEndian.AppendUint64([]byte{kind, 127}, uint64(len(payload)))
	case len(payload) > wsControlMost:
		head = binary.BigEndian.AppendUint16([]byte{kind, 126}, uint16(len(payload)))
	}
	return append(head, payload...)
}

func messageOf(payload []byte) []byte { return fragmentOf(wsBinary, true, payload) }

// whatsAppFrame is a frame of some length, which its bytes tell.
func whatsAppFrame(length int) []byte {
	frame := []byte{byte(length >> 16), byte(length >> 8), byte(length)}
	for i := range length {
		frame = append(frame, byte(i+length))
	}
	return frame
}

type readOnly struct{ io.Reader }

func unpressed() *pressure { return newPressure(new(atomic.Int32)) }

func (readOnly) Write(p []byte) (int, error) { return len(p), nil }
func (readOnly) Close() error                { return nil }

// cutAnew reads a whole stream through a reframer: its messages, and its control
// frames as they came.
func cutAnew(stream io.Reader) (messages [][]byte, control []byte, err error) {
	out, err := io.ReadAll(newReframer(readOnly{stream}, unpressed()))
	var message []byte
	begun := false
	for len(out) > 0 {
		kind, length, head := out[0]&0x0f, int(out[1]), 2
		if length == 126 {
			length, head = int(binary.BigEndian.Uint16(out[2:])), 4
		}
		whole := out[:head+length]
		switch {
		case kind >= wsControl:
			control = append(control, whole...)
		case begun != (kind == wsContinuation):
			return messages, control, errors.New("a fragment out of place")
		default:
			message = append(message, whole[head:]...)
			begun = true
			if whole[0]&wsFinal != 0 {
				messages = append(messages, message)
				message, begun = nil, false
			}
		}
		out = out[len(whole):]
	}
	return messages, control, err
}

var someFrames = [][]byte{
	whatsAppFrame(1), whatsAppFrame(0), whatsAppFrame(122), whatsAppFrame(123), whatsAppFrame(300), whatsAppFrame(2), whatsAppFrame(7),
}

// However two websocket messages or fragments share the bytes of frames, each
// frame comes in a message of its own.
func TestEveryCutIsMended(t *testing.T) {
	t.Parallel()
	all := bytes.Join(someFrames, nil)
	ping := fragmentOf(0x9, true, []byte("are you there?"))
	for name, packed := range map[string]func(first, second []byte) ([]byte, []byte){
		"two messages": func(first, second []byte) ([]byte, []byte) {
			return append(messageOf(first), messageOf(second)...), nil
		},
		"two fragments": func(first, second []byte) ([]byte, []byte) {
			return append(fragmentOf(wsBinary, false, first), fragmentOf(wsContinuation, true, second)...), nil
		},
		"two fragments with a ping between": func(first, second []byte) ([]byte, []byte) {
			return bytes.Join([][]byte{fragmentOf(wsBinary, false, first), ping, fragmentOf(wsContinuation, true, second)}, nil), ping
		},
		"two messages with others between": func(first, second []byte) ([]byte, []byte) {
			text := append(fragmentOf(wsText, false, []byte("no ")), fragmentOf(wsContinuation, true, []byte("frame"))...)
			return bytes.Join([][]byte{messageOf(first), ping, text, messageOf(nil), messageOf(second)}, nil), ping
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for cut := range len(all) + 1 {
				stream, control := packed(all[:cut], all[cut:])
				for _, reader := range []io.Reader{
					bytes.NewReader(stream), iotest.OneByteReader(bytes.NewReader(stream)), iotest.DataErrReader(bytes.NewReader(stream)),
				} {
					messages, passed, err := cutAnew(reader)
					require.NoError(t, err, "cut at %d", cut)
					require.Equal(t, someFrames, messages, "cut at %d", cut)
					require.Equal(t, control, passed, "cut at %d", cut)
				}
			}
		})
	}
}

// A byte to a message, and all in one message.
func TestManyCutsAreMended(t *testing.T) {
	t.Parallel()
	frames := append([][]byte{whatsAppFrame(70_000), whatsAppFrame(reframeChunk)}, someFrames...)
	all := bytes.Join(frames, nil)
	var single bytes.Buffer
	for _, b := range all {
		single.Write(messageOf([]byte{b}))
	}
	for name, stream := range map[string][]byte{"single bytes": single.Bytes(), "one message": messageOf(all)} {
		messages, _, err := cutAnew(bytes.NewReader(stream))
		require.NoError(t, err, name)
		require.Equal(t, frames, messages, name)
	}
}

// What is not the protocol ends the stream, and so does its end in the midst.
func TestABrokenWebsocketEndsTheStream(t *testing.T) {
	t.Parallel()
	whole := messageOf(whatsAppFrame(10))
	for name, tc := range map[string]struct {
		stream []byte
		want   error
	}{
		"compressed":                        {fragmentOf(wsBinary|0x40, true, nil), errWebsocket},
		"masked":                            {[]byte{wsBinary | wsFinal, wsMasked}, errWebsocket},
		"unknown kind":                      {fragmentOf(0x3, true, nil), errWebsocket},
		"a continuation of nothing":         {fragmentOf(wsContinuation, true, nil), errWebsocket},
		"a message inside another":          {append(fragmentOf(wsBinary, false, []byte{0}), whole...), errWebsocket},
		"a control frame in parts":          {fragmentOf(0x9, false, nil), errWebsocket},
		"a long control frame":              {fragmentOf(0x9, true, make([]byte, 126)), errWebsocket},
		"a length of more than there is":    {append([]byte{wsBinary | wsFinal, 127, 0xff}, make([]byte, 7)...), errWebsocket},
		"a frame longer than the library's": {messageOf([]byte{0xff, 0xff, 0xff, 0}), nil},
		"the end in a header":               {whole[:1], io.ErrUnexpectedEOF},
		"the end in a length":               {fragmentOf(wsBinary, true, make([]byte, 200))[:3], io.ErrUnexpectedEOF},
		"the end in a payload":              {whole[:len(whole)-1], io.ErrUnexpectedEOF},
		"the end in a control frame":        {fragmentOf(0x9, true, []byte("ping"))[:4], io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := cutAnew(bytes.NewReader(append(bytes.Clone(whole), tc.stream...)))
			require.Error(t, err)
			if tc.want != nil {
				require.ErrorIs(t, err, tc.want)
			}
		})
	}
}

// A message may be as long as it says: it is never in memory.
func TestALongMessageTakesNoMemory(t *testing.T) {
	t.Parallel()
	head := append(binary.BigEndian.AppendUint64([]byte{wsBinary | wsFinal, 127}, 1<<62), whatsAppFrame(frameMost)[:3]...)
	stream := io.MultiReader(bytes.NewReader(head), io.LimitReader(zeros{}, frameMost))
	r := newReframer(readOnly{stream}, unpressed())
	n, err := io.Copy(io.Discard, r)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Greater(t, n, int64(frameMost))
	require.Equal(t, reframeOut, cap(r.buf))
	require.LessOrEqual(t, r.in.Size(), reframeChunk)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// Frames come out as they went in whatever they are and wherever they are cut;
// and no stream at all breaks the reader.
func FuzzReframe(f *testing.F) {
	f.Add([]byte("some content of frames"), []byte{3, 1, 0, 9, 200}, true)
	f.Add(messageOf(whatsAppFrame(4)), []byte{2}, false)
	f.Fuzz(func(t *testing.T, content, cuts []byte, wellFormed bool) {
		if !wellFormed {
			_, _, _ = cutAnew(bytes.NewReader(content))
			return
		}
		var frames [][]byte
		var all, stream []byte
		for i, length := range cuts { // frames of these lengths
			n := min(int(length), len(content))
			frame := append([]byte{0, 0, byte(n)}, content[:n]...)
			frames, all = append(frames, frame), append(all, frame...)
			content = content[min(n, i, len(content)):]
		}
		for i := 0; len(all) > 0; i++ { // and messages of these
			n := min(1+int(cuts[i%len(cuts)]), len(all))
			stream = append(stream, messageOf(all[:n])...)
			all = all[n:]
		}
		messages, _, err := cutAnew(bytes.NewReader(stream))
		require.NoError(t, err)
		require.Equal(t, frames, messages)
	})
}

// The library's own websocket client speaks over it, with TLS and without asking
// for compression.
func TestReframingOverTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionContextTakeover})
		if err != nil {
			return
		}
		defer ws.CloseNow()
		all := bytes.Join(someFrames, nil)
		for _, part := range [][]byte{all[:2], all[2:5], all[5:]} {
			if ws.Write(r.Context(), websocket.MessageBinary, part) != nil {
				return
			}
		}
		kind, said, err := ws.Read(r.Context())
		if err == nil {
			_ = ws.Write(r.Context(), kind, said)
		}
		_ = ws.Close(websocket.StatusNormalClosure, "")
	}))
	t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(t.Context(), stallTimeout)
	t.Cleanup(cancel)
	ws, resp, err := websocket.Dial(ctx, server.URL, &websocket.DialOptions{
		HTTPClient:      &http.Client{Transport: reframing{server.Client().Transport.(*http.Transport).Clone(), unpressed}},
		CompressionMode: websocket.CompressionContextTakeover,
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = ws.CloseNow() })
	require.Empty(t, resp.Header.Get("Sec-Websocket-Extensions"))
	for _, frame := range someFrames {
		_, message, err := ws.Read(ctx)
		require.NoError(t, err)
		require.Equal(t, frame, message)
	}
	said := bytes.Repeat([]byte("what is written goes through "), 1000)
	require.NoError(t, ws.Write(ctx, websocket.MessageBinary, append([]byte{0, byte(len(said) >> 8), byte(len(said))}, said...)))
	_, echo, err := ws.Read(ctx)
	require.NoError(t, err)
	require.Equal(t, said, echo[3:])
	_, _, err = ws.Read(ctx)
	require.Equal(t, websocket.StatusNormalClosure, websocket.CloseStatus(err))
}

// A refusal, and an answer that is no connection, are left as they are.
func TestReframingLeavesOtherAnswersAlone(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", http.StatusForbidden)
	}))
	t.Cleanup(server.Close)
	client := &http.Client{Transport: reframing{&http.Transport{}, unpressed}}
	t.Cleanup(client.CloseIdleConnections)
	resp, err := client.Get(server.URL)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusForbidden, resp.StatusCode)
	require.Equal(t, "no\n", string(body))
	server.Close()
	_, err = client.Get(server.URL)
	require.Error(t, err)
}
