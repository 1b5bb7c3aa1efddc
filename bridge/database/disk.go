package database

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	// entered says that the log's entry in its folder is on the disk; who
	// brings the log there uses it.
	entered bool

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
	f.err = d.bring()
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

// bring brings the log to the disk, and before the first time the entry of its
// file in the folder.
func (d *disk) bring() error {
	if !d.entered {
		if err := d.sync(filepath.Dir(d.log)); err != nil {
			return err
		}
		d.entered = true
	}
	return d.sync(d.log)
}

// syncFile brings a file, or a folder's entries, to the disk. It is opened anew
// each time, because SQLite removes the log with the last connection.
func syncFile(path string) error {
	file, err := os.Open(path)
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
