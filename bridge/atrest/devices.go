package atrest

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// forDevices is the use of the key that seals devices and messages.
const forDevices = "whatsapp"

// Config says of what and for whom a store is opened.
type Config struct {
	DB  *database.DB
	Key *seal.Key
	// Instance names this installation: devices that another one uses are left as they
	// are.
	Instance string
	Clock    func() time.Time
	Log      *slog.Logger
}

// OpenDevices opens the store of linked devices. What an earlier version has left in the
// clear there is sealed.
func OpenDevices(ctx context.Context, cfg Config) (*whatsapp.Store, error) {
	return whatsapp.OpenStore(ctx, whatsapp.StoreConfig{
		DB: cfg.DB.DB, Dialect: string(cfg.DB.Dialect), Relaxed: database.Relaxed, Log: whatsapp.Log(cfg.Log, func(string) {}),
		Sealer: cfg.Key.For(forDevices),
		Elsewhere: func(ctx context.Context) (map[string]bool, error) {
			if cfg.DB.Dialect == database.SQLite {
				return nil, nil // one process at a time has the file
			}
			held, err := lines.Elsewhere(ctx, cfg.DB, cfg.Instance, cfg.Clock())
			jids := map[string]bool{}
			for _, jid := range held {
				jids[jid] = true
			}
			return jids, err
		},
		Moving: func(devices int) {
			cfg.Log.Info("the keys of linked devices and the secrets of messages are being encrypted; this may take a while", "devices", devices)
		},
	})
}

// rewriteWithin bounds how long the database's files may take to be written anew.
const rewriteWithin = 30 * time.Minute

// Clean writes the database's files anew if they may still hold what was sealed since,
// where it stood before, or if it is due anyway. A failure is told, and what is left is
// tried at the next start.
func Clean(ctx context.Context, cfg Config, store *whatsapp.Store, due bool) {
	left, err := store.Traces(ctx)
	if err == nil && (left || due) {
		cfg.Log.Info("the database is written anew, so that no key is left where it stood before; this may take a while")
		err = rewrite(ctx, cfg.DB, store)
	}
	if err != nil {
		cfg.Log.Warn("the database's files may still hold keys where they stood before; it is tried again at the next start", "error", err)
	}
}

func rewrite(ctx context.Context, db *database.DB, store *whatsapp.Store) error {
	ctx, cancel := context.WithTimeout(ctx, rewriteWithin)
	defer cancel()
	if err := hasRoom(ctx, db); err != nil {
		return err
	}
	if err := db.Rewrite(ctx, append(whatsapp.SealedTables(), "line")...); err != nil {
		return err
	}
	return store.NoTraces(ctx)
}

// hasRoom says whether the disk has room for what a SQLite file takes while it is written
// anew: a copy, and a log of the same size.
func hasRoom(ctx context.Context, db *database.DB) error {
	if db.Dialect != database.SQLite {
		return nil // its disk is the server's
	}
	var file string
	var size int64
	const find = `SELECT file, (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size) FROM pragma_database_list WHERE name = 'main'`
	if err := db.QueryRowContext(ctx, find).Scan(&file, &size); err != nil {
		return fmt.Errorf("look how large the database is: %w", err)
	}
	free, err := media.FreeSpace(filepath.Dir(file))
	if err != nil {
		return fmt.Errorf("look how much room the disk has: %w", err)
	}
	if need := 2*size + media.DiskFloor(filepath.Dir(file)); free < need {
		return fmt.Errorf("the disk has %d MB free, and %d MB are needed", free>>20, need>>20)
	}
	return nil
}
