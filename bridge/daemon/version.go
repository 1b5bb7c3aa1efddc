package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// versionFile keeps the version of WhatsApp Web that was used last; its value
// is the file's path. It is a whatsapp.VersionCache.
type versionFile string

// LoadVersion gives what was saved last, or "".
func (f versionFile) LoadVersion(context.Context) (string, error) {
	raw, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the version: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// SaveVersion replaces the file in one step.
func (f versionFile) SaveVersion(_ context.Context, version string) error {
	fresh := string(f) + ".new"
	if err := os.WriteFile(fresh, []byte(version+"\n"), 0o600); err != nil {
		return fmt.Errorf("write the version: %w", err)
	}
	if err := os.Rename(fresh, string(f)); err != nil {
		return fmt.Errorf("write the version: %w", err)
	}
	return nil
}
