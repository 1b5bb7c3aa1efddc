package storetest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/migrations"
)

// Each runs a test on SQLite and on Postgres.
func Each(t *testing.T, test func(t *testing.T, db *sql.DB, dialect string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, SQLite(t), "sqlite")
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, Postgres(t), "postgres")
	})
}

// SQLite opens a fresh file. The test has to import a driver.
func SQLite(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "x.db")+
		"?_pragma=foreign_keys(1)&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_txlock=immediate")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// Postgres makes a database of its own on the server that make test starts.
func Postgres(t *testing.T) *sql.DB {
	t.Helper()
	server := os.Getenv("WOOTBRIDGE_TEST_POSTGRES")
	switch {
	case server != "":
	case testing.Short():
		t.Skip("WOOTBRIDGE_TEST_POSTGRES is not set: make test runs this test")
	default:
		t.Fatal("WOOTBRIDGE_TEST_POSTGRES is not set: run make test, or make check without it")
	}
	name := "test_" + strings.ToLower(rand.Text())
	admin, err := sql.Open("postgres", server)
	require.NoError(t, err)
	_, err = admin.Exec("CREATE DATABASE " + name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := admin.Exec("DROP DATABASE " + name + " WITH (FORCE)")
		require.NoError(t, err)
		require.NoError(t, admin.Close())
	})
	address, err := url.Parse(server)
	require.NoError(t, err)
	address.Path = "/" + name
	db, err := sql.Open("postgres", address.String())
	require.NoError(t, err)
	db.SetMaxOpenConns(8)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// Prepare makes the table of the devices' keys.
func Prepare(t testing.TB, db *sql.DB, dialect string) {
	t.Helper()
	text, err := migrations.Files.ReadFile(dialect + "/00017_atrest.sql")
	require.NoError(t, err)
	up, _, _ := strings.Cut(string(text), "-- +goose Down")
	for _, statement := range strings.SplitAfter(up, ";\n") {
		_, err := db.Exec(statement)
		require.NoError(t, err, statement)
	}
}

// Sealer seals with AES-256-GCM; its value is the key.
type Sealer [32]byte

// NewSealer has a key of its own.
func NewSealer() Sealer {
	var s Sealer
	_, _ = rand.Read(s[:]) // never fails
	return s
}

func (s Sealer) aead() cipher.AEAD {
	block, err := aes.NewCipher(s[:])
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// Seal encrypts a secret for a purpose.
func (s Sealer) Seal(purpose, secret string) ([]byte, error) {
	return s.aead().Seal(nil, nil, []byte(secret), []byte(purpose)), nil
}

// Open is the inverse of Seal.
func (s Sealer) Open(purpose string, sealed []byte) (string, error) {
	plain, err := s.aead().Open(nil, nil, sealed, []byte(purpose))
	if err != nil {
		return "", errors.New("it does not open")
	}
	return string(plain), nil
}
