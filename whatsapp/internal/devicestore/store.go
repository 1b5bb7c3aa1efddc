package devicestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/lib/pq"
	"go.mau.fi/util/dbutil"
	"go.mau.fi/whatsmeow/proto/waCompanionReg"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/store/sqlstore"
	"go.mau.fi/whatsmeow/store/sqlstore/upgrades"
	"go.mau.fi/whatsmeow/types"
	waLog "go.mau.fi/whatsmeow/util/log"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/whatsapp/internal/signalsession"
)

// Store keeps the devices and their keys in the process's database.
type Store struct {
	container *sqlstore.Container
	wrapped   *dbutil.Database // the library's transactions
	db        *sql.DB
	dialect   string
	relaxed   func(context.Context) context.Context
	sealer    Sealer
	log       waLog.Logger
	moved     int
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

// Open brings the library's tables up to date, and seals what an earlier version has left
// in the clear. Call it once, before any session, when the table device_key is there.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Sealer == nil {
		return nil, errors.New("prepare the device store: nothing seals its keys")
	}
	if cfg.Log == nil {
		cfg.Log = waLog.Noop
	}
	prepareLibrary()
	wrapped, err := dbutil.NewWithDB(cfg.DB, cfg.Dialect)
	if err != nil {
		return nil, fmt.Errorf("prepare the device store: %w", err)
	}
	wrapped.UpgradeTable, wrapped.VersionTable = upgrades.Table, "whatsmeow_version" // as the library has it
	s := &Store{
		container: sqlstore.NewWithWrappedDB(wrapped, cfg.Log), wrapped: wrapped,
		db: cfg.DB, dialect: cfg.Dialect, relaxed: cfg.Relaxed, sealer: cfg.Sealer, log: cfg.Log,
	}
	if err := s.container.Upgrade(ctx); err != nil {
		return nil, fmt.Errorf("prepare the device store: %w", err)
	}
	var elsewhere map[string]bool
	if cfg.Elsewhere != nil {
		if elsewhere, err = cfg.Elsewhere(ctx); err != nil {
			return nil, fmt.Errorf("prepare the device store: %w", err)
		}
	}
	if s.moved, err = s.moveAll(ctx, elsewhere, cfg.Moving); err != nil {
		return nil, fmt.Errorf("prepare the device store: %w", err)
	}
	return s, nil
}

// Moved is how many devices had something in the clear when the store was opened.
func (s *Store) Moved() int { return s.moved }

// Device gives a linked device; nil if there is none with the JID, because it was
// unlinked. The error is a *KeysError if only its keys are not to be had.
func (s *Store) Device(ctx context.Context, jid string) (*store.Device, error) {
	device, err := s.find(ctx, jid)
	if err != nil || device == nil {
		return nil, err
	}
	if own := keysOf(device); own.inTheClear() {
		// It was in use elsewhere when this process began. Now it is this one's.
		if err := s.move(ctx, device.ID.String()); err != nil {
			s.log.Warnf("The keys of a device stay in the clear for now: %v", err)
		}
	} else if err := s.fillIn(ctx, device); err != nil {
		return nil, err
	}
	s.initialize(device)
	return device, nil
}

// find gives a device as the library's table shows it.
func (s *Store) find(ctx context.Context, jid string) (*store.Device, error) {
	parsed, err := types.ParseJID(jid)
	if err != nil {
		return nil, fmt.Errorf("read the device's JID: %w", err)
	}
	return s.container.GetDevice(ctx, parsed)
}

// NewDevice gives a device to link.
func (s *Store) NewDevice() *store.Device {
	device := s.container.NewDevice()
	device.Container = container{s}
	return device
}
