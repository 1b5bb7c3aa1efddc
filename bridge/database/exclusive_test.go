package database_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/seal"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// Processes that start at once on an empty database wait for each other, also
// with a pool of one connection.
func TestProcessesThatStartAtOnceMigrateInTurn(t *testing.T) {
	t.Parallel()
	url := databasetest.PostgresURL(t)
	var starts errgroup.Group
	var migrating atomic.Int32
	key, err := seal.NewKey(make([]byte, seal.KeySize))
	require.NoError(t, err)
	for range 5 {
		starts.Go(func() error {
			db, err := database.Open(context.Background(), database.Config{URL: url, MaxConns: 1})
			if err != nil {
				return err
			}
			defer db.Close()
			return db.Exclusively(context.Background(), func(ctx context.Context) error {
				if migrating.Add(1) > 1 {
					return errors.New("two at once")
				}
				defer migrating.Add(-1)
				if err := db.Migrate(ctx); err != nil {
					return err
				}
				_, err := whatsapp.OpenStore(ctx, whatsapp.StoreConfig{DB: db.DB, Dialect: string(db.Dialect), Sealer: key, Log: whatsapp.Log(slog.New(slog.DiscardHandler), func(string) {})})
				return err
			})
		})
	}
	require.NoError(t, starts.Wait())
}
