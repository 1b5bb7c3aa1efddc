package chatwoot

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// UnauthorizedError says that the token is not accepted (any more), or may not
// do this; nothing but a person can change that.
type UnauthorizedError struct{ Status int }

func (e *UnauthorizedError) Error() string {
	return fmt.Sprintf("chatwoot does not accept the token (%d)", e.Status)
}

// NotFoundError says that the record, or the inbox or account around it, does
// not exist.
type NotFoundError struct{}

func (e *NotFoundError) Error() string { return "chatwoot has no such record (404)" }

// InvalidError says that Chatwoot will never accept this request.
type InvalidError struct {
	Status     int
	Attributes []string // what is at fault, when Chatwoot names it
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
type AmbiguousError struct{ Err error }

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
	)
	if errors.As(err, &ambiguous) {
		return false
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
