package chatwoot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// answer is what Chatwoot, or something in front of it, answered.
type answer struct {
	status int
	header http.Header
	body   []byte
	// page says that Chatwoot answers a page where there is no record: its public
	// API does.
	page bool
}

// requestID is a header that Rails puts on every answer; seen on every recorded one
// of Chatwoot 4.2.0 to 4.16.2, errors and the empty 404 included.
const requestID = "X-Request-Id"

// refusal is how Chatwoot says no: one of these fields is always there.
type refusal struct {
	Error      json.RawMessage `json:"error"`
	Errors     json.RawMessage `json:"errors"`
	Message    json.RawMessage `json:"message"`
	Attributes []string        `json:"attributes"`
}

// text is what Chatwoot says in words, in the language of the token's owner.
func (r refusal) text() string {
	var text string
	for _, raw := range []json.RawMessage{r.Error, r.Message} {
		if text == "" {
			_ = json.Unmarshal(raw, &text) // what is no text stays empty
		}
	}
	return text
}

// refused reads a refusal that Chatwoot itself has written; false where something
// in front of it answered. headerless says that this Chatwoot's answers come
// without the header.
func (a answer) refused(headerless bool) (r refusal, ok bool) {
	if !headerless && a.header.Get(requestID) == "" {
		return r, false
	}
	if a.status == http.StatusNotFound && (len(a.body) == 0 || a.page) {
		return r, true
	}
	if json.Unmarshal(a.body, &r) != nil {
		return r, false
	}
	return r, r.Error != nil || r.Errors != nil || r.Message != nil
}

// front is the error of an answer that is not Chatwoot's.
func (a answer) front() *FrontError {
	e := &FrontError{Status: a.status}
	if to, err := url.Parse(a.header.Get("Location")); err == nil && to.Host != "" {
		e.RedirectedTo = to.Scheme + "://" + to.Host
	}
	kind, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	e.Page = strings.Contains(kind, "html") || bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("<"))
	return e
}

// succeeded looks at an answer of 2xx. A page of something in front, a sign-in
// page for instance, is no success, whatever was asked.
func (a answer) succeeded(into any) error {
	if into == nil {
		if a.header.Get(requestID) == "" && a.front().Page {
			return a.front()
		}
		return nil
	}
	if err := json.Unmarshal(a.body, into); err == nil {
		return nil
	}
	if front := a.front(); front.Page || a.header.Get(requestID) == "" && len(a.body) > 0 {
		return front
	}
	return &AmbiguousError{Err: errors.New("the answer is not the JSON that was expected")}
}

// floodText is fixed within a sentence that is otherwise in the language of
// the token's owner.
const floodText = "Too many messages"

// nullByteText is what Postgres's driver says of a text that no attempt will store.
const nullByteText = "null byte"

const (
	// defaultRetryAfter is Chatwoot's window; its own 429 does not name one.
	defaultRetryAfter = 60 * time.Second
	// maxRetryAfter bounds what a server in front may ask for.
	maxRetryAfter = 10 * time.Minute
)

// retryAfter is how long a 429 asks to wait.
func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil || seconds <= 0 {
		return defaultRetryAfter
	}
	return min(time.Duration(min(seconds, 86400))*time.Second, maxRetryAfter)
}

// timedOut reports whether a proxy did not wait for Chatwoot, which may go on with
// the request: 504, and Cloudflare's 522 and 524. Every other status of 500 and more
// means that the request has ended, or its connection.
func (a answer) timedOut() bool {
	return a.status == http.StatusGatewayTimeout || a.status == 522 || a.status == 524
}

// failure is the error of an answer that is no success, by who gave it: a number
// alone says nothing, because proxies, firewalls and sign-in pages use the same.
func (a answer) failure(method string, headerless bool) error {
	switch {
	case a.status == http.StatusTooManyRequests:
		return &RateLimitedError{RetryAfter: retryAfter(a.header)}
	case a.status == http.StatusRequestEntityTooLarge:
		return &TooLargeError{}
	case a.status >= 500 && method == http.MethodGet:
		return &UnavailableError{Err: fmt.Errorf("status %d", a.status)}
	case a.status >= 500:
		return &AmbiguousError{Err: fmt.Errorf("status %d", a.status), Over: !a.timedOut()}
	}
	refused, ours := a.refused(headerless)
	switch {
	case !ours:
		return a.front()
	case a.status == http.StatusUnauthorized:
		return &UnauthorizedError{Status: a.status}
	case a.status == http.StatusNotFound:
		return &NotFoundError{}
	case a.status == http.StatusUnprocessableEntity && strings.Contains(refused.text(), floodText):
		return &FloodError{}
	}
	certain := len(refused.Attributes) > 0 || strings.Contains(refused.text(), nullByteText)
	return &InvalidError{Status: a.status, Attributes: refused.Attributes, Certain: certain}
}
