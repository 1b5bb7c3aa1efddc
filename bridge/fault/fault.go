package fault

import "fmt"

// Code says in one word what went wrong, for machines; it decides the HTTP
// status of an answer.
type Code string

// The codes an Error may carry.
const (
	CodeInvalid      Code = "invalid"            // the request cannot be carried out as written
	CodeUnauthorized Code = "unauthorized"       // no token, or a wrong one
	CodeNotFound     Code = "not_found"          // no such line, job or address
	CodeMethod       Code = "method_not_allowed" // the address exists, with other methods
	CodeConflict     Code = "conflict"           // the state does not allow it now
	CodeTooLarge     Code = "too_large"          // the request's body
	CodeTooMany      Code = "too_many"           // wait before the next attempt
	CodeUnavailable  Code = "unavailable"        // something the bridge needs does not answer
	CodeRefused      Code = "refused"            // Chatwoot or WhatsApp said no
	CodeInternal     Code = "internal"           // a fault of the bridge, found in its log
)

// Error is an error whose Message is meant for the person who asked and says
// what to do. Code and Message go over the wire as they are.
type Error struct {
	Code Code `json:"code"`
	// Field names what is wrong with the request, if one part of it is.
	Field   string `json:"-"`
	Message string `json:"message"`
	Err     error  `json:"-"`
}

// Error implements error.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %v", e.Message, e.Err)
	}
	return e.Message
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Invalid says that a part of a request cannot be carried out as written.
func Invalid(field, message string) error {
	return &Error{Code: CodeInvalid, Field: field, Message: message}
}

// Conflict says that the state of things does not allow a request now.
func Conflict(message string) error { return &Error{Code: CodeConflict, Message: message} }

// NotFound says that there is no such line or job.
func NotFound(message string) error { return &Error{Code: CodeNotFound, Message: message} }

// Unavailable says that something does not answer which a request needs; cause
// may be nil.
func Unavailable(message string, cause error) error {
	return &Error{Code: CodeUnavailable, Message: message, Err: cause}
}

// Refused says that Chatwoot or WhatsApp said no.
func Refused(message string, cause error) error {
	return &Error{Code: CodeRefused, Message: message, Err: cause}
}
