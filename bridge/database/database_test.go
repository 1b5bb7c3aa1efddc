package database_test

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
)

func TestMigrateTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		require.NoError(t, db.Migrate(context.Background()))
	})
}

func TestInTxCommitsThoughTheCallerHungUp(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		require.NoError(t, db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `CREATE TABLE proof (x BIGINT)`)
			return err
		}))
		_, err := db.Exec(`INSERT INTO proof VALUES (1)`)
		require.NoError(t, err)
	})
}

func TestInTxRollsBackOnErrorAndPanic(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		_, err := db.Exec(`CREATE TABLE proof (x BIGINT)`)
		require.NoError(t, err)
		boom := errors.New("boom")
		insert := func(ctx context.Context, tx *sql.Tx) {
			_, err := tx.ExecContext(ctx, `INSERT INTO proof VALUES (1)`)
			require.NoError(t, err)
		}
		require.ErrorIs(t, db.InTx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
			insert(ctx, tx)
			return boom
		}), boom)
		require.Panics(t, func() {
			_ = db.InTx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
				insert(ctx, tx)
				panic("in the middle")
			})
		})
		var n int
		require.NoError(t, db.QueryRow(`SELECT COUNT(*) FROM proof`).Scan(&n))
		require.Zero(t, n)
	})
}

// A database that refuses at first is waited for; what cannot get better is
// said at once, and the password stays out of it.
func TestR15_StartWithoutADatabase(t *testing.T) {
	t.Parallel()
	real, err := url.Parse(databasetest.PostgresURL(t))
	require.NoError(t, err)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())

	t.Run("refused, then accepts", func(t *testing.T) {
		opened := make(chan error, 1)
		late := *real
		late.Host = address
		go func() {
			db, err := database.Open(context.Background(), database.Config{URL: late.String(), Wait: 30 * time.Second})
			if err == nil {
				err = db.Close()
			}
			opened <- err
		}()
		proxy(t, address, real.Host)
		require.NoError(t, <-opened)
	})
	t.Run("an address that cannot work however often it is tried", func(t *testing.T) {
		for query, never := range map[string]bool{
			"sslmode=bogus": true, "connect_timeout=soon": true, "sslmode=verify-full&sslrootcert=/not/there": true, "sslmode=disable&no_such_setting=1": true,
			"sslmode=require": false, // this server speaks no TLS, and may another day
		} {
			asked := *real
			asked.RawQuery = query
			_, err := database.Open(context.Background(), database.Config{URL: asked.String(), Wait: time.Minute})
			require.Error(t, err, query)
			require.Equal(t, never, database.IsAddressError(err), "%s: %v", query, err)
		}
	})
	t.Run("wrong password or address", func(t *testing.T) {
		wrong := *real
		wrong.User = url.UserPassword("nobody", "hunter2")
		for _, address := range []string{wrong.String(), "mysql://u:hunter2@h/db", "postgres://%zz:hunter2@h", "postgres://u:hunter2@127.0.0.1:1/x?sslmode=bogus"} {
			_, err := database.Open(context.Background(), database.Config{URL: address})
			require.Error(t, err)
			require.NotContains(t, err.Error(), "hunter2")
		}
	})
}

// proxy forwards TCP connections until the test ends.
func proxy(t *testing.T, from, to string) {
	t.Helper()
	listener, err := net.Listen("tcp", from)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				_ = in.Close()
				continue
			}
			go pump(in, out)
			go pump(out, in)
		}
	}()
}

func pump(from, to net.Conn) {
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				break
			}
		}
		if err != nil {
			break
		}
	}
	_ = from.Close()
	_ = to.Close()
}
