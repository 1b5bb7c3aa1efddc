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
	// Sealer seals what a copy of the database must not give away: the keys of devices,
	// the secrets of messages, and messages that wait.
	Sealer Sealer
	// Elsewhere gives the JIDs of the devices that other processes use now; nil = none.
	Elsewhere func(context.Context) (map[string]bool, error)
	// Moving is told how many devices have something in the clear, before that is sealed;
	// it may be nil.
	Moving func(devices int)
	Log    waLog.Logger
}

// Sealer encrypts a secret for one purpose, under which alone it opens.
type Sealer = devicestore.Sealer

// OpenStore brings the library's tables up to date, and seals what an earlier version has
// left in the clear. Call it once, before any session, when the table device_key is there.
func OpenStore(ctx context.Context, cfg StoreConfig) (*Store, error) {
	devices, err := devicestore.Open(ctx, devicestore.Config(cfg))
	if err != nil {
		return nil, err
	}
	return &Store{devices}, nil
}

// Forget removes a device and all its keys. No session may use it any more.
func (s *Store) Forget(ctx context.Context, jid string) error { return s.devices.Forget(ctx, jid) }

// Moved is how many devices had keys in the clear when the store was opened.
func (s *Store) Moved() int { return s.devices.Moved() }

// Traces says that keys may still be found in the database's files, where they stood in
// the clear or sealed with another key; NoTraces notes that the files were written anew.
func (s *Store) Traces(ctx context.Context) (bool, error) { return s.devices.Traces(ctx) }

// NoTraces is said of at Traces.
func (s *Store) NoTraces(ctx context.Context) error { return s.devices.NoTraces(ctx) }

// Reseal seals with one key what another one has sealed, in the caller's transaction. It
// gives the number of values that from does not open, which stay as they are.
func (s *Store) Reseal(ctx context.Context, tx *sql.Tx, from, to Sealer) (unread int, err error) {
	return s.devices.Reseal(ctx, tx, from, to)
}

// SealedTables are the tables of a Store in which something is sealed.
func SealedTables() []string { return devicestore.SealedTables() }
