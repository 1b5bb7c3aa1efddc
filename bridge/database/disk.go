package database

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
)

// disk lets commits to one SQLite file wait for the disk together. SQLite would
// wait inside each commit, while it holds the one turn to write; here commits
// only write to the log (synchronous NORMAL), and who needs the disk then waits
// for it beside the others: one fsync of the log takes along all that was
// committed before it began. It is what SQLite does at a commit with synchronous
// FULL, except that others go on meanwhile.
//
// A log that SQLite has begun anew, or removed, was brought into the database
// before, and that to the disk.
type disk struct {
	log  string // the path of the write-ahead log
	sync func(path string) error

	mu      sync.Mutex
	busy    bool
	waiting *flush // the next one
}

// flush is one wait for the disk.
type flush struct {
	over chan struct{}
	lead chan struct{} // given to one of those who wait
	err  error
}

func newDisk(log string) *disk { return &disk{log: log, sync: syncFile} }

// wait returns when all that was committed before the call is on the disk.
func (d *disk) wait() error {
	d.mu.Lock()
	if d.waiting == nil {
		d.waiting = &flush{over: make(chan struct{}), lead: make(chan struct{}, 1)}
	}
	f := d.waiting
	lead := !d.busy
	if lead {
		d.busy, d.waiting = true, nil
	}
	d.mu.Unlock()
	if !lead {
		select {
		case <-f.over:
			return f.err
		case <-f.lead:
		}
	}
	f.err = d.sync(d.log)
	close(f.over)
	d.mu.Lock()
	defer d.mu.Unlock()
	if next := d.waiting; next != nil {
		d.waiting = nil
		next.lead <- struct{}{}
	} else {
		d.busy = false
	}
	return f.err
}

// syncFile brings a file to the disk. It is opened anew each time, because
// SQLite removes the log with the last connection.
func syncFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = errors.Join(file.Sync(), file.Close())
	}
	if err != nil {
		return fmt.Errorf("bring SQLite's log to the disk: %w", err)
	}
	return nil
}
