package atrest

import (
	"context"
	"log/slog"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/lines"
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
	if err := db.Rewrite(ctx, append(whatsapp.SealedTables(), "line")...); err != nil {
		return err
	}
	return store.NoTraces(ctx)
}
