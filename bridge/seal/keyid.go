package seal

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
)

const idSize = 8

// keyID tells keys apart and says nothing of them.
type keyID [idSize]byte

func (id keyID) String() string { return hex.EncodeToString(id[:]) }

func idOf(raw []byte) keyID { return keyID(derive(raw, "id")[:idSize]) }

// derive makes 32 bytes of a key, from which nobody learns the key or what else was
// made of it.
func derive(raw []byte, use string) []byte {
	mac := hmac.New(sha256.New, raw)
	mac.Write([]byte("wootbridge/" + use))
	return mac.Sum(nil)
}

// idIn reads the id of the key that a value says it was sealed with.
func idIn(sealed []byte) (id keyID, named bool) {
	rest, named := bytes.CutPrefix(sealed, mark)
	if !named || len(rest) < idSize {
		return id, false
	}
	return keyID(rest[:idSize]), true
}

// ID names the key, to people too: it is in every value that the key has sealed, and
// says nothing of the key.
func (k *Key) ID() string { return k.id.String() }

// For makes a key of this one for one use: who seals very much has a key of its own,
// because the chance that two values get the same nonce grows with their number.
func (k *Key) For(use string) *Key {
	made, err := NewKey(derive(k.raw[:], "for/"+use))
	if err != nil {
		panic(err) // it has the right length
	}
	made.random = k.random
	return made
}

// OtherKeyError says with which key a value was sealed, which is another one. It is
// ErrOpen.
type OtherKeyError struct{ ID string }

// Error implements error.
func (e *OtherKeyError) Error() string {
	return ErrOpen.Error() + ": it was sealed with the key " + e.ID
}

// Unwrap gives ErrOpen.
func (e *OtherKeyError) Unwrap() error { return ErrOpen }

// String implements fmt.Stringer: a key shows its id.
func (k *Key) String() string { return "key " + k.ID() }

// GoString implements fmt.GoStringer.
func (k *Key) GoString() string { return k.String() }

// LogValue implements slog.LogValuer.
func (k *Key) LogValue() slog.Value { return slog.StringValue(k.ID()) }
