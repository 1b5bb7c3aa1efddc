package supervisor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/lines"
)

// Runner is a line in this process. It is replaced as a whole, never changed in
// place, but for the line's record.
type Runner interface {
	// Line is the line as it was when the runner was made.
	Line() lines.Line
	// Active says that the runner holds the line's connection.
	Active() bool
	// OnProbation says that the line was not given back cleanly before, and has
	// not survived its connect yet.
	OnProbation() bool
	// Serves reports whether the runner can go on with the line as it is now.
	Serves(line lines.Line) bool
	// Update takes the line over as it is now.
	Update(line lines.Line)
	// Idle is the same line without a connection.
	Idle() Runner
	Start()
	// Stop disconnects and waits for what the runner has begun.
	Stop()
}

// Config sets up a Supervisor.
type Config struct {
	Store *lines.Store
	DB    *database.DB
	Clock func() time.Time
	Log   *slog.Logger
	// Instance names this installation, Run this run of it. What an earlier run of
	// the same instance left behind is taken over at once.
	Instance, Run string
	// Crashed says that the instance's last run ended by a panic.
	Crashed bool
	// OwnerTTL is how long a line whose process is gone waits for another one; 0
	// means DefaultOwnerTTL.
	OwnerTTL time.Duration
	// New makes a line's runner; a line that is not active takes webhooks and has
	// no connection.
	New func(line lines.Line, active, onProbation bool) (Runner, error)
	// Changed is told when a line has got another runner.
	Changed func(id lines.ID)
}

// Supervisor keeps the lines of a process running.
type Supervisor struct {
	cfg    Config
	owner  *ownership
	ctx    context.Context // ends when the supervisor begins to stop
	syncs  chan request
	expiry *time.Timer // fires when the lease on the lines is about to end
	run    sync.WaitGroup
	ends   sync.WaitGroup

	mu      sync.Mutex
	running map[lines.ID]Runner
	ending  map[lines.ID]chan struct{} // closed when the old runner has ended
}

// New makes a Supervisor; Start runs it.
func New(cfg Config) *Supervisor {
	if cfg.OwnerTTL == 0 {
		cfg.OwnerTTL = DefaultOwnerTTL
	}
	return &Supervisor{
		cfg:   cfg,
		owner: &ownership{db: cfg.DB, clock: cfg.Clock, ttl: cfg.OwnerTTL, instance: cfg.Instance, me: cfg.Instance + "/" + cfg.Run},
		syncs: make(chan request, 1), running: map[lines.ID]Runner{}, ending: map[lines.ID]chan struct{}{},
	}
}

// request asks for a sync now; done, if not nil, gets the outcome.
type request struct{ done chan error }

// Begin makes the lines' runners for the first time. ctx is for that; life ends
// when the supervisor shall stop. Where it fails it may be called again.
func (s *Supervisor) Begin(ctx, life context.Context) error {
	s.ctx = life
	if s.expiry == nil {
		s.expiry = time.AfterFunc(s.cfg.OwnerTTL, s.expired)
	}
	return s.sync(ctx)
}

// Start keeps the lines running until the context that Begin was given ends.
func (s *Supervisor) Start() { s.run.Go(s.keepSynced) }

func (s *Supervisor) keepSynced() {
	tick := time.NewTicker(s.owner.every())
	defer tick.Stop()
	for {
		var asked request
		select {
		case <-s.ctx.Done():
			return
		case <-tick.C:
		case asked = <-s.syncs:
		}
		err := s.sync(s.ctx)
		if err != nil && s.ctx.Err() == nil {
			s.cfg.Log.Warn("the lines cannot be looked after", "error", err)
		}
		if asked.done != nil {
			asked.done <- err
		}
	}
}

// RequestSync asks for a sync soon; it does not wait.
func (s *Supervisor) RequestSync() {
	select {
	case s.syncs <- request{}:
	default: // one is asked for already
	}
}

// ErrStopping says that the bridge is stopping.
var ErrStopping = fault.Unavailable("the bridge is stopping", nil)

// SyncNow asks for a sync and waits for it.
func (s *Supervisor) SyncNow(ctx context.Context) error {
	asked := request{done: make(chan error, 1)}
	select {
	case s.syncs <- asked:
	case <-s.ctx.Done():
		return ErrStopping
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-asked.done:
		return err
	case <-s.ctx.Done():
		return ErrStopping
	case <-ctx.Done():
		return ctx.Err()
	}
}

// StopSyncing ends the lease's timer and waits for the sync under way; call it
// when the context that Begin was given has ended.
func (s *Supervisor) StopSyncing() {
	if s.expiry != nil {
		s.expiry.Stop()
	}
	s.run.Wait()
}

// StopLines ends every runner, gives its line back, and waits for that.
func (s *Supervisor) StopLines() {
	for _, r := range s.All() {
		s.replace(r, nil)
	}
	s.ends.Wait()
}

// Find gives a line's runner.
func (s *Supervisor) Find(id lines.ID) (Runner, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.running[id]
	return r, ok
}

// All are the runners of all lines.
func (s *Supervisor) All() []Runner {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.running))
}

// Survived records that the process survived a line's connect: the next line may
// connect.
func (s *Supervisor) Survived(ctx context.Context, id lines.ID) {
	if err := s.owner.settled(ctx, id); err != nil {
		s.cfg.Log.Warn("a connect cannot be recorded", "line", string(id), "error", err)
	}
	s.RequestSync()
}

// WaitEnded waits until a line's runner, if it is ending, has ended.
func (s *Supervisor) WaitEnded(ctx context.Context, id lines.ID) error {
	s.mu.Lock()
	ended := s.ending[id]
	s.mu.Unlock()
	if ended == nil {
		return nil
	}
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sync renews what is ours, claims what is free, and makes every line's runner
// what SQL says it should be.
func (s *Supervisor) sync(ctx context.Context) error {
	// Before renewing: a line whose runner ends meanwhile is given back, so it is
	// not ours whatever the renewal says.
	ending := s.endingLines()
	held, until, err := s.owner.renew(ctx)
	if err != nil {
		return err
	}
	s.expiry.Reset(until.Sub(s.cfg.Clock()) - s.owner.margin())
	all, err := s.cfg.Store.List(ctx)
	if err != nil {
		return err
	}
	known := map[lines.ID]bool{}
	var failures []error
	for _, line := range all {
		known[line.ID] = true
		if ending[line.ID] {
			continue
		}
		if err := s.syncLine(ctx, line, held[line.ID]); err != nil {
			failures = append(failures, fmt.Errorf("line %s: %w", line.ID, err))
		}
	}
	for _, r := range s.All() {
		if !known[r.Line().ID] {
			s.replace(r, nil)
		}
	}
	return errors.Join(failures...)
}

func (s *Supervisor) syncLine(ctx context.Context, line lines.Line, ours bool) error {
	s.mu.Lock()
	r, ending := s.running[line.ID], s.ending[line.ID]
	s.mu.Unlock()
	if ending != nil {
		return nil // it requests a sync when it has ended
	}
	onProbation := false
	if line.Paused == "" && !ours && s.owner.free(line.Held) {
		var err error
		if ours, onProbation, err = s.claim(ctx, line); err != nil {
			return err
		}
	}
	active := ours && line.Paused == ""
	if r != nil && r.Active() == active && (!active || r.Serves(line)) {
		r.Update(line)
		return nil
	}
	next, err := s.cfg.New(line, active, onProbation)
	if err != nil {
		return err
	}
	s.replace(r, next)
	return nil
}

// replace puts next in the place of r and ends r; either may be nil. While the
// old runner ends, the line takes webhooks but has no connection.
func (s *Supervisor) replace(r, next Runner) {
	id, ends := replaced(r, next), r != nil && r.Active()
	if ends && next != nil {
		next = next.Idle() // the sync after the end makes it active
	}
	ended := make(chan struct{})
	s.mu.Lock()
	if s.running[id] != r {
		s.mu.Unlock()
		return // it was replaced meanwhile
	}
	if ends {
		s.ending[id] = ended
	}
	if next == nil {
		delete(s.running, id)
	} else {
		s.running[id] = next
		if next.Active() {
			next.Start() // under the lock: nobody ends what has not begun
		}
	}
	s.mu.Unlock()
	if ends {
		s.ends.Go(func() { s.end(r, id, ended) })
	}
	s.cfg.Changed(id)
}

// end ends a runner and gives its line back.
func (s *Supervisor) end(r Runner, id lines.ID, ended chan struct{}) {
	r.Stop()
	if err := s.owner.relinquish(context.WithoutCancel(s.ctx), id); err != nil {
		s.cfg.Log.Warn("the line cannot be given back; others wait until its lease ends", "line", string(id), "error", err)
	}
	s.mu.Lock()
	delete(s.ending, id)
	s.mu.Unlock()
	close(ended)
	s.RequestSync()
}

func replaced(r, next Runner) lines.ID {
	if r != nil {
		return r.Line().ID
	}
	return next.Line().ID
}

// expired ends every connection: the lease on the lines could not be renewed,
// and another process may take them. It does not wait for a sync, which may
// itself be waiting for the database.
func (s *Supervisor) expired() {
	s.cfg.Log.Error("the lease on the lines could not be renewed; disconnecting until the database answers")
	for _, r := range s.All() {
		if r.Active() {
			s.replace(r, r)
		}
	}
}

func (s *Supervisor) endingLines() map[lines.ID]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	ending := map[lines.ID]bool{}
	for id := range s.ending {
		ending[id] = true
	}
	return ending
}
