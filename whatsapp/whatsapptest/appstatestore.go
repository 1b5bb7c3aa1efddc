package whatsapptest

import (
	"bytes"
	"context"
	"sync"

	"go.mau.fi/whatsmeow/store"
)

// appStateStore keeps one phone's app state keys and hashes in memory.
type appStateStore struct {
	mu       sync.Mutex
	keys     map[string]store.AppStateSyncKey
	lastKey  []byte
	versions map[string]appStateVersion
	macs     map[string]map[string][]byte
}

type appStateVersion struct {
	version uint64
	hash    [128]byte
}

var (
	_ store.AppStateStore        = (*appStateStore)(nil)
	_ store.AppStateSyncKeyStore = (*appStateStore)(nil)
)

func newAppStateStore() *appStateStore {
	return &appStateStore{
		keys:     map[string]store.AppStateSyncKey{},
		versions: map[string]appStateVersion{},
		macs:     map[string]map[string][]byte{},
	}
}

func (s *appStateStore) PutAppStateSyncKey(_ context.Context, id []byte, key store.AppStateSyncKey) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[string(id)] = key
	s.lastKey = bytes.Clone(id)
	return nil
}

func (s *appStateStore) GetAppStateSyncKey(_ context.Context, id []byte) (*store.AppStateSyncKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, ok := s.keys[string(id)]
	if !ok {
		return nil, nil
	}
	return &key, nil
}

func (s *appStateStore) GetLatestAppStateSyncKeyID(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastKey, nil
}

func (s *appStateStore) GetAllAppStateSyncKeys(context.Context) ([]*store.AppStateSyncKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*store.AppStateSyncKey
	for _, key := range s.keys {
		all = append(all, &key)
	}
	return all, nil
}

func (s *appStateStore) PutAppStateVersion(_ context.Context, name string, version uint64, hash [128]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versions[name] = appStateVersion{version: version, hash: hash}
	return nil
}

func (s *appStateStore) GetAppStateVersion(_ context.Context, name string) (uint64, [128]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.versions[name]
	return state.version, state.hash, nil
}

func (s *appStateStore) DeleteAppStateVersion(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.versions, name)
	return nil
}

func (s *appStateStore) PutAppStateMutationMACs(_ context.Context, name string, _ uint64, mutations []store.AppStateMutationMAC) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.macs[name] == nil {
		s.macs[name] = map[string][]byte{}
	}
	for _, mutation := range mutations {
		s.macs[name][string(mutation.IndexMAC)] = mutation.ValueMAC
	}
	return nil
}

func (s *appStateStore) DeleteAppStateMutationMACs(_ context.Context, name string, indexMACs [][]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, mac := range indexMACs {
		delete(s.macs[name], string(mac))
	}
	return nil
}

func (s *appStateStore) GetAppStateMutationMAC(_ context.Context, name string, indexMAC []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.macs[name][string(indexMAC)], nil
}
