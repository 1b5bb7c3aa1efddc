package idmap

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/wootbridge/wootbridge/bridge/database"
)

// ErrUnknown says that the ledger has no such entry.
var ErrUnknown = errors.New("not in the ID map")

// Options set up a Map.
type Options struct {
	Cache Cache
	// Sealer seals what the Cache is given, each entry for its key; nil leaves it in the
	// clear, for a Cache that nobody else reaches.
	Sealer Sealer
	// Refused is told of each entry that was not believed; it may be nil.
	Refused func()
	Clock   func() time.Time
	// NewID makes chat ids.
	NewID func() string
	// Log is told what admins should know; nil is silent.
	Log *slog.Logger
}

// Map finds chats and messages.
type Map struct {
	Reader
	db    *database.DB
	cache entries
	clock func() time.Time
	newID func() string
	log   *slog.Logger
}

// New makes a Map over a migrated database.
func New(db *database.DB, opts Options) *Map {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	cache := entries{cache: opts.Cache, sealer: opts.Sealer, refused: opts.Refused}
	return &Map{Reader: Reader{db}, db: db, cache: cache, clock: opts.Clock, newID: opts.NewID, log: opts.Log}
}

// Reader reads from the ledger itself, never from the cache.
type Reader struct{ q database.Queryer }

// In reads inside a transaction; the Map's own methods read outside.
func (m *Map) In(q database.Queryer) Reader { return Reader{q} }

// Once reports true for the first call with a key within ttl; it is for
// throttles, where a wrong answer costs a request and nothing else.
func (m *Map) Once(ctx context.Context, key string, ttl time.Duration) bool {
	return m.cache.cache.Once(ctx, key, ttl)
}

// RaiseEpoch makes every cached entry of the line unbelievable, from the
// commit of tx on.
func (m *Map) RaiseEpoch(ctx context.Context, tx *sql.Tx, line string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE line SET generation = generation + 1 WHERE id = $1`, line); err != nil {
		return fmt.Errorf("raise the epoch of a line: %w", err)
	}
	return nil
}

// Epoch reads the line's epoch, for lookups outside a claimed lane.
func (m *Map) Epoch(ctx context.Context, line string) (int64, error) {
	var epoch int64
	if err := m.db.QueryRowContext(ctx, `SELECT generation FROM line WHERE id = $1`, line).Scan(&epoch); err != nil {
		return 0, fmt.Errorf("read the epoch of a line: %w", err)
	}
	return epoch, nil
}

// cached looks a value up in the cache, then in the ledger with load, and
// keeps what load found and worth keeping.
func cached[T any](ctx context.Context, m *Map, key string, load func() (value T, keep bool, err error)) (T, error) {
	var known T
	if m.cache.get(ctx, key, &known) {
		return known, nil
	}
	value, keep, err := load()
	if err != nil || !keep {
		return value, err
	}
	m.cache.set(ctx, key, value)
	return value, nil
}

// cacheKey names an entry of one epoch of a line.
func cacheKey(line string, epoch int64, kind, id string) string {
	return line + "/" + strconv.FormatInt(epoch, 10) + "/" + kind + "/" + id
}

// IgnoreUnknown is err, or nil where it is ErrUnknown: for who asks and takes
// "there is none" for an answer.
func IgnoreUnknown(err error) error {
	if errors.Is(err, ErrUnknown) {
		return nil
	}
	return err
}
