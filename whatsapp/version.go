package whatsapp

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/store"
)

// VersionCache remembers the version of WhatsApp Web across restarts.
type VersionCache interface {
	// LoadVersion gives the version that was saved last, or "".
	LoadVersion(ctx context.Context) (string, error)
	SaveVersion(ctx context.Context, version string) error
}

// Versions knows which version of WhatsApp Web to claim to be: the one that WhatsApp
// serves now, else the one it served when last asked, else the one the library was
// written for. All sessions of a process share one; it may be used
// concurrently.
type Versions struct {
	client *http.Client
	cache  VersionCache
	log    *slog.Logger

	fetching chan struct{} // a place for one fetch
	mu       sync.Mutex
	version  store.WAVersionContainer
}

// versionTimeout bounds the request for the version.
const versionTimeout = 10 * time.Second

// OpenVersions reads the cache, which may be nil; its errors are only logged. It does not ask WhatsApp: call Refresh for that, in the
// background of a start.
func OpenVersions(ctx context.Context, sim *Simulator, cache VersionCache, log *slog.Logger) *Versions {
	v := &Versions{client: &http.Client{}, cache: cache, log: log, fetching: make(chan struct{}, 1), version: store.GetWAVersion()}
	if sim != nil {
		v.client.Transport = sim.transport()
	}
	if cache == nil {
		return v
	}
	cached, err := cache.LoadVersion(ctx)
	if err != nil {
		log.Warn("the version of WhatsApp Web used last cannot be read", "error", err)
		return v
	}
	if cached == "" {
		return v
	}
	version, err := store.ParseVersion(cached)
	if err != nil {
		log.Warn("the version of WhatsApp Web used last cannot be read", "error", err)
		return v
	}
	v.set(version)
	return v
}

// String is the version in use, such as "2.3000.1045649367".
func (v *Versions) String() string { return v.current().String() }

// Refresh asks WhatsApp which version it serves and uses that from the next
// connection on. An error changes nothing.
func (v *Versions) Refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	select {
	case v.fetching <- struct{}{}:
		defer func() { <-v.fetching }()
	case <-ctx.Done():
		return fmt.Errorf("ask for the version of WhatsApp Web: %w", ctx.Err())
	}
	defer v.client.CloseIdleConnections()
	latest, err := whatsmeow.GetLatestVersion(ctx, v.client)
	if err != nil {
		return fmt.Errorf("ask for the version of WhatsApp Web: %w", err)
	}
	if !v.set(*latest) || v.cache == nil {
		return nil
	}
	if err := v.cache.SaveVersion(ctx, latest.String()); err != nil {
		return fmt.Errorf("remember the version of WhatsApp Web: %w", err)
	}
	return nil
}

// renew looks for another version than the one that was just refused.
func (v *Versions) renew(ctx context.Context) bool {
	refused := v.current()
	if err := v.Refresh(ctx); err != nil {
		v.log.Warn("no newer version of WhatsApp Web is known", "error", err)
	}
	return v.current() != refused
}

// set uses a version unless it is older than the one in use, and says whether
// that changed anything.
func (v *Versions) set(version store.WAVersionContainer) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.version.LessThan(version) {
		return false
	}
	v.version = version
	return true
}

func (v *Versions) current() store.WAVersionContainer {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.version
}

// payload is what a client says of itself when it connects. The library's own
// version is a variable of the process that connecting clients read without a
// lock, so each client is given its version here.
func (v *Versions) payload(device *store.Device) *waWa6.ClientPayload {
	version := v.current()
	payload := device.GetClientPayload()
	payload.UserAgent.AppVersion = version.ProtoAppVersion()
	if payload.DevicePairingData != nil {
		hash := version.Hash()
		payload.DevicePairingData.BuildHash = hash[:]
	}
	return payload
}
