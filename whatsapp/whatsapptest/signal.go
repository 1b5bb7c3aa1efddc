package whatsapptest

import (
	"context"
	"encoding/binary"
	"sync"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/keys"

	"github.com/wootbridge/wootbridge/whatsapp/internal/signalsession"
)

// newSignalStore makes the key store of one phone. whatsmeow's store.Device
// adapts it to libsignal; sessions are kept serialized, so that a decryption
// that fails half-way leaves no trace.
func newSignalStore() *store.Device {
	memory := &memoryStore{
		sessions:   map[string][]byte{},
		senderKeys: map[string][]byte{},
		preKeys:    map[uint32]*keys.PreKey{},
		nextPreKey: 1,
	}
	identity := keys.NewKeyPair()
	state := newAppStateStore()
	return &store.Device{
		IdentityKey:    identity,
		SignedPreKey:   identity.CreateSignedPreKey(1),
		RegistrationID: binary.BigEndian.Uint32(randomBytes(4))%16380 + 1,
		Identities:     memory,
		Sessions:       memory,
		PreKeys:        memory,
		SenderKeys:     memory,
		AppStateKeys:   state,
		AppState:       state,
	}
}

// memoryStore holds sessions, keys and identities of one phone in memory.
type memoryStore struct {
	mu         sync.Mutex
	sessions   map[string][]byte
	senderKeys map[string][]byte
	preKeys    map[uint32]*keys.PreKey
	nextPreKey uint32
}

var (
	_ store.IdentityStore  = (*memoryStore)(nil)
	_ store.SessionStore   = (*memoryStore)(nil)
	_ store.PreKeyStore    = (*memoryStore)(nil)
	_ store.SenderKeyStore = (*memoryStore)(nil)
)

// Identities are trusted whatever they are, as people who tap "OK" do.

func (m *memoryStore) PutIdentity(context.Context, string, [32]byte) error { return nil }
func (m *memoryStore) DeleteAllIdentities(context.Context, string) error   { return nil }
func (m *memoryStore) DeleteIdentity(context.Context, string) error        { return nil }
func (m *memoryStore) IsTrustedIdentity(context.Context, string, [32]byte) (bool, error) {
	return true, nil
}

func (m *memoryStore) GetSession(_ context.Context, address string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sessions[address], nil
}

func (m *memoryStore) HasSession(_ context.Context, address string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sessions[address] != nil, nil
}

func (m *memoryStore) GetManySessions(_ context.Context, addresses []string) (map[string][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := make(map[string][]byte, len(addresses))
	for _, address := range addresses {
		found[address] = m.sessions[address]
	}
	return found, nil
}

func (m *memoryStore) PutSession(_ context.Context, address string, session []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept, err := signalsession.KeepStates(m.sessions[address], session)
	if err != nil {
		return err
	}
	m.sessions[address] = kept
	return nil
}

func (m *memoryStore) PutManySessions(_ context.Context, sessions map[string][]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for address, session := range sessions {
		m.sessions[address] = session
	}
	return nil
}

func (m *memoryStore) DeleteAllSessions(context.Context, string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.sessions)
	return nil
}

func (m *memoryStore) DeleteSession(_ context.Context, address string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sessions, address)
	return nil
}

func (m *memoryStore) MigratePNToLID(context.Context, types.JID, types.JID) error { return nil }

func (m *memoryStore) GetOrGenPreKeys(ctx context.Context, count uint32) ([]*keys.PreKey, error) {
	made := make([]*keys.PreKey, count)
	for i := range made {
		made[i], _ = m.GenOnePreKey(ctx)
	}
	return made, nil
}

func (m *memoryStore) GenOnePreKey(context.Context) (*keys.PreKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := keys.NewPreKey(m.nextPreKey)
	m.nextPreKey++
	m.preKeys[key.KeyID] = key
	return key, nil
}

func (m *memoryStore) GetPreKey(_ context.Context, id uint32) (*keys.PreKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.preKeys[id], nil
}

func (m *memoryStore) RemovePreKey(_ context.Context, id uint32) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.preKeys, id)
	return nil
}

func (m *memoryStore) MarkPreKeysAsUploaded(context.Context, uint32) error { return nil }

func (m *memoryStore) UploadedPreKeyCount(context.Context) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.preKeys), nil
}

func (m *memoryStore) PutSenderKey(_ context.Context, group, user string, key []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.senderKeys[group+"/"+user] = key
	return nil
}

func (m *memoryStore) GetSenderKey(_ context.Context, group, user string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.senderKeys[group+"/"+user], nil
}
