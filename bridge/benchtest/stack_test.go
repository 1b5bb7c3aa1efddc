package benchtest

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/bridgetest"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/lines"
)

// patience bounds every wait: only a broken benchmark uses it up.
const patience = 10 * time.Minute

// mode is one of the ways in which the bridge is installed.
type mode struct {
	name    string
	dialect database.Dialect
	open    func(tb testing.TB) (*database.DB, idmap.Cache)
	// address is of a fresh database, for the driver as it comes.
	address func(tb testing.TB) (driver, address string)
}

// own is a fresh database as the bridge opens it.
func (m mode) own(tb testing.TB) *sql.DB {
	db, _ := m.open(tb)
	return db.DB
}

// plain is a fresh database as its driver opens it, at the same address with
// the same settings: what a program has that takes no trouble with it. It waits
// for the disk at each commit, too.
func (m mode) plain(tb testing.TB) *sql.DB {
	driver, address := m.address(tb)
	db, err := sql.Open(driver, address)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(20)
	db.SetMaxIdleConns(20)
	return db
}

// blob is the type of a column of bytes.
func (m mode) blob() string {
	if m.dialect == database.Postgres {
		return "BYTEA"
	}
	return "BLOB"
}

var (
	embedded = mode{"SQLite", database.SQLite, func(tb testing.TB) (*database.DB, idmap.Cache) {
		return openDB(tb, database.Config{DataDir: tb.TempDir()}), idmap.NewMemory(10_000, time.Now)
	}, func(tb testing.TB) (string, string) {
		return "sqlite", database.SQLiteDSN(filepath.Join(tb.TempDir(), "plain.db"))
	}}
	standard = mode{"Postgres", database.Postgres, func(tb testing.TB) (*database.DB, idmap.Cache) {
		cache, err := idmap.NewRedis(databasetest.RedisURL(tb), databasetest.Unique()+"/")
		require.NoError(tb, err)
		tb.Cleanup(func() { require.NoError(tb, cache.Close()) })
		return openDB(tb, database.Config{URL: databasetest.PostgresURL(tb)}), cache
	}, func(tb testing.TB) (string, string) { return "postgres", databasetest.PostgresURL(tb) }}
	modes = []mode{embedded, standard}
)

// openDB opens a database with the program's own settings.
func openDB(tb testing.TB, cfg database.Config) *database.DB {
	db, err := database.Open(context.Background(), cfg)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = db.Close() })
	require.NoError(tb, db.Migrate(context.Background()))
	return db
}

// stack is a bridge behind a gateway, with customers who have said hello.
type stack struct {
	*bridgetest.Stack
	tb        testing.TB
	customers []*bridgetest.Conversation
	gateway   *gateway
	began     time.Time
}

func newStack(tb testing.TB, m mode, customers int) *stack {
	return newStackThat(tb, m, customers, lines.ListenBoth)
}

// newStackThat hears of what agents do in a way of one's own; see the setting
// listen.
func newStackThat(tb testing.TB, m mode, customers int, listens string) *stack {
	db, cache := m.open(tb)
	settings := fmt.Sprintf(`{"send_rate":0,"listen":%q}`, listens)
	s := &stack{tb: tb, Stack: bridgetest.Prepare(tb, bridgetest.Options{DB: db, Cache: cache, Settings: settings, Patience: patience})}
	s.began = s.Clock.Now()
	s.gateway = newGateway(tb, s.ChatwootURL)
	s.ChatwootURL = s.gateway.url()
	tb.Cleanup(func() { _ = s.Chatwoot.Close() }) // what is under way there ends, so that the stop is quick
	require.NoError(tb, s.Open(context.Background()))
	require.NoError(tb, s.Phone.Companion().WaitOnline(patience))
	for i := range customers {
		s.customers = append(s.customers, s.Customer(fmt.Sprintf("5511888%06d", i), fmt.Sprintf("Customer %03d", i)))
	}
	for _, c := range s.customers {
		c.SendText(c.Shop, "hello")
	}
	s.arrived(customers)
	return s
}

func (s *stack) connected() {
	require.NoError(s.tb, s.WaitConnected(context.Background(), s.Line))
	require.NoError(s.tb, s.Phone.Companion().WaitOnline(patience))
}

// arrived waits until Chatwoot has n messages of customers in all, and every
// webhook about them was delivered.
func (s *stack) arrived(n int) {
	require.Eventually(s.tb, func() bool { return s.incoming() >= n }, patience, 20*time.Millisecond, "messages in Chatwoot")
	require.NoError(s.tb, s.Chatwoot.WaitIdle(context.Background()))
}

func (s *stack) incoming() int {
	n := 0
	for _, c := range s.Chatwoot.Conversations() {
		n += c.Messages
	}
	return n
}

// waiting is how many jobs of the line wait.
func (s *stack) waiting() int {
	status, err := s.Bridge.LineStatus(context.Background(), s.Line)
	require.NoError(s.tb, err)
	return status.Queue.Inbound + status.Queue.Outbound
}

// drained waits until no job waits. It looks seldom: what the looks cost would
// be measured, too.
func (s *stack) drained() {
	require.Eventually(s.tb, func() bool { return s.waiting() == 0 }, patience, 500*time.Millisecond, "the jobs")
}
