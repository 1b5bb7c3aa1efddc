package reconcile

import (
	"cmp"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/lines"
)

// Shared is what the Reconcilers of a process have in common: the pace at which
// they ask each Chatwoot, and the lists that several of them need.
type Shared struct {
	clock     func() time.Time
	perSecond float64 // requests to each Chatwoot

	mu       sync.Mutex
	paces    map[string]*Pace
	listings map[account]*Listings
}

// account is what a token sees of a Chatwoot.
type account struct {
	url   string
	id    int64
	token string
}

// NewShared makes a Shared.
func NewShared(clock func() time.Time) *Shared {
	return &Shared{clock: clock, perSecond: perSecond, paces: map[string]*Pace{}, listings: map[account]*Listings{}}
}

// AtMost sets how many requests a second are made of each Chatwoot; 0 leaves it at 2.
func (s *Shared) AtMost(perSecond float64) *Shared {
	s.perSecond = cmp.Or(perSecond, s.perSecond)
	return s
}

// pace is shared by all lines of one Chatwoot.
func (s *Shared) pace(url string) *Pace {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paces[url] == nil {
		s.paces[url] = newPace(s.clock, s.perSecond)
	}
	return s.paces[url]
}

// join gives the lists of a line's account to the line, until it leaves.
func (s *Shared) join(line lines.Line) (l *Listings, leave func()) {
	key := account{line.ChatwootURL, line.Account, line.Token.Reveal()}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listings[key] == nil {
		s.listings[key] = &Listings{clock: s.clock}
	}
	l = s.listings[key]
	l.lines.Add(1)
	return l, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if l.lines.Add(-1) == 0 {
			delete(s.listings, key)
		}
	}
}
