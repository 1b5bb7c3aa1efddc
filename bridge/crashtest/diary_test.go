package crashtest

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// diary is what was done to the program and to the live channel, and when: a part
// of the story of a failure.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, time.Now().Format(clock)+" "+fmt.Sprintf(format, args...))
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.lines, "\n")
}
