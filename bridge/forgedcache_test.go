package bridge_test

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/lines"
)

// writable is a cache into which somebody else writes, too.
type writable struct {
	mu      sync.Mutex
	entries map[string]string
}

func (w *writable) Get(_ context.Context, key string) (string, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	value, ok := w.entries[key]
	return value, ok
}

func (w *writable) Set(_ context.Context, key, value string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.entries[key] = value
}

func (w *writable) Once(context.Context, string, time.Duration) bool { return true }

// change replaces the entries of a kind by what with makes of them.
func (w *writable) change(kind string, with func(key, value string, all map[string]string) string) (changed int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := maps.Clone(w.entries)
	for key, value := range before {
		if strings.Contains(key, "/"+kind+"/") {
			w.entries[key] = with(key, value, before)
			changed++
		}
	}
	return changed
}

// Whoever writes into Redis that a chat is with him gets no answer of an agent's, and
// nothing that a customer writes is shown in his conversation.
func TestM7_AForgedEntryRedirectsNothing(t *testing.T) {
	t.Parallel()
	cache := &writable{entries: map[string]string{}}
	w := newWorld(t, databasetest.SQLite(t), cache, setting{listen: lines.ListenWebhook})
	registry := prometheus.NewRegistry()
	require.NoError(t, w.Stop())
	w.configure = func(cfg *bridge.Config) { cfg.Metrics = bridge.NewMetrics(registry) }
	w.start()
	w.connected()
	mallory := w.wa.NewPeer("5566666660000", "Mallory")
	mallory.SendText(w.phone, "hi from Mallory")
	hers := w.desk.wait("Mallory", withText("hi from Mallory")).Conversation
	_, err := w.desk.Reply(hers, "to Mallory")
	require.NoError(t, err)
	_, err = mallory.WaitText(patience, "to Mallory")
	require.NoError(t, err)
	w.alice.SendText(w.phone, "hi from Alice")
	conversation := w.desk.wait("Alice", withText("hi from Alice")).Conversation
	answer := func(text string) {
		t.Helper()
		w.alice.SendText(w.phone, "before the "+text)
		require.Equal(t, conversation, w.desk.wait("Alice", withText("before the "+text)).Conversation)
		_, err := w.desk.Reply(conversation, text)
		require.NoError(t, err)
		_, err = w.alice.WaitText(patience, text)
		require.NoError(t, err)
		require.NoError(t, w.desk.WaitIdle(t.Context()))
		require.Equal(t, []string{"to Mallory"}, mallory.Texts())
	}
	answer("first") // which fills the cache
	forge := func(key, _ string, _ map[string]string) string {
		id := key[strings.LastIndex(key, "/")+1:]
		forged, err := json.Marshal(idmap.Chat{
			ID: id, Line: string(w.line), Contact: 1, Conversation: int64(hers), Aliases: []string{mallory.JID().String()},
		})
		require.NoError(t, err)
		return string(forged)
	}
	swap := func(key, value string, all map[string]string) string {
		for other, its := range all {
			if other != key && strings.Contains(other, "/chat/") {
				return its
			}
		}
		return value
	}
	require.GreaterOrEqual(t, cache.change("chat", forge), 2)
	answer("second")
	require.GreaterOrEqual(t, cache.change("chat", swap), 2)
	answer("third")
	families, err := registry.Gather()
	require.NoError(t, err)
	refused := 0.0
	for _, family := range families {
		if family.GetName() == "wootbridge_cache_refused_total" {
			refused = family.GetMetric()[0].GetCounter().GetValue()
		}
	}
	require.GreaterOrEqual(t, refused, 2.0)
}
