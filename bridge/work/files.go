package work

import (
	"context"
	"sync"

	"github.com/wootbridge/wootbridge/bridge/journal"
)

// filesAtOnce is how many files of a line are moved at once in each direction.
const filesAtOnce = 4

// files are the places for files, by line and queue.
type files struct {
	mu  sync.Mutex
	all map[filesOf]chan struct{}
}

type filesOf struct {
	line  string
	queue journal.Queue
}

func (f *files) of(at filesOf) chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all == nil {
		f.all = map[filesOf]chan struct{}{}
	}
	if f.all[at] == nil {
		f.all[at] = make(chan struct{}, filesAtOnce)
	}
	return f.all[at]
}

// withFile is Job.WithFile. Afterwards the lane has its place again, whoever has
// come meanwhile.
func (p *Pool) withFile(ctx context.Context, lane journal.LaneKey, at *held, fn func() error) error {
	places := p.files.of(filesOf{lane.Line, lane.Queue})
	at.release()
	defer at.enter()
	select {
	case places <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-places }()
	return fn()
}
