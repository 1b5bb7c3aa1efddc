package work

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

const (
	// filesAtOnce is how many files of a line are moved at once in each direction.
	filesAtOnce = 4
	// filesWaiting is how many lanes more may wait for that, each with its lease; the
	// others are put down for fileRest.
	filesWaiting = 250
	fileRest     = 30 * time.Second
)

// files are the places for files, by line and queue.
type files struct {
	mu  sync.Mutex
	all map[filesOf]*filePlaces
}

type filesOf struct {
	line  string
	queue journal.Queue
}

// filePlaces are those of one line and queue.
type filePlaces struct {
	here  chan struct{} // who moves a file or waits to
	moves chan struct{} // who moves one
}

func (f *files) of(at filesOf) *filePlaces {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all == nil {
		f.all = map[filesOf]*filePlaces{}
	}
	if f.all[at] == nil {
		f.all[at] = &filePlaces{here: make(chan struct{}, filesAtOnce+filesWaiting), moves: make(chan struct{}, filesAtOnce)}
	}
	return f.all[at]
}

// errManyFiles puts a lane down until fewer wait for files. It is no failure of the
// job.
var errManyFiles = errors.New("too many files wait to be moved")

// withFile is Job.WithFile. Afterwards the lane has its place again, whoever has
// come meanwhile.
func (p *Pool) withFile(ctx context.Context, lane journal.LaneKey, at *held, fn func() error) error {
	places := p.files.of(filesOf{lane.Line, lane.Queue})
	select {
	case places.here <- struct{}{}:
		defer func() { <-places.here }()
	default:
		return errManyFiles
	}
	at.release()
	defer at.enter()
	select {
	case places.moves <- struct{}{}:
		defer func() { <-places.moves }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return fn()
}
