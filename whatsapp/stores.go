package whatsapp

import (
	"context"
	"database/sql"

	waLog "go.mau.fi/whatsmeow/util/log"

	"github.com/wootbridge/wootbridge/whatsapp/internal/devicestore"
)

// Store keeps the linked devices and their keys in the process's database, for
// all sessions.
type Store struct{ devices *devicestore.Store }

// StoreConfig sets up a Store.
type StoreConfig struct {
	DB *sql.DB
	// Dialect is "postgres" or "sqlite".
	Dialect string
	// Relaxed marks a context whose transactions need not wait for the disk,
	// because a later one of the same database that does takes them along. The
	// Sink's Take must be such a one. nil makes every transaction wait.
	Relaxed func(context.Context) context.Context
	Log     waLog.Logger
}

// OpenStore brings the library's tables up to date. Call it once, before any
// session.
func OpenStore(ctx context.Context, cfg StoreConfig) (*Store, error) {
	devices, err := devicestore.Open(ctx, devicestore.Config(cfg))
	if err != nil {
		return nil, err
	}
	return &Store{devices}, nil
}

// Forget removes a device and all its keys. No session may use it any more.
func (s *Store) Forget(ctx context.Context, jid string) error { return s.devices.Forget(ctx, jid) }
