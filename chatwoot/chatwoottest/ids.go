package chatwoottest

import (
	"crypto/rand"
	"encoding/hex"
)

const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// newToken is Rails' has_secure_token: 24 characters of base58.
func newToken() string {
	raw := make([]byte, 24)
	rand.Read(raw) // never fails since Go 1.24
	for i, b := range raw {
		raw[i] = base58[int(b)%len(base58)]
	}
	return string(raw)
}

// newUUID is a random UUID of version 4.
func newUUID() string {
	b := make([]byte, 16)
	rand.Read(b)
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// sequence hands out the ids of one table.
type sequence int

func (s *sequence) next() int {
	*s++
	return int(*s)
}
