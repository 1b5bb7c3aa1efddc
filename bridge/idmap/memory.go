package idmap

import (
	"context"
	"sync"
	"time"
)

// Memory is a bounded Cache in this process.
type Memory struct {
	mu    sync.Mutex
	limit int
	clock func() time.Time
	// Two halves: when the young one is full it becomes the old one, and what
	// was not asked for meanwhile is forgotten with the one before.
	young, old map[string]string
	once       map[string]time.Time
}

// NewMemory makes a Memory of at most limit entries.
func NewMemory(limit int, clock func() time.Time) *Memory {
	return &Memory{limit: limit, clock: clock, young: map[string]string{}, old: map[string]string{}, once: map[string]time.Time{}}
}

// Get implements Cache.
func (m *Memory) Get(_ context.Context, key string) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if value, ok := m.young[key]; ok {
		return value, true
	}
	value, ok := m.old[key]
	if ok {
		m.set(key, value)
	}
	return value, ok
}

// Set implements Cache.
func (m *Memory) Set(_ context.Context, key, value string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set(key, value)
}

func (m *Memory) set(key, value string) {
	if len(m.young) >= m.limit/2 {
		m.young, m.old = map[string]string{}, m.young
	}
	m.young[key] = value
}

// Once implements Cache.
func (m *Memory) Once(_ context.Context, key string, ttl time.Duration) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock()
	if until, ok := m.once[key]; ok && now.Before(until) {
		return false
	}
	if len(m.once) >= m.limit {
		for k, until := range m.once {
			if !now.Before(until) {
				delete(m.once, k)
			}
		}
		if len(m.once) >= m.limit {
			clear(m.once)
		}
	}
	m.once[key] = now.Add(ttl)
	return true
}
