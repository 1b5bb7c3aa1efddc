package devicestore

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"github.com/lib/pq"
	"go.mau.fi/whatsmeow/proto/waCompanionReg"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/store/sqlstore"
	"go.mau.fi/whatsmeow/types"
	waLog "go.mau.fi/whatsmeow/util/log"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/whatsapp/internal/signalsession"
)

// Store keeps the devices and their keys in the process's database.
type Store struct {
	container *sqlstore.Container
	db        *sql.DB
	dialect   string
	relaxed   func(context.Context) context.Context
}

// Config says where a Store keeps what it keeps.
type Config struct {
	DB *sql.DB
	// Dialect is "postgres" or "sqlite".
	Dialect string
	// Relaxed marks a context whose transactions need not wait for the disk,
	// because a later one of the same database that does takes them along: the
	// one before Guard.Committed. nil makes every transaction wait.
	Relaxed func(context.Context) context.Context
	Log     waLog.Logger
}

// prepareLibrary sets the variables of the library, which it reads without a
// lock: how Postgres takes lists, what the phone shows in its list of linked
// devices, and that the Signal library does not print.
var prepareLibrary = sync.OnceFunc(func() {
	sqlstore.PostgresArrayWrapper = pq.Array
	store.DeviceProps.Os = proto.String(deviceName)
	store.DeviceProps.PlatformType = waCompanionReg.DeviceProps_DESKTOP.Enum()
	store.DeviceProps.RequireFullSync = proto.Bool(false)
	signalsession.Silence()
})

// deviceName is what the phone calls the linked device.
const deviceName = "Wootbridge"

// Open brings the library's tables up to date. Call it once, before any
// session.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	prepareLibrary()
	container := sqlstore.NewWithDB(cfg.DB, cfg.Dialect, cfg.Log)
	if err := container.Upgrade(ctx); err != nil {
		return nil, fmt.Errorf("prepare the device store: %w", err)
	}
	return &Store{container: container, db: cfg.DB, dialect: cfg.Dialect, relaxed: cfg.Relaxed}, nil
}

// Device gives a linked device; nil if there is none with the JID, because it was
// unlinked.
func (s *Store) Device(ctx context.Context, jid string) (*store.Device, error) {
	parsed, err := types.ParseJID(jid)
	if err != nil {
		return nil, fmt.Errorf("read the device's JID: %w", err)
	}
	return s.container.GetDevice(ctx, parsed)
}

// NewDevice gives a device to link.
func (s *Store) NewDevice() *store.Device { return s.container.NewDevice() }
