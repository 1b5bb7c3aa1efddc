package work

import (
	"time"

	"github.com/wootbridge/wootbridge/bridge/lines"
)

// PermanentError ends a job for ever: it becomes a dead letter, which people are
// told of and may replay.
type PermanentError struct{ Err error }

// Error implements error.
func (e *PermanentError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *PermanentError) Unwrap() error { return e.Err }

// RetryError asks for another attempt at a time of its own.
type RetryError struct {
	After time.Duration
	Err   error
}

// Error implements error.
func (e *RetryError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *RetryError) Unwrap() error { return e.Err }

// PauseError stops the job's line, if what it says is confirmed.
type PauseError struct {
	// Pause says to people what happened and what to do.
	Pause lines.Pause
	Err   error
}

// Error implements error.
func (e *PauseError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *PauseError) Unwrap() error { return e.Err }

// BrokenPayloadError says that a stored event cannot be read. No attempt will
// read it, so it ends the job; the event is kept. Its text holds nothing of the
// event.
type BrokenPayloadError struct{ Err error }

// Error implements error.
func (*BrokenPayloadError) Error() string { return "the stored event cannot be read" }

// Unwrap gives the cause.
func (e *BrokenPayloadError) Unwrap() error { return e.Err }
