package daemon

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// forOthers are the rights of everybody but the owner.
const forOthers os.FileMode = 0o077

// closeToOthers takes from other users of the machine what they may do with the data
// folder and with the bridge's files in it, and tells of it. What is not the bridge's to
// change, it tells of only: a folder of another user, one in which others keep their files
// too, or a file system that knows no rights. ours tells whether something belongs to the
// bridge's user.
func closeToOthers(dir string, ours func(os.FileInfo) bool, log *slog.Logger) {
	var closed, open []string
	note := func(path string, may bool) {
		was, is, err := closeOne(path, may, ours)
		switch {
		case err != nil:
			log.Warn("it cannot be told who may read the bridge's data", "error", err)
		case was && is:
			open = append(open, filepath.Base(path))
		case was:
			closed = append(closed, filepath.Base(path))
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		log.Warn("it cannot be told who may read the bridge's data", "error", err)
	}
	alone := true
	for _, entry := range entries {
		if !ofBridge(entry.Name()) {
			alone = alone && entry.Name() == "lost+found"
			continue
		}
		// A link leads to somebody else's file: whether others can read that is told.
		note(filepath.Join(dir, entry.Name()), entry.IsDir() || entry.Type().IsRegular())
	}
	note(dir, alone && err == nil)
	if len(closed) > 0 {
		log.Warn("other users of this machine could read the bridge's data; that is over", "folder", absolute(dir), "closed", closed)
	}
	if len(open) > 0 {
		log.Warn("other users of this machine can read the bridge's data, and the bridge cannot change that: give it a folder of its own, which only its user may read (chmod 700)", "folder", absolute(dir), "open", open)
	}
}

// closeOne closes a file or folder that others may use, if it may and can, and reports
// whether it was open, and still is.
func closeOne(path string, may bool, ours func(os.FileInfo) bool) (was, is bool, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, false, nil // it has just gone
	}
	if err != nil {
		return false, false, fmt.Errorf("look who may read the data: %w", err)
	}
	if info.Mode()&forOthers == 0 {
		return false, false, nil
	}
	// A folder with a sticky bit is meant for everybody.
	if !may || !ours(info) || info.Mode()&os.ModeSticky != 0 || os.Chmod(path, info.Mode()&^forOthers) != nil {
		return true, true, nil
	}
	if info, err = os.Stat(path); err != nil {
		return true, true, fmt.Errorf("look who may read the data: %w", err)
	}
	return true, info.Mode()&forOthers != 0, nil
}

func ownedByUs(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// ofBridge says whether the bridge has made an entry of its data folder, or somebody as a
// copy of one, such as wootbridge.db.bak.
func ofBridge(name string) bool {
	for _, known := range []string{lockFile, addressFile, tokenFile, keyFile, instanceFile, crashFile, memoryFile, databaseFile, spoolFolder, versionName} {
		rest, ok := strings.CutPrefix(strings.TrimPrefix(name, "."), known)
		if ok && (rest == "" || rest[0] == '.' || rest[0] == '-') {
			return true
		}
	}
	return false
}
