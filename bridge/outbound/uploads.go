package outbound

import (
	"sync/atomic"
	"time"
)

// Uploads is when WhatsApp's file servers last took a file of any line. The lines of
// a process share it.
type Uploads struct{ last atomic.Int64 } // in Unix milliseconds

// Note records that a file was taken.
func (u *Uploads) Note(at time.Time) { u.last.Store(at.UnixMilli()) }

// since reports whether a file was taken after a moment.
func (u *Uploads) since(at time.Time) bool { return u.last.Load() > at.UnixMilli() }
