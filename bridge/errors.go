package bridge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Code says in one word what went wrong, for machines; it decides the HTTP
// status of an answer.
type Code string

// The codes an Error may carry.
const (
	CodeInvalid     Code = "invalid"     // the request cannot be carried out as written
	CodeNotFound    Code = "not_found"   // no such line or job
	CodeConflict    Code = "conflict"    // the state does not allow it now
	CodeUnavailable Code = "unavailable" // something the bridge needs does not answer
	CodeRefused     Code = "refused"     // Chatwoot or WhatsApp said no
)

// Error is an error whose Message is meant for the person who asked.
type Error struct {
	Code    Code
	Field   string
	Message string
	Err     error
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

func invalid(field, message string) error {
	return &Error{Code: CodeInvalid, Field: field, Message: message}
}

func conflict(message string) error { return &Error{Code: CodeConflict, Message: message} }

func notFound(message string) error { return &Error{Code: CodeNotFound, Message: message} }

// decodeStrict reads exactly one JSON value and refuses unknown keys.
func decodeStrict(raw []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}
