package daemon

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/wootbridge/wootbridge/bridge/config"
	"github.com/wootbridge/wootbridge/bridge/database"
)

// The files of the data folder, beside the database.
const (
	lockFile     = "lock"
	tokenFile    = "admin-token"
	keyFile      = "encryption-key"
	instanceFile = "instance"
	crashFile    = "crash"
	databaseFile = database.FileName
	spoolFolder  = "spool"
	versionName  = "whatsapp-version"
)

// TokenPath is where the admin token is kept when it is not set.
func TokenPath(dataDir string) string { return filepath.Join(dataDir, tokenFile) }

// LockedError says that another process uses the data folder.
type LockedError struct {
	Dir string
	PID int // of the other process; 0 if it cannot be told
}

// Error implements error.
func (e *LockedError) Error() string {
	holder := "another process"
	if e.PID != 0 {
		holder = "the process " + strconv.Itoa(e.PID)
	}
	return fmt.Sprintf("the data folder %s is in use by %s: stop that one first, or give this one a WOOTBRIDGE_DATA_DIR of its own", e.Dir, holder)
}

// lock reserves the data folder for this process until unlock; the system
// releases it if the process dies.
func lock(dir string) (unlock func(), err error) {
	path := filepath.Join(dir, lockFile)
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return nil, &SetupError{fmt.Errorf("WOOTBRIDGE_DATA_DIR: %s is no file, and what a link leads to would be overwritten: remove the link, or what it is", path)}
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return nil, &SetupError{fmt.Errorf("WOOTBRIDGE_DATA_DIR: the bridge's user may not write into it: %w", err)}
	case err != nil:
		return nil, fmt.Errorf("open the data folder's lock: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer file.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock the data folder: %w", err)
		}
		text, _ := os.ReadFile(file.Name()) // what it says is a courtesy
		pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		return nil, &LockedError{Dir: dir, PID: pid}
	}
	if err := writePID(file); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("write the data folder's lock: %w", err)
	}
	return func() {
		// Not by closing alone: a program that is being started at this moment
		// has the file open too, until it runs.
		_ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN)
		_ = file.Close()
	}, nil
}

func writePID(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteString(strconv.Itoa(os.Getpid()) + "\n")
	return err
}

// adminToken gives the token that was set, or the one in the data folder, which
// is made when there is none.
func adminToken(cfg config.Config) (string, error) {
	if cfg.AdminToken != "" {
		return cfg.AdminToken.Reveal(), nil
	}
	token, err := keep(TokenPath(cfg.DataDir), func() string { return hex.EncodeToString(random(32)) })
	if err != nil {
		return "", fmt.Errorf("keep the admin token: %w", err)
	}
	return token, nil
}

// instanceName names this installation. The name stays with the data folder, which
// only one process uses at a time, so a start can take over at once the lines that
// the last process left behind.
func instanceName(dir string) (string, error) {
	name, err := keep(filepath.Join(dir, instanceFile), func() string { return hex.EncodeToString(random(8)) })
	if err != nil {
		return "", fmt.Errorf("keep the instance's name: %w", err)
	}
	return name, nil
}

// keep reads a small file, or makes it, whole or not at all and for this user
// only.
func keep(path string, make func() string) (string, error) {
	content, err := os.ReadFile(path)
	if text := strings.TrimSpace(string(content)); err == nil && text != "" {
		return text, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return "", err
	}
	defer os.Remove(file.Name()) // after the rename it does nothing
	text := make()
	_, err = file.WriteString(text + "\n")
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return "", err
	}
	return text, os.Rename(file.Name(), path)
}

// holds reports whether a file is there and not empty, as one is that a full disk has
// left. What cannot be read is for whoever reads it to tell.
func holds(path string) bool {
	content, err := os.ReadFile(path)
	return err == nil && strings.TrimSpace(string(content)) != "" || err != nil && !errors.Is(err, fs.ErrNotExist)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}
