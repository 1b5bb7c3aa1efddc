package chatwoot

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// UnauthorizedError says that Chatwoot does not accept the token (any more), or
// that its owner may not do this.
type UnauthorizedError struct{ Status int }

func (e *UnauthorizedError) Error() string {
	return fmt.Sprintf("chatwoot does not accept the token (%d)", e.Status)
}

// FrontError says that something in front of Chatwoot answered in its place: a
// proxy while Chatwoot starts again, a firewall, a sign-in page. Nothing follows
// from it but that Chatwoot was not reached.
type FrontError struct {
	Status int
	// RedirectedTo is where the answer sends to, without a path; may be empty.
	RedirectedTo string
	// Page says that it was a page for people.
	Page bool
}

func (e *FrontError) Error() string {
	switch {
	case e.RedirectedTo != "":
		return fmt.Sprintf("a web server in front of Chatwoot sends to %s (%d)", e.RedirectedTo, e.Status)
	case e.Status < 300:
		return "a web server in front of Chatwoot answers with a page of its own"
	}
	return fmt.Sprintf("a web server in front of Chatwoot answers %d", e.Status)
}

// passedOn reports whether the request may have reached Chatwoot all the same.
func (e *FrontError) passedOn() bool { return e.Status < 300 || e.Status == http.StatusRequestTimeout }

// NotFoundError says that the record, or the inbox or account around it, does
// not exist.
type NotFoundError struct{}

func (e *NotFoundError) Error() string { return "chatwoot has no such record (404)" }

// InvalidError says that Chatwoot refuses this request. It says so too of what it
// could not do at the moment: while a message is stored, every exception is a 422.
type InvalidError struct {
	Status     int
	Attributes []string // what is at fault, when Chatwoot names it
	// Certain says that no attempt will be accepted.
	Certain bool
}

func (e *InvalidError) Error() string {
	if len(e.Attributes) == 0 {
		return fmt.Sprintf("chatwoot refuses the request (%d)", e.Status)
	}
	return fmt.Sprintf("chatwoot refuses the request (%d): %s", e.Status, strings.Join(e.Attributes, ", "))
}

// FloodError says that the conversation had 200 messages within a minute.
type FloodError struct{}

func (e *FloodError) Error() string {
	return "chatwoot's limit of messages per minute in one conversation"
}

// RateLimitedError says that too many requests were made.
type RateLimitedError struct{ RetryAfter time.Duration }

func (e *RateLimitedError) Error() string { return "chatwoot's rate limit (429)" }

// TooLargeError says that a proxy in front of Chatwoot refuses the upload.
type TooLargeError struct{}

func (e *TooLargeError) Error() string { return "the upload is larger than the server accepts (413)" }

// UnavailableError says that Chatwoot did not take the request, or that it only
// asked for something; it may be repeated.
type UnavailableError struct {
	Err error
	// Down says that nothing listens at Chatwoot's address, or that its host
	// has none: it does not run, which says nothing of how much it can take.
	Down bool
}

func (e *UnavailableError) Error() string { return "chatwoot is not available: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *UnavailableError) Unwrap() error { return e.Err }

// AmbiguousError says that Chatwoot may or may not have carried the request
// out; look before repeating it.
type AmbiguousError struct {
	Err error
	// Over says that it is not under way any more: what a look does not find now
	// was not done.
	Over bool
}

func (e *AmbiguousError) Error() string { return "chatwoot's answer is unknown: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *AmbiguousError) Unwrap() error { return e.Err }

// HadNoEffect reports whether the request that ended with err surely changed
// nothing in Chatwoot: it never left, or was turned away before any work. An
// InvalidError is none of these, because Chatwoot also answers so when
// something fails after it has stored a message.
func HadNoEffect(err error) bool {
	var (
		ambiguous    *AmbiguousError
		unavailable  *UnavailableError
		unauthorized *UnauthorizedError
		notFound     *NotFoundError
		tooLarge     *TooLargeError
		limited      *RateLimitedError
		flood        *FloodError
		front        *FrontError
	)
	if errors.As(err, &ambiguous) {
		return false
	}
	if errors.As(err, &front) {
		return !front.passedOn()
	}
	return errors.As(err, &unavailable) || errors.As(err, &unauthorized) || errors.As(err, &notFound) ||
		errors.As(err, &tooLarge) || errors.As(err, &limited) || errors.As(err, &flood)
}

// IsDown reports whether err is an UnavailableError of a Chatwoot that does not
// run.
func IsDown(err error) bool {
	var unavailable *UnavailableError
	return errors.As(err, &unavailable) && unavailable.Down
}

// IsNotFound reports whether err is a NotFoundError.
func IsNotFound(err error) bool {
	var notFound *NotFoundError
	return errors.As(err, &notFound)
}

// ErrNotStored says that a file is not there (yet): the webhook can come
// before Chatwoot has stored the attachment.
var ErrNotStored = errors.New("chatwoot has not stored the file")

// ErrNoFileName refuses an upload that Chatwoot would drop without a word.
var ErrNoFileName = errors.New("an upload needs a file name")

// IsUnreached reports whether err says that Chatwoot did not answer: it was away,
// or something in front of it answered.
func IsUnreached(err error) bool {
	var unavailable *UnavailableError
	var front *FrontError
	return errors.As(err, &unavailable) || errors.As(err, &front)
}
