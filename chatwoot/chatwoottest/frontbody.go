package chatwoottest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// FrontLimit is how large a request's body may be.
type FrontLimit struct {
	Bytes int64
	// Abrupt closes the connection with the answer, while the client still writes.
	// Without it the rest is read and thrown away for a while, as nginx does.
	Abrupt bool
}

// Limit answers requests with a larger body with nginx's 413, before it has read
// them and without a word to Chatwoot. remove takes the limit away.
func (f *Front) Limit(limit FrontLimit) (remove func()) {
	f.setLimit(&limit)
	return func() { f.setLimit(nil) }
}

func (f *Front) setLimit(limit *FrontLimit) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limit = limit
}

// Refused is how many requests were refused for their size.
func (f *Front) Refused() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refused
}

// FrontTooLarge is nginx's answer to a body over client_max_body_size.
var FrontTooLarge = FrontAnswer{
	Status: http.StatusRequestEntityTooLarge, ContentType: "text/html",
	Body: strings.ReplaceAll(`<html>
<head><title>413 Request Entity Too Large</title></head>
<body>
<center><h1>413 Request Entity Too Large</h1></center>
<hr><center>nginx/1.28.0</center>
</body>
</html>
`, "\n", "\r\n"),
}

// lingers is for how long what is refused is still read.
const lingers = 5 * time.Second

// refusesSize answers a request whose body is larger than the limit. One of unknown
// length is read as far as the limit.
func (f *Front) refusesSize(w http.ResponseWriter, r *http.Request) bool {
	f.mu.Lock()
	limit := f.limit
	f.mu.Unlock()
	if limit == nil {
		return false
	}
	if r.ContentLength < 0 {
		begun, err := io.ReadAll(io.LimitReader(r.Body, limit.Bytes+1))
		if err != nil {
			return true // the client is gone
		}
		if int64(len(begun)) <= limit.Bytes {
			r.Body = io.NopCloser(bytes.NewReader(begun))
			return false
		}
	} else if r.ContentLength <= limit.Bytes {
		return false
	}
	f.mu.Lock()
	f.refused++
	f.mu.Unlock()
	if limit.Abrupt && r.ProtoMajor == 1 {
		hangUp(w, FrontTooLarge)
		return true
	}
	w.Header().Set("Connection", "close")
	FrontTooLarge.write(w)
	if limit.Abrupt || http.NewResponseController(w).Flush() != nil || r.Header.Get("Expect") != "" {
		return true
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(lingers))
	_, _ = io.Copy(io.Discard, r.Body)
	return true
}

// hangUp answers and closes the connection at once; what was not read of the request
// makes that a reset.
func hangUp(w http.ResponseWriter, a FrontAnswer) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 %d %s\r\nServer: nginx\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		a.Status, http.StatusText(a.Status), a.ContentType, len(a.Body), a.Body)
}

// Buffer makes the Front pass on nothing before it has all of it: neither a request
// to Chatwoot nor an answer to the client. Each waits there for a while besides.
// Without it, requests are held until they are whole and answers are passed on as
// they come. remove ends that.
func (f *Front) Buffer(delay time.Duration) (remove func()) {
	f.setBuffering(&delay)
	return func() { f.setBuffering(nil) }
}

func (f *Front) setBuffering(delay *time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.buffering = delay
}

// buffered passes a request on that was read whole, and the answer once that is there.
func (f *Front) buffered(w http.ResponseWriter, r *http.Request, delay time.Duration) {
	if !pause(r.Context(), delay) {
		return // the client is gone
	}
	var whole heldAnswer
	f.proxy.ServeHTTP(&whole, r)
	if !pause(r.Context(), delay) {
		return
	}
	for name, values := range whole.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(max(whole.status, http.StatusOK))
	_, _ = w.Write(whole.body.Bytes())
}

// heldAnswer keeps an answer.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *heldAnswer) Header() http.Header {
	if h.header == nil {
		h.header = http.Header{}
	}
	return h.header
}

func (h *heldAnswer) WriteHeader(status int) {
	if h.status == 0 && status >= http.StatusOK { // not what comes before the answer
		h.status = status
	}
}

func (h *heldAnswer) Write(p []byte) (int, error) { return h.body.Write(p) }
