package supervisor

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
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
	// Stands asks whether a line could go on that is paused for what may pass; see
	// lines.PauseCause. AskEvery is how often; 0 means DefaultAskEvery.
	Stands   func(ctx context.Context, line lines.Line) error
	AskEvery time.Duration
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

	cutOff atomic.Bool // the lease could not be renewed, and was not since

	mu      sync.Mutex
	running map[lines.ID]Runner
	ending  map[lines.ID]chan struct{} // closed when the old runner has ended
}

// New makes a Supervisor; Start runs it.
func New(cfg Config) *Supervisor {
	if cfg.OwnerTTL == 0 {
		cfg.OwnerTTL = DefaultOwnerTTL
	}
	if cfg.AskEvery == 0 {
		cfg.AskEvery = DefaultAskEvery
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
func (s *Supervisor) Start() {
	s.run.Go(s.keepSynced)
	s.run.Go(s.keepAsking)
}

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

// Me names this run of the process, as the owner of lines.
func (s *Supervisor) Me() string { return s.owner.me }

// CutOff reports whether every connection has ended because the database takes
// nothing in.
func (s *Supervisor) CutOff() bool { return s.cutOff.Load() }

// Free reports whether a line's connection is nobody's, as far as its record says.
func (s *Supervisor) Free(h lines.Holding) bool { return s.owner.free(h) }

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
