package seal

import (
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

// ErrOpen says that a sealed value does not belong to this key and purpose.
var ErrOpen = errors.New("sealed value does not open with this encryption key")

// Key seals and opens secrets with AES-256-GCM.
type Key struct {
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
	return &Key{aead: aead, random: rand.Reader}, nil
}

// ParseKey reads a key written as base64, the form of ENCRYPTION_KEY.
func ParseKey(text string) (*Key, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("encryption key is not base64")
	}
	return NewKey(raw)
}

// Seal encrypts secret for one purpose. The empty secret seals to nil.
func (k *Key) Seal(purpose, secret string) ([]byte, error) {
	if secret == "" {
		return nil, nil
	}
	nonce := make([]byte, k.aead.NonceSize())
	if _, err := io.ReadFull(k.random, nonce); err != nil {
		return nil, fmt.Errorf("draw nonce: %w", err)
	}
	return k.aead.Seal(nonce, nonce, []byte(secret), []byte(purpose)), nil
}

// Open is the inverse of Seal. It answers ErrOpen for a value sealed with
// another key or for another purpose, or damaged since.
func (k *Key) Open(purpose string, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	size := k.aead.NonceSize()
	if len(sealed) < size {
		return "", ErrOpen
	}
	plain, err := k.aead.Open(nil, sealed[:size], sealed[size:], []byte(purpose))
	if err != nil {
		return "", ErrOpen
	}
	return string(plain), nil
}
