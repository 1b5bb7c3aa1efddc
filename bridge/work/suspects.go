package work

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// A job that ends the process would do so at every start, before all that waits
// behind it. So a lane at which the process ended twice by a fault of its own is worked on
// before anything else of its line, and its first job alone in the process. If the process
// does not survive that either, the job is given up: people see that and can replay it.
// A process that was killed from outside is no sign of anything.

// errCrashes is why such a job is given up.
var errCrashes = errors.New("the program ended by a fault of its own again and again while it handled this; update Wootbridge, then replay it")

// suspects are the lanes that are to be tried, until they were.
type suspects struct {
	mu      sync.Mutex
	waiting map[journal.LaneKey]bool // false while it is being tried
}

// any reports whether a line has suspects: then nothing else of it is begun.
func (s *suspects) any(line string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.waiting {
		if key.Line == line {
			return true
		}
	}
	return false
}

func (s *suspects) of(queue journal.Queue) []journal.LaneKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []journal.LaneKey
	for key, waits := range s.waiting {
		if waits && key.Queue == queue {
			keys = append(keys, key)
		}
	}
	return keys
}

func (s *suspects) set(key journal.LaneKey, waits bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting == nil {
		s.waiting = map[journal.LaneKey]bool{}
	}
	s.waiting[key] = waits
}

// remove reports whether the lane was one.
func (s *suspects) remove(key journal.LaneKey) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, found := s.waiting[key]
	delete(s.waiting, key)
	return found
}

// findSuspects reads which lanes are to be tried. Without an answer none are: they are
// told by their leases all the same, only not before everything else.
func (p *Pool) findSuspects() {
	keys, err := p.cfg.Journal.Suspects(p.ctx)
	if err != nil {
		p.cfg.Log.Warn("it is not known which jobs the last run may have ended by", "error", err)
	}
	for _, key := range keys {
		p.cfg.Log.Warn("a job is tried alone: the program ended twice while it handled it", "line", key.Line, "direction", string(key.Queue))
		p.suspects.set(key, true)
	}
}

// claimSuspect claims a suspect of a queue and begins it.
func (p *Pool) claimSuspect(queue journal.Queue) (begun bool) {
	for _, key := range p.suspects.of(queue) {
		line, ok := p.cfg.Lines.Line(key.Line)
		if !ok || !line.Ready(queue) {
			continue
		}
		leases, err := p.cfg.Journal.ClaimMany(p.ctx, journal.Filter{Lines: []string{key.Line}, Queue: queue, Chat: key.Chat}, 1)
		if err != nil {
			continue
		}
		if len(leases) == 0 { // another process has it, or it is not there any more
			p.endTrial(key)
			continue
		}
		p.suspects.set(key, false)
		p.beginClaimed(leases[0], line)
		return true
	}
	return false
}

// endTrial lets the rest of a suspect's line go on.
func (p *Pool) endTrial(key journal.LaneKey) {
	if p.suspects.remove(key) {
		for _, queue := range slices.Collect(maps.Keys(p.signals)) {
			p.signals[queue].Notify()
		}
	}
}

// stepOrTry does the next job of a lane; the first one of a suspect alone.
func (p *Pool) stepOrTry(ctx context.Context, line Line, lease *journal.Lease, at *held, next Turn, jobs []journal.Job, unclean bool) (more bool, err error) {
	if lease.Crashes() == 0 {
		return p.step(ctx, line, lease, at, next, jobs, unclean)
	}
	survived := func() {
		if ctx.Err() != nil { // the process ends, or the lane is somebody else's
			return
		}
		if err := lease.Acquit(ctx, next.Job); err != nil {
			p.cfg.Log.Warn("it is not recorded that the program has survived a job", "error", err)
		}
		p.endTrial(lease.Lane())
	}
	if lease.Crashes() < journal.SuspectAfter || next.Wait > 0 {
		defer survived()
		return p.step(ctx, line, lease, at, next, jobs, unclean)
	}
	if trial := next.Job.Trial; trial.Failed(lease.Crashes()) || trial.GivingUp() {
		defer survived()
		return p.giveUpSuspect(ctx, line, lease, next.Job, unclean)
	}
	end := p.solo.begin(ctx)
	defer end()
	if err := cmp.Or(p.ctx.Err(), ctx.Err()); err != nil { // the process ends: the one before may be why
		return false, err
	}
	// Only now: others that wait for their turn may not be the cause.
	if err := lease.Try(ctx, next.Job, false); err != nil {
		return false, err
	}
	defer survived()
	return p.step(ctx, line, lease, at, next, jobs, unclean)
}

// giveUpSuspect ends a job that the process did not survive alone. If it does not
// survive that people are told of it either, they see it among the jobs that were given
// up.
func (p *Pool) giveUpSuspect(ctx context.Context, line Line, lease *journal.Lease, job journal.Job, unclean bool) (more bool, err error) {
	p.cfg.Count(string(lease.Lane().Queue), outcomeDead)
	p.cfg.Log.Error("a job was given up: the program ended by it again and again", "line", line.ID(), "direction", string(lease.Lane().Queue))
	if job.Trial.GivingUp() && job.Trial.Failed(lease.Crashes()) {
		return true, lease.Dead(ctx, job, errCrashes.Error(), nil)
	}
	if err := lease.Try(ctx, job, true); err != nil {
		return false, err
	}
	job.Begun, job.MayHaveActed = p.cfg.Clock(), true
	j := &Job{Job: job, Lease: lease, Epoch: lease.Epoch(), Ambiguous: true, UncleanLease: unclean}
	return p.giveUp(ctx, line, j, errCrashes, errCrashes.Error())
}

// besideOthers runs a job when no suspect runs alone.
func (p *Pool) besideOthers(ctx context.Context, lease *journal.Lease, do func() error) error {
	if lease.Crashes() >= journal.SuspectAfter {
		return do()
	}
	if err := p.solo.enter(ctx); err != nil {
		return err
	}
	defer p.solo.leave()
	return do()
}

const (
	// soloWait is how long a suspect waits for the jobs that are under way, soloMost for
	// how long others wait for it. Who is there for longer waits for somebody else, and
	// does not end the process meanwhile.
	soloWait = 2 * time.Second
	soloMost = 10 * time.Second
)

// solo lets one job run alone.
type solo struct {
	mu      sync.Mutex
	running int
	left    chan struct{} // closed when running falls to 0; nil when nobody waits for that
	over    chan struct{} // closed when the one that runs alone is over; nil = none does
}

// enter waits until nobody runs alone.
func (s *solo) enter(ctx context.Context) error {
	for {
		s.mu.Lock()
		over := s.over
		if over == nil {
			s.running++
			s.mu.Unlock()
			return nil
		}
		s.mu.Unlock()
		select {
		case <-over:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *solo) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running--; s.running == 0 && s.left != nil {
		close(s.left)
		s.left = nil
	}
}

// begin waits for another one that runs alone, and for those that are under way, and
// keeps further ones from beginning until end is called, or for soloMost.
func (s *solo) begin(ctx context.Context) (end func()) {
	var mine, left chan struct{}
	for mine == nil {
		s.mu.Lock()
		other := s.over
		if other == nil {
			mine = make(chan struct{})
			s.over = mine
			if s.running > 0 {
				left = make(chan struct{})
				s.left = left
			}
		}
		s.mu.Unlock()
		if other != nil {
			select {
			case <-other:
			case <-ctx.Done():
				return func() {}
			}
		}
	}
	once := sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.over = nil
		close(mine)
	})
	if left != nil {
		timer := time.NewTimer(soloWait)
		defer timer.Stop()
		select {
		case <-left:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	limit := time.AfterFunc(soloMost, once)
	return func() {
		limit.Stop()
		once()
	}
}
