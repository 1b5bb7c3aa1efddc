package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
)

// recordCrashes makes the runtime also write a fatal panic to a file, and reports
// whether the last process left such a record instead of being stopped or killed.
// That record is kept in a second file, for people to send with a report.
func recordCrashes(dir string, log *slog.Logger) (crashed bool, err error) {
	path := filepath.Join(dir, crashFile)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return false, fmt.Errorf("look for a record of a crash: %w", err)
	case info.Size() > 0:
		crashed = true
		if err := os.Rename(path, path+".last"); err != nil {
			return false, fmt.Errorf("keep the record of a crash: %w", err)
		}
		log.Error("the last run ended by a fault of the program; please report it with this file", "file", path+".last")
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return false, fmt.Errorf("prepare a record of crashes: %w", err)
	}
	defer file.Close() // the runtime has its own copy
	if err := debug.SetCrashOutput(file, debug.CrashOptions{}); err != nil {
		return false, fmt.Errorf("prepare a record of crashes: %w", err)
	}
	return crashed, nil
}
