package intake

import (
	"fmt"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/foreign"
)

// standstill knows since when a line takes in nothing of what WhatsApp brings: its
// connection looks well meanwhile.
type standstill struct {
	mu    sync.Mutex
	since time.Time // zero while events are taken in
	cause error
}

// standstillPatience is how long nothing may be taken in before people are told: a
// database that starts again is back sooner.
const standstillPatience = time.Minute

// note records how the attempt to take an event in ended.
func (s *standstill) note(err error, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil:
		s.since = time.Time{}
	case s.since.IsZero():
		s.since = now
	}
	s.cause = err
}

// trouble is a sentence for people, "" while there is none to tell of.
func (s *standstill) trouble(now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() || now.Sub(s.since) < standstillPatience {
		return ""
	}
	return fmt.Sprintf("Nothing that WhatsApp brings can be stored since %s, and it waits there: %s",
		s.since.UTC().Format("2006-01-02 15:04 MST"), foreign.Text(s.cause.Error()))
}
