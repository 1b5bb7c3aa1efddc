package database_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/processtest"
)

// A Postgres that restarts behind something that listens all the time ends
// connections instead of refusing them.
func TestR15_ADatabaseThatEndsConnectionsIsWaitedFor(t *testing.T) {
	t.Parallel()
	address, err := url.Parse(databasetest.PostgresURL(t))
	require.NoError(t, err)
	proxy := processtest.NewProxy(t, address.Host)
	address.Host = proxy.Addr()
	proxy.Refuse()
	opened := make(chan error, 1)
	go func() {
		db, err := database.Open(context.Background(), database.Config{URL: address.String(), Wait: time.Minute})
		if err == nil {
			err = database.Patiently(context.Background(), time.Minute, nil, db.Migrate)
			_ = db.Close()
		}
		opened <- err
	}()
	require.Eventually(t, func() bool { return proxy.Refused() > 0 }, time.Minute, time.Millisecond)
	proxy.Allow()
	require.NoError(t, <-opened)
}
