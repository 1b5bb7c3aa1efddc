package work

import (
	"sync"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// places counts the lanes that are worked on, by where their jobs go: what hangs at
// one destination takes no place of another. A destination is a Chatwoot, or the
// WhatsApp session of a line. Live lanes have places of their own: whatever the
// backlog does, what a customer writes now finds one, and whatever is live, the
// backlog goes on.
type places struct {
	mu    sync.Mutex
	inUse map[place]int
	// full says of a queue that lanes may wait for a place: who gives one back says
	// so.
	full map[journal.Queue]bool
}

// place is one of the places that lanes of a class have at a destination.
type place struct {
	queue       journal.Queue
	destination string
	live        bool
}

// placeFor is where a line's lanes of a class go, and how many may be under way for
// it at once. What a Chatwoot can take is the Gate's to say; some lanes are between two
// requests.
func placeFor(line Line, queue journal.Queue, live bool) (at place, room int) {
	at = place{queue, destination(queue, line), live}
	switch {
	case queue == journal.Out:
		return at, lanesOfLine
	case queue == journal.In:
		return at, max(lanesOfChatwoot, line.Chatwoot().Limit())
	case live:
		return at, 2
	default:
		return at, 1
	}
}

const (
	// lanesOfLine is how many chats of a line are sent to at once; of each class.
	lanesOfLine = 8
	// lanesOfChatwoot is how many chats are brought to a Chatwoot at once at least, of
	// each class.
	lanesOfChatwoot = 8
)

func destination(queue journal.Queue, line Line) string {
	if queue == journal.Out {
		return line.ID()
	}
	return line.Chatwoot().URL()
}

// used is how many lanes of both classes are under way.
func (s *places) used(queue journal.Queue, destination string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inUse[place{queue, destination, true}] + s.inUse[place{queue, destination, false}]
}

// free is how many lanes more may begin.
func (s *places) free(at place, room int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(0, room-s.inUse[at])
}

// acquire takes a place if one is free.
func (s *places) acquire(at place, room int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inUse[at] >= room {
		s.note(at.queue)
		return false
	}
	s.add(at, 1)
	return true
}

// enter takes a place even if none is free: for a lane that cannot be put down.
func (s *places) enter(at place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(at, 1)
}

// release gives a place back. It reports whether lanes may wait for it.
func (s *places) release(at place) (wanted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(at, -1)
	wanted = s.full[at.queue]
	delete(s.full, at.queue)
	return wanted
}

// noteFull says that lanes of a queue may wait for places.
func (s *places) noteFull(queue journal.Queue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note(queue)
}

func (s *places) note(queue journal.Queue) {
	if s.full == nil {
		s.full = map[journal.Queue]bool{}
	}
	s.full[queue] = true
}

func (s *places) add(at place, n int) {
	if s.inUse == nil {
		s.inUse = map[place]int{}
	}
	if s.inUse[at] += n; s.inUse[at] == 0 {
		delete(s.inUse, at)
	}
}
