package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
)

// KeySize is the length of an encryption key in bytes (AES-256).
const KeySize = 32

// ErrOpen says that a sealed value does not belong to this key and purpose. Where
// the value names another key, the error is an *OtherKeyError besides.
var ErrOpen = errors.New("sealed value does not open with this encryption key")

// Key seals and opens secrets with AES-256-GCM.
type Key struct {
	id     keyID
	raw    [KeySize]byte // of which others are made
	aead   cipher.AEAD
	random io.Reader
}

// NewKey makes a Key of 32 raw bytes.
func NewKey(raw []byte) (*Key, error) {
	if len(raw) != KeySize {
		return nil, fmt.Errorf("encryption key has %d bytes, want %d", len(raw), KeySize)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, fmt.Errorf("set up AES: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("set up GCM: %w", err)
	}
	return &Key{id: idOf(raw), raw: [KeySize]byte(raw), aead: aead, random: rand.Reader}, nil
}

// ParseKey reads a key written as base64, the form of ENCRYPTION_KEY.
func ParseKey(text string) (*Key, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("encryption key is not base64")
	}
	return NewKey(raw)
}

// mark begins a sealed value, before the id of its key. Values of earlier versions
// have neither.
var mark = []byte{'W', 'B', 1}

// Seal encrypts secret for one purpose. The empty secret seals to nil.
func (k *Key) Seal(purpose, secret string) ([]byte, error) {
	if secret == "" {
		return nil, nil
	}
	head := len(mark) + idSize
	nonceEnd := head + k.aead.NonceSize()
	sealed := make([]byte, nonceEnd, nonceEnd+len(secret)+k.aead.Overhead())
	copy(sealed, mark)
	copy(sealed[len(mark):], k.id[:])
	if _, err := io.ReadFull(k.random, sealed[head:]); err != nil {
		return nil, fmt.Errorf("draw nonce: %w", err)
	}
	return k.aead.Seal(sealed, sealed[head:], []byte(secret), bound(sealed[:head], purpose)), nil
}

// bound is what a sealed value is bound to besides its key: its head, and its purpose.
func bound(head []byte, purpose string) []byte { return append(bytes.Clone(head), purpose...) }

// Open is the inverse of Seal. It answers ErrOpen for a value sealed with
// another key or for another purpose, or damaged since. A value without a key's id
// is taken for one of this key.
func (k *Key) Open(purpose string, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	id, named := idIn(sealed)
	if named && id == k.id {
		head := len(mark) + idSize
		if plain, err := k.open(sealed[head:], bound(sealed[:head], purpose)); err == nil {
			return plain, nil
		}
	}
	// The first bytes of an earlier version's value are random.
	plain, err := k.open(sealed, []byte(purpose))
	if err != nil && named && id != k.id {
		return "", &OtherKeyError{ID: id.String()}
	}
	return plain, err
}

func (k *Key) open(sealed, bound []byte) (string, error) {
	size := k.aead.NonceSize()
	if len(sealed) < size {
		return "", ErrOpen
	}
	plain, err := k.aead.Open(nil, sealed[:size], sealed[size:], bound)
	if err != nil {
		return "", ErrOpen
	}
	return string(plain), nil
}

// Reseal seals what this key has sealed with another one. Nothing stays nothing.
func (k *Key) Reseal(purpose string, sealed []byte, with *Key) ([]byte, error) {
	plain, err := k.Open(purpose, sealed)
	if err != nil {
		return nil, err
	}
	return with.Seal(purpose, plain)
}
