package admin

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/listen"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// Config sets up a Service.
type Config struct {
	Store   *lines.Store
	DB      *database.DB
	Journal *journal.Journal
	IDs     *idmap.Map
	Lines   Lines
	// Removal removes what is left of deleted lines.
	Removal Removal
	Reach   inbox.Reach
	Clock   func() time.Time
	Log     *slog.Logger
}

// Lines are the lines of this process.
type Lines interface {
	Find(id lines.ID) (Line, bool)
	All() []Line
	// SyncNow makes the lines what SQL says, and waits for that.
	SyncNow(ctx context.Context) error
	// WaitEnded waits until a line's connection, if it is ending, has ended.
	WaitEnded(ctx context.Context, id lines.ID) error
	// CutOff says that the database takes nothing in.
	CutOff() bool
	// Stopping says that the process is about to end.
	Stopping() bool
}

// Line is a line in this process.
type Line interface {
	// Record is the line as it is now.
	Record() lines.Line
	// Active says that its connection is here, or in another process, of which all
	// else is told then.
	Active() bool
	Session() Session
	// Version is Chatwoot's, empty until it has answered.
	Version() string
	// Trouble is a sentence while the line takes nothing in, or the whole process, or
	// "".
	Trouble() string
	// ClockTrouble is a sentence while the clocks of this machine and of Chatwoot
	// differ, or "".
	ClockTrouble() string
	// RequestComparison asks for a comparison with Chatwoot's messages soon.
	RequestComparison()
	// Ways are the ways by which Chatwoot tells what agents do, as they are here.
	Ways() []listen.Status
	// RepliesTake is how long an agent's message may take where no way works; 0
	// where one does.
	RepliesTake() time.Duration
	// Recheck tries once more whether Chatwoot reaches the line's webhook.
	Recheck()
	// Notice is what people should know of the line's set-up, or "".
	Notice() string
}

// Session is a line's connection to WhatsApp.
type Session interface {
	State() whatsapp.State
	// Pair asks for a code to scan, or, with the digits of a phone number, for one
	// to type.
	Pair(phone string) error
	Logout(ctx context.Context) error
	Reconnect()
}

// Removal removes what is left of deleted lines.
type Removal interface {
	// Await removes what is left of a line at once, and waits for that until ctx
	// ends.
	Await(ctx context.Context, id lines.ID)
}

// Service is what people may do.
type Service struct {
	cfg      Config
	watchers watchers
	ready    readiness
}

// New makes a Service.
func New(cfg Config) *Service { return &Service{cfg: cfg} }

var errNoLine = fault.NotFound("there is no line with this id")

// find gives a line of this process. The error says whether there is none with the
// id, or one that is being removed.
func (s *Service) find(ctx context.Context, id lines.ID) (Line, error) {
	if line, ok := s.cfg.Lines.Find(id); ok {
		return line, nil
	}
	switch _, deleting, err := s.deleting(ctx, id); {
	case err != nil:
		return nil, err
	case deleting:
		return nil, errDeleting
	}
	return nil, errNoLine
}

// Ready reports whether the bridge can take events in: its database does what the
// program needs.
func (s *Service) Ready(ctx context.Context) error {
	if s.cfg.Lines.Stopping() {
		return fault.Unavailable("the bridge is stopping", nil)
	}
	if s.cfg.Lines.CutOff() {
		return fault.Unavailable("the database takes nothing in: its disk may be full", nil)
	}
	if err := s.ready.ask(s.cfg.Clock(), func(now time.Time) error {
		// Whoever asked may have gone; the answer is for others too.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyPatience)
		defer cancel()
		return s.cfg.DB.Try(ctx, now)
	}); err != nil {
		s.cfg.Log.Warn("not ready", "error", err)
		return fault.Unavailable("the database does not answer", nil)
	}
	return nil
}

// readyFor is for how long an answer about the database counts: anybody may ask, and each
// one costs a write.
const (
	readyFor      = time.Second
	readyPatience = 3 * time.Second
)

// readiness remembers the last answer about the database.
type readiness struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

func (r *readiness) ask(now time.Time, try func(now time.Time) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if since := now.Sub(r.at); since < 0 || since >= readyFor {
		r.at, r.err = now, try(now)
	}
	return r.err
}
