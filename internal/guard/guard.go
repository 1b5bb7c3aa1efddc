package guard

import (
	"fmt"
	"log/slog"
	"runtime/debug"
)

// PanicError is a panic, made an error. Neither its text nor the log holds the
// value, which may be a customer's words.
type PanicError struct{ Value any }

// Error implements error.
func (*PanicError) Error() string { return "panic while handling the event" }

// Guard notes the panics that it stops.
type Guard struct {
	Log *slog.Logger
	// Count is called once for each panic; nil counts nothing.
	Count func()
}

// Run calls fn. A panic in it becomes a *PanicError, is counted, and is logged
// with the type of its value and the stack.
func (g Guard) Run(doing string, fn func() error) (err error) {
	defer func() {
		value := recover()
		if value == nil {
			return
		}
		if g.Count != nil {
			g.Count()
		}
		g.Log.Error("panic while "+doing, "panic", fmt.Sprintf("%T", value), "stack", string(debug.Stack()))
		err = &PanicError{Value: value}
	}()
	return fn()
}
