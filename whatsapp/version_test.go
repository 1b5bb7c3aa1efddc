package whatsapp_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp"
)

// memory is a VersionCache.
type memory struct{ version atomic.Value }

func (m *memory) LoadVersion(context.Context) (string, error) {
	v, _ := m.version.Load().(string)
	return v, nil
}

func (m *memory) SaveVersion(_ context.Context, version string) error {
	m.version.Store(version)
	return nil
}

type brokenMemory struct{}

func (brokenMemory) LoadVersion(context.Context) (string, error) { return "", errors.New("away") }
func (brokenMemory) SaveVersion(context.Context, string) error   { return errors.New("away") }

func TestTheVersionIsFetchedRememberedAndNeverInTheWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sim := &whatsapp.Simulator{Addr: w.srv.Addr(), RootKey: w.srv.RootKey()}
	log := slog.New(slog.DiscardHandler)
	ctx := context.Background()
	cache := &memory{}
	versions := whatsapp.OpenVersions(ctx, sim, cache, log)
	builtIn := versions.String()
	require.Error(t, versions.Refresh(ctx), "the page names none")
	require.Equal(t, builtIn, versions.String())
	w.srv.SetVersion(2000000001)
	require.NoError(t, versions.Refresh(ctx))
	require.Equal(t, "2.3000.2000000001", versions.String())
	w.srv.SetVersion(5)
	require.NoError(t, versions.Refresh(ctx))
	require.Equal(t, "2.3000.2000000001", versions.String(), "an older one is not believed")
	require.Equal(t, "2.3000.2000000001", whatsapp.OpenVersions(ctx, sim, cache, log).String())
	require.Equal(t, builtIn, whatsapp.OpenVersions(ctx, sim, brokenMemory{}, log).String())
	cache.version.Store("nonsense")
	require.Equal(t, builtIn, whatsapp.OpenVersions(ctx, sim, cache, log).String())
}

func TestAnOutdatedVersionIsRenewedOnceThenSaid(t *testing.T) {
	t.Parallel()
	w, f := newWaitingWorld(t)
	w.srv.SetVersion(2000000001)
	w.srv.RequireVersion(2000000001)
	w.session.Reconnect()
	require.NoError(t, w.phone.Companion().WaitLogins(patience, 2))
	w.waitState(whatsapp.StateConnected)
	require.Equal(t, 1, w.srv.Refused())

	w.srv.RequireVersion(2000000002) // and nobody says which version that would be
	w.session.Reconnect()
	require.Equal(t, time.Hour, f.next(t))
	require.Equal(t, whatsapp.StateOutdated, w.session.State().Code)
	require.Contains(t, w.session.State().Sentence, "Update Wootbridge")
	require.Equal(t, 2, w.srv.Refused())

	w.srv.SetVersion(2000000002)
	f.end(t)
	w.waitState(whatsapp.StateConnected)
}

func TestPairingWithAnOutdatedVersionGoesOnWithANewOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.srv.SetVersion(2000000001)
	w.srv.RequireVersion(2000000001)
	w.pair()
}
