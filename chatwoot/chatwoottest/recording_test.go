package chatwoottest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const recordings = "../testdata/"

// exchange is one recorded request with its answer.
type exchange struct {
	Step     string            `json:"step"`
	Method   string            `json:"method"`
	Path     string            `json:"path"`
	Token    string            `json:"token"`
	Request  json.RawMessage   `json:"request"`
	Status   int               `json:"status"`
	Headers  map[string]string `json:"headers"`
	Response json.RawMessage   `json:"response"`
}

// header is one of the answer's headers; recorders wrote their names differently.
func (e exchange) header(name string) string {
	for have, value := range e.Headers {
		if strings.EqualFold(have, name) {
			return value
		}
	}
	return ""
}

// hook is one recorded webhook.
type hook struct {
	Step      string            `json:"step"`
	Path      string            `json:"path"`
	Answered  json.RawMessage   `json:"answered"`
	Headers   map[string]string `json:"headers"`
	Secret    string            `json:"secret"`
	Signature *bool             `json:"signature_valid"`
	Raw       string            `json:"raw"`
}

// answered is the status the recording's receiver gave, 0 where it kept
// Chatwoot waiting.
func (h hook) answered(t testing.TB) int {
	var status int
	if string(h.Answered) == `"timeout"` {
		return 0
	}
	require.NoError(t, json.Unmarshal(h.Answered, &status))
	return status
}

// readRecording reads a file of one JSON object a line.
func readRecording[T any](t testing.TB, version, name string) []T {
	raw, err := os.ReadFile(recordings + version + "/" + name)
	require.NoError(t, err)
	var list []T
	for line := range bytes.Lines(raw) {
		var one T
		require.NoError(t, json.Unmarshal(line, &one))
		list = append(list, one)
	}
	return list
}

// body rebuilds the request: its JSON, or a multipart body with files of the
// recorded sizes.
func (e exchange) body(t testing.TB) (contentType string, raw []byte) {
	if string(e.Request) == "null" {
		return "", nil
	}
	if !bytes.HasPrefix(e.Request, []byte("[")) {
		return "application/json", e.Request
	}
	var parts [][]string
	require.NoError(t, json.Unmarshal(e.Request, &parts))
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for _, p := range parts {
		if len(p) == 2 {
			require.NoError(t, w.WriteField(p[0], p[1]))
			continue
		}
		var size int
		_, err := fmt.Sscanf(p[1], "%d bytes", &size)
		require.NoError(t, err)
		h := textproto.MIMEHeader{}
		// The recording client did not escape quotes in file names.
		h.Set("Content-Disposition", `form-data; name="`+p[0]+`"; filename="`+p[2]+`"`)
		if p[3] != "" {
			h.Set("Content-Type", p[3])
		}
		part, err := w.CreatePart(h)
		require.NoError(t, err)
		_, err = part.Write(fileOf(p[2], size))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return w.FormDataContentType(), out.Bytes()
}

// fileOf makes a file that looks like what its name says.
func fileOf(name string, size int) []byte {
	head := ""
	switch {
	case strings.HasSuffix(name, ".png"):
		head = "\x89PNG\r\n\x1a\n"
	case strings.HasSuffix(name, ".pdf"):
		head = "%PDF-1.4"
	case strings.HasSuffix(name, ".ogg"):
		head = "OggS\x00\x02" + strings.Repeat("\x00", 22) + "OpusHead"
	case strings.HasSuffix(name, ".webp"):
		head = "RIFF\x00\x00\x00\x00WEBP"
	}
	return append([]byte(head), make([]byte, max(0, size-len(head)))...)[:size]
}
