package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/prometheus/procfs"
)

const (
	// memoryFile is there while the process has nearly all the memory that it may have.
	memoryFile = "short-of-memory"
	// memoryShare is how much of it the runtime uses before it collects at any price. The
	// rest is for what the runtime does not count: the database, threads, programs that
	// it starts.
	memoryShare = 0.8
	// scarce is how much of it is nearly all, ample how much is not any more.
	scarce, ample = 0.9, 0.8
	memoryEvery   = 100 * time.Millisecond
)

// limitMemory makes the runtime keep to the memory of its container, unless GOMEMLIMIT says
// something else.
func limitMemory(log *slog.Logger) {
	limit, err := memlimit.SetGoMemLimitWithOpts(memlimit.WithRatio(memoryShare), memlimit.WithProvider(memlimit.FromCgroup))
	switch {
	case errors.Is(err, memlimit.ErrNoLimit), errors.Is(err, memlimit.ErrNoCgroup), errors.Is(err, memlimit.ErrCgroupsNotSupported):
	case err != nil:
		log.Info("the container's memory is not known; GOMEMLIMIT can limit the program's", "error", err)
	case limit > 0:
		log.Debug("the memory is limited", "bytes", limit)
	}
}

// availableMemory is what the process may have: of its container, or else of the machine.
func availableMemory() (uint64, error) {
	return memlimit.ApplyFallback(memlimit.FromCgroup, memlimit.FromSystem)()
}

// memory tells from outside how a process ended that was killed: the system ends one that
// takes more memory than there is, and nothing of that can be recorded afterwards. So the
// shortage is, as long as it lasts.
type memory struct {
	mark  string
	limit uint64
	used  func() (uint64, error)
	log   *slog.Logger
}

// newMemory reports whether the last run ended while it was short of memory.
func newMemory(dir string, log *slog.Logger) (m *memory, short bool, err error) {
	m = &memory{mark: filepath.Join(dir, memoryFile), used: residentMemory, log: log}
	switch err := os.Remove(m.mark); {
	case err == nil:
		short = true
		log.Error("the last run ended while it was short of memory; give it more, or report it if it has 512 MB")
	case !errors.Is(err, fs.ErrNotExist):
		return nil, false, fmt.Errorf("look for a shortage of memory: %w", err)
	}
	if m.limit, err = availableMemory(); err != nil {
		log.Debug("how much memory there is is not known", "error", err)
		m.limit = 0
	}
	return m, short, nil
}

func residentMemory() (uint64, error) {
	self, err := procfs.Self()
	if err != nil {
		return 0, err
	}
	stat, err := self.Stat()
	if err != nil {
		return 0, err
	}
	return uint64(stat.ResidentMemory()), nil
}

// watch marks a shortage until ctx ends.
func (m *memory) watch(ctx context.Context, tick <-chan time.Time) {
	short := false
	defer func() {
		if short {
			_ = os.Remove(m.mark)
		}
	}()
	for m.limit > 0 {
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
		used, err := m.used()
		if err != nil {
			m.log.Debug("how much memory the process has is not known", "error", err)
			return
		}
		switch share := float64(used) / float64(m.limit); {
		case !short && share >= scarce:
			short = true
			if err := os.WriteFile(m.mark, nil, 0o600); err != nil {
				m.log.Warn("a shortage of memory is not recorded", "error", err)
			}
			debug.FreeOSMemory()
		case short && share < ample:
			short = false
			_ = os.Remove(m.mark)
		}
	}
}
