package daemon

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/config"
	"github.com/wootbridge/wootbridge/bridge/seal"
)

// newKeyFile holds the key that everything is about to be sealed with. It becomes keyFile
// when that is done; if the process dies in between, at the next start.
const newKeyFile = keyFile + ".new"

// errKeyLost says that the data folder has a database but not its key.
var errKeyLost = errors.New("the database has no encryption key any more (the file is missing or empty): put the file encryption-key of your backup into the data folder; without it the secrets in the database cannot be read")

// keyring is what a start may open the database with.
type keyring struct {
	dir     string
	present *seal.Key
	// inFile says that present is kept in the data folder.
	inFile bool
	// next is the one that is set to come next, and file the one that the data folder
	// has for that; nil = none.
	next, file *seal.Key
	// before is where the key is that was replaced, if one was.
	before string
}

// readKeys gives the key that was set, or the one in the data folder, and what may have
// taken its place. A key is made only beside a database that is new.
func readKeys(cfg config.Config) (k keyring, err error) {
	k.dir = cfg.DataDir
	if cfg.NewEncryptionKey != "" {
		if k.next, err = seal.ParseKey(cfg.NewEncryptionKey.Reveal()); err != nil {
			return k, err
		}
	}
	if cfg.EncryptionKey != "" {
		k.present, err = seal.ParseKey(cfg.EncryptionKey.Reveal())
		return k, err
	}
	k.inFile = true
	path := filepath.Join(cfg.DataDir, keyFile)
	if !holds(path) && exists(filepath.Join(cfg.DataDir, databaseFile)) {
		return k, errKeyLost
	}
	if k.present, err = keepKey(path); err != nil {
		return k, err
	}
	if path := filepath.Join(cfg.DataDir, newKeyFile); exists(path) {
		k.file, err = keepKey(path)
	}
	return k, err
}

// keepKey reads a key's file, or makes it.
func keepKey(path string) (*seal.Key, error) {
	text, err := keep(path, func() string { return base64.StdEncoding.EncodeToString(random(seal.KeySize)) })
	if err != nil {
		return nil, fmt.Errorf("keep the encryption key: %w", err)
	}
	key, err := seal.ParseKey(text)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return key, nil
}

// all are the keys that the database may be sealed with, the likeliest first.
func (k keyring) all() []*seal.Key {
	keys := []*seal.Key{k.present}
	for _, key := range []*seal.Key{k.next, k.file} {
		if key != nil {
			keys = append(keys, key)
		}
	}
	return keys
}

// settle takes note of the key that the database turned out to be sealed with: one that
// was to come next is the present one since.
func (k *keyring) settle(key *seal.Key, log *slog.Logger) error {
	switch {
	case key.ID() == k.present.ID():
		return nil
	case !k.inFile:
		log.Warn("everything is sealed with the new encryption key; set it in place of the old one, before that is needed", "variable", config.Prefix+"ENCRYPTION_KEY", "key", key.ID())
	case k.file != nil && k.file.ID() == key.ID():
		if err := k.promote(); err != nil {
			return err
		}
		log.Info("the change of the encryption key is complete", "key", key.ID())
	}
	k.present = key
	return nil
}

// hint says where the key is that a database is sealed with, if it is one of those that
// were replaced: as with a backup from before that.
func (k *keyring) hint(want string) string {
	if path := filepath.Join(k.dir, keyFile+"."+want); k.inFile && want != "" && holds(path) {
		return "; that key is in " + path + ": if this database is a backup from before the key was replaced, copy that file over " + keyFile
	}
	return ""
}

// waits says that a key is set to come next, which nothing is sealed with.
func (k *keyring) waits() bool { return k.next != nil && k.next.ID() != k.present.ID() }

// prepare gives the key to seal everything with. In the data folder it is kept, on the
// disk, before anything is.
func (k *keyring) prepare(cfg config.Config) (*seal.Key, error) {
	if !k.inFile {
		if k.next == nil {
			return nil, &SetupError{errors.New("WOOTBRIDGE_NEW_ENCRYPTION_KEY is not set: set it to the new key, such as the output of openssl rand -base64 32, beside WOOTBRIDGE_ENCRYPTION_KEY")}
		}
		return k.next, nil
	}
	path := filepath.Join(k.dir, newKeyFile)
	if k.next != nil && (k.file == nil || k.file.ID() != k.next.ID()) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // it opens nothing
			return nil, fmt.Errorf("keep the new encryption key: %w", err)
		}
		if _, err := keep(path, cfg.NewEncryptionKey.Reveal); err != nil {
			return nil, fmt.Errorf("keep the new encryption key: %w", err)
		}
	}
	var err error
	if k.file, err = keepKey(path); err != nil {
		return nil, err
	}
	return k.file, syncFolder(k.dir)
}

// promote makes the new key's file the key's file. The old key stays beside it, under its
// id: backups that were made before need it.
func (k *keyring) promote() error {
	path := filepath.Join(k.dir, keyFile)
	k.before = filepath.Join(k.dir, keyFile+"."+k.present.ID())
	old, err := os.ReadFile(path)
	if err == nil {
		_, err = keep(k.before, func() string { return strings.TrimSpace(string(old)) })
	}
	if err == nil {
		err = os.Rename(filepath.Join(k.dir, newKeyFile), path)
	}
	if err == nil {
		err = syncFolder(k.dir)
	}
	if err != nil {
		return fmt.Errorf("put the new encryption key in its place: %w", err)
	}
	return nil
}

// syncFolder brings a folder's entries to the disk.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err == nil {
		err = errors.Join(folder.Sync(), folder.Close())
	}
	if err != nil {
		return fmt.Errorf("bring the data folder to the disk: %w", err)
	}
	return nil
}
