package whatsapp

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

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
	relaxed   func(context.Context) context.Context
}

// StoreConfig says where a Store keeps what it keeps.
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

// OpenStore brings the library's tables up to date. Call it once, before any
// session.
func OpenStore(ctx context.Context, cfg StoreConfig) (*Store, error) {
	prepareLibrary()
	container := sqlstore.NewWithDB(cfg.DB, cfg.Dialect, cfg.Log)
	if err := container.Upgrade(ctx); err != nil {
		return nil, fmt.Errorf("prepare the device store: %w", err)
	}
	return &Store{container: container, relaxed: cfg.Relaxed}, nil
}

func (s *Store) device(ctx context.Context, jid string) (*store.Device, error) {
	parsed, err := types.ParseJID(jid)
	if err != nil {
		return nil, fmt.Errorf("read the device's JID: %w", err)
	}
	return s.container.GetDevice(ctx, parsed)
}

// Forget removes a device and all its keys. No session may use it any more.
func (s *Store) Forget(ctx context.Context, jid string) error {
	device, err := s.device(ctx, jid)
	if err != nil {
		return fmt.Errorf("forget a device: %w", err)
	}
	if device == nil {
		return nil
	}
	if err := device.Delete(ctx); err != nil {
		return fmt.Errorf("forget a device: %w", err)
	}
	return nil
}

// storeError says that a store failed. It passes for a cancelled context: for
// that alone the library neither acknowledges a message nor asks its sender
// again. Any other error it takes for a broken message, which would be
// acknowledged unread.
type storeError struct{ err error }

func (e *storeError) Error() string        { return "device store: " + e.err.Error() }
func (e *storeError) Unwrap() error        { return e.err }
func (e *storeError) Is(target error) bool { return target == context.Canceled }

// guard wraps a device's stores for one generation. A store that fails keeps
// the message and gives the generation up; see sessionlock.go for what else it
// guards.
type guard struct {
	sessions sessionLock
	failed   func(error) // gives the generation up
	panicked func(value any)
	clock    func() time.Time
	relaxed  func(context.Context) context.Context // nil = every transaction waits for the disk
	// inOne does its writes in one transaction of the library's.
	inOne func(ctx context.Context, fn func(context.Context) error) error

	identities identities
	// onDisk says that the sink has committed since the last decryption, whose
	// own transaction does not wait for the disk.
	onDisk atomic.Bool
}

// decrypting marks a context inside a decryption. It carries no dependency,
// only the fact that this call holds the lock already.
type decrypting struct{}

func newGuard(failed func(error), panicked func(value any)) *guard {
	return &guard{
		sessions: sessionLock{held: make(chan struct{}, 1)}, failed: failed, panicked: panicked, clock: time.Now,
		inOne: func(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) },
	}
}

func (g *guard) wrap(d *store.Device) {
	g.inOne = d.EventBuffer.DoDecryptionTxn // the unguarded one: any transaction
	d.EventBuffer = &guardedBuffer{EventBuffer: d.EventBuffer, g: g}
	d.Sessions = &guardedSessions{SessionStore: d.Sessions, g: g}
	d.PreKeys = &guardedPreKeys{d.PreKeys, g}
	d.SenderKeys = &guardedSenderKeys{d.SenderKeys, g}
	d.Identities = &guardedIdentities{d.Identities, g}
	d.LIDs = &guardedLIDs{d.LIDs, g}
	d.MsgSecrets = &guardedSecrets{d.MsgSecrets, g}
	d.Container = keptDevice{d.Container}
}

// keptDevice is a container from which the library cannot delete the device
// that it uses. When the phone unlinks it, the library would replace the
// device's stores, and that without a lock: a message that is just being read
// would meet half of a change, in a goroutine that nobody guards. The session
// forgets the device when its client has ended.
type keptDevice struct{ store.DeviceContainer }

// errDeviceKept says that a device is deleted later.
var errDeviceKept = errors.New("the device is forgotten when its session has ended")

// DeleteDevice implements store.DeviceContainer.
func (keptDevice) DeleteDevice(context.Context, *store.Device) error { return errDeviceKept }

func (g *guard) relax(ctx context.Context) context.Context {
	if g.relaxed == nil {
		return ctx
	}
	return g.relaxed(ctx)
}

// check turns a store's failure into one that keeps the message: it gives the
// generation up when that happened while a message was being read, and ends the
// send when it happened in one.
func (g *guard) check(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if e := encryptionOf(ctx); e != nil {
		e.stop()
	}
	if ctx.Value(decrypting{}) != nil {
		g.giveUp(ctx, err)
	}
	return &storeError{err}
}

// giveUp ends the generation, unless the caller itself ended.
func (g *guard) giveUp(ctx context.Context, err error) {
	if ctx.Err() == nil {
		g.failed(err)
	}
}
