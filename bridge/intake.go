package bridge

import (
	"fmt"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/foreign"
)

// intake knows since when a line takes in nothing of what WhatsApp brings: its
// connection looks well meanwhile.
type intake struct {
	mu    sync.Mutex
	since time.Time // zero while events are taken in
	cause error
}

// intakePatience is how long nothing may be taken in before people are told: a
// database that starts again is back sooner.
const intakePatience = time.Minute

// note records how the attempt to take an event in ended.
func (i *intake) note(err error, now time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case err == nil:
		i.since = time.Time{}
	case i.since.IsZero():
		i.since = now
	}
	i.cause = err
}

// trouble is a sentence for people, "" while there is none to tell of.
func (i *intake) trouble(now time.Time) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.since.IsZero() || now.Sub(i.since) < intakePatience {
		return ""
	}
	return fmt.Sprintf("Nothing that WhatsApp brings can be stored since %s, and it waits there: %s",
		i.since.UTC().Format("2006-01-02 15:04 MST"), foreign.Text(i.cause.Error()))
}
