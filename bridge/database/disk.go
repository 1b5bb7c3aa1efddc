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
	// kept is the log, which stays open from the first commit on: who takes all
	// descriptors that there are must not keep a commit from the disk. Who brings
	// the log there uses it and entered.
	kept *os.File
	// entered says that the log's entry in its folder is on the disk.
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

func newDisk(log string) *disk {
	d := &disk{log: log}
	d.sync = d.syncFile
	return d
}

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

// syncFile brings the log, or its folder's entries, to the disk.
func (d *disk) syncFile(path string) error {
	bring := syncFolder
	if path == d.log {
		bring = func(string) error { return d.syncLog() }
	}
	if err := bring(path); err != nil {
		return fmt.Errorf("bring SQLite's log to the disk: %w", err)
	}
	return nil
}

// syncLog opens the log anew only where it is another file than the last time:
// SQLite removes it with the last connection.
func (d *disk) syncLog() error {
	there, err := os.Stat(d.log)
	if errors.Is(err, fs.ErrNotExist) {
		return d.close()
	}
	if err != nil {
		return err
	}
	if d.kept != nil {
		if ours, err := d.kept.Stat(); err == nil && os.SameFile(ours, there) {
			return d.kept.Sync()
		}
		if err := errors.Join(d.close(), syncFolder(filepath.Dir(d.log))); err != nil {
			return err
		}
	}
	if d.kept, err = os.Open(d.log); err != nil {
		d.kept = nil
		return err
	}
	return d.kept.Sync()
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// close gives the log's descriptor back.
func (d *disk) close() error {
	if d.kept == nil {
		return nil
	}
	defer func() { d.kept = nil }()
	return d.kept.Close()
}
