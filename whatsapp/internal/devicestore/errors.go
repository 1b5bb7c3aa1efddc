package devicestore

import (
	"context"
	"errors"
	"fmt"
)

// storeError says that a store failed. It passes for a cancelled context: for
// that alone the library neither acknowledges a message nor asks its sender
// again. Any other error it takes for a broken message, which would be
// acknowledged unread.
type storeError struct{ err error }

func (e *storeError) Error() string        { return "device store: " + e.err.Error() }
func (e *storeError) Unwrap() error        { return e.err }
func (e *storeError) Is(target error) bool { return target == context.Canceled }

// PanicError is a panic, made an error. It does not say the value, which may be
// what a customer wrote.
type PanicError struct{ Value any }

func (e *PanicError) Error() string { return fmt.Sprintf("panic (%T)", e.Value) }

// ErrNoReader says that a message was encrypted for none of its recipient's
// devices, as WhatsApp gave no keys. The library would send it all the same, to
// nobody.
var ErrNoReader = errors.New("none of the recipient's devices has keys now")

// ErrDeviceKept says that a device is deleted later.
var ErrDeviceKept = errors.New("the device is forgotten when its session has ended")

// KeysError says that a device is linked, but that its keys are not to be had: they are
// Missing, or do not open with this encryption key.
type KeysError struct {
	Missing bool
	err     error
}

func (e *KeysError) Error() string { return "the device's keys cannot be read: " + e.err.Error() }
func (e *KeysError) Unwrap() error { return e.err }

var errNoKeys = errors.New("they are not in the database")

// errNoContent says that what was decrypted is nothing.
var errNoContent = errors.New("the plaintext holds no message")
