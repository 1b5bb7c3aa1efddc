package whatsapptest

import (
	"maps"
	"slices"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/util/keys"
)

// frozenSignal is a phone's key store.
type frozenSignal struct {
	Registration    uint32            `json:"registration"`
	Identity        []byte            `json:"identity"` // private, as those below
	SignedPreKey    []byte            `json:"signed_pre_key"`
	SignedPreKeyID  uint32            `json:"signed_pre_key_id"`
	SignedPreKeySig []byte            `json:"signed_pre_key_signature"`
	Sessions        map[string][]byte `json:"sessions,omitempty"`
	SenderKeys      map[string][]byte `json:"sender_keys,omitempty"`
	PreKeys         map[uint32][]byte `json:"pre_keys,omitempty"`
	NextPreKey      uint32            `json:"next_pre_key"`
}

func freezeSignal(device *store.Device) frozenSignal {
	memory := device.Sessions.(*memoryStore)
	memory.mu.Lock()
	defer memory.mu.Unlock()
	frozen := frozenSignal{
		Registration: device.RegistrationID, Identity: device.IdentityKey.Priv[:], SignedPreKey: device.SignedPreKey.Priv[:],
		SignedPreKeyID: device.SignedPreKey.KeyID, SignedPreKeySig: device.SignedPreKey.Signature[:],
		Sessions: maps.Clone(memory.sessions), SenderKeys: maps.Clone(memory.senderKeys),
		PreKeys: map[uint32][]byte{}, NextPreKey: memory.nextPreKey,
	}
	for id, key := range memory.preKeys {
		frozen.PreKeys[id] = key.Priv[:]
	}
	return frozen
}

// thaw makes the key store anew, without the app state.
func (f frozenSignal) thaw() *store.Device {
	memory := &memoryStore{
		sessions: map[string][]byte{}, senderKeys: map[string][]byte{}, preKeys: map[uint32]*keys.PreKey{}, nextPreKey: f.NextPreKey,
	}
	maps.Copy(memory.sessions, f.Sessions)
	maps.Copy(memory.senderKeys, f.SenderKeys)
	for id, private := range f.PreKeys {
		memory.preKeys[id] = &keys.PreKey{KeyPair: *keyPair(private), KeyID: id}
	}
	signature := [64]byte(f.SignedPreKeySig)
	return &store.Device{
		IdentityKey:    keyPair(f.Identity),
		SignedPreKey:   &keys.PreKey{KeyPair: *keyPair(f.SignedPreKey), KeyID: f.SignedPreKeyID, Signature: &signature},
		RegistrationID: f.Registration,
		Identities:     memory, Sessions: memory, PreKeys: memory, SenderKeys: memory,
	}
}

func keyPair(private []byte) *keys.KeyPair { return keys.NewKeyPairFromPrivateKey([32]byte(private)) }

// frozenAppState is what phone and server keep of an account's app state.
type frozenAppState struct {
	KeyID    []byte              `json:"key_id"`
	Key      []byte              `json:"key"`
	Patches  map[string][][]byte `json:"patches,omitempty"`
	Versions []frozenVersion     `json:"versions,omitempty"`
}

// frozenVersion is where a collection stands.
type frozenVersion struct {
	Name    string      `json:"name"`
	Version uint64      `json:"version"`
	Hash    []byte      `json:"hash"`
	MACs    []frozenMAC `json:"macs,omitempty"`
}

type frozenMAC struct {
	Index []byte `json:"index"`
	Value []byte `json:"value"`
}

func (a *appState) freeze() frozenAppState {
	a.mu.Lock()
	defer a.mu.Unlock()
	frozen := frozenAppState{KeyID: a.keyID, Key: a.key, Patches: map[string][][]byte{}}
	for name, patches := range a.patches {
		frozen.Patches[string(name)] = slices.Clone(patches)
	}
	kept := a.proc.Store.AppState.(*appStateStore)
	kept.mu.Lock()
	defer kept.mu.Unlock()
	for name, at := range kept.versions {
		version := frozenVersion{Name: name, Version: at.version, Hash: at.hash[:]}
		for index, value := range kept.macs[name] {
			version.MACs = append(version.MACs, frozenMAC{Index: []byte(index), Value: value})
		}
		frozen.Versions = append(frozen.Versions, version)
	}
	return frozen
}

// store makes the phone's store of it anew.
func (f frozenAppState) store() *appStateStore {
	s := newAppStateStore()
	s.keys[string(f.KeyID)] = store.AppStateSyncKey{Data: f.Key}
	s.lastKey = f.KeyID
	for _, v := range f.Versions {
		at := appStateVersion{version: v.Version}
		copy(at.hash[:], v.Hash)
		s.versions[v.Name] = at
		s.macs[v.Name] = map[string][]byte{}
		for _, mac := range v.MACs {
			s.macs[v.Name][string(mac.Index)] = mac.Value
		}
	}
	return s
}
