package database

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/wootbridge/wootbridge/migrations"
)

// Dialect tells the two databases apart where SQL cannot be the same.
type Dialect string

// The dialects; the words are the ones sqlstore understands as well.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// FileName is what the file of SQLite is called in the data folder.
const FileName = "wootbridge.db"

// Config says which database to open.
type Config struct {
	// URL is a postgres:// address; empty means SQLite in DataDir.
	URL string
	// DirectURL leads to the same Postgres past a pooler; empty means that URL does.
	DirectURL string
	DataDir   string
	// MaxConns limits the pool; 0 means 20.
	MaxConns int
	// Wait is how long a database that refuses connections is waited for at
	// the start; 0 means not at all.
	Wait time.Duration
	Log  *slog.Logger
}

// DB is an open database and its dialect.
type DB struct {
	*sql.DB
	Dialect Dialect
	url     string
	direct  string // "" = url
	pooled  atomic.Bool
}

// URL is the address for further connections; it holds the password, so it must
// never be printed. It is empty for SQLite.
func (db *DB) URL() string { return db.url }

// ListenURL is the address for connections that LISTEN, which need a session of
// their own; it is empty where there is none.
func (db *DB) ListenURL() string {
	if db.direct != "" || db.pooled.Load() {
		return db.direct
	}
	return db.url
}

// Open connects and proves that the database answers. Errors never hold the
// address, which has a password in it.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	db, err := open(cfg)
	if err != nil {
		return nil, err
	}
	if cfg.MaxConns == 0 {
		cfg.MaxConns = 20
	}
	db.SetMaxOpenConns(cfg.MaxConns)
	db.SetMaxIdleConns(cfg.MaxConns)
	err = Patiently(ctx, cfg.Wait, cfg.Log, func(ctx context.Context) error {
		if err := db.PingContext(ctx); err != nil {
			return blameAddress(err)
		}
		return db.learn(ctx, cfg.Log)
	})
	if err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return db, nil
}

func open(cfg Config) (*DB, error) {
	if cfg.URL == "" {
		if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
			return nil, fmt.Errorf("make the data folder: %w", err)
		}
		path := filepath.Join(cfg.DataDir, FileName)
		if err := makeClosed(path); err != nil {
			return nil, fmt.Errorf("make the database's file: %w", err)
		}
		return &DB{DB: openSQLite(path), Dialect: SQLite}, nil
	}
	db := &DB{Dialect: Postgres, url: cfg.URL, direct: cfg.DirectURL}
	var err error
	db.DB, err = openPostgres(cfg.URL, &db.pooled)
	return db, err
}

// makeClosed makes a file that only this user can read, unless it is there: SQLite would
// let everybody, and gives its other files the rights of this one.
func makeClosed(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// SQLiteDSN has every setting that whatsmeow's store and the journal need:
// without immediate transactions decryption fails with "database is locked",
// and without synchronous FULL an acknowledged message may not survive a power
// cut.
func SQLiteDSN(path string) string { return sqliteDSN(path, "FULL") }

// ownDSN is for connections that take turns: they wait for the disk by
// themselves, as FULL does (see disk), and bring the log into the database less
// often, because all others wait meanwhile. The log then has up to 16 MB.
func ownDSN(path string) string {
	return sqliteDSN(path, "NORMAL") + "&_pragma=wal_autocheckpoint(4000)"
}

func sqliteDSN(path, synchronous string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=foreign_keys(1)&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(" + synchronous + ")&_txlock=immediate"
}

// Migrate applies what is missing of the schema.
func (db *DB) Migrate(ctx context.Context) error {
	folder, err := fs.Sub(migrations.Files, string(db.Dialect))
	if err != nil {
		return fmt.Errorf("open migrations: %w", err)
	}
	dialect := goose.DialectSQLite3
	if db.Dialect == Postgres {
		dialect = goose.DialectPostgres
	}
	store, err := database.NewStore(dialect, migrations.VersionTable)
	if err != nil {
		return fmt.Errorf("set up migrations: %w", err)
	}
	provider, err := goose.NewProvider("", db.DB, folder, goose.WithStore(store))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("apply migrations: %w", scrub(err))
	}
	return nil
}
