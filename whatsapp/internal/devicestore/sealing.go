package devicestore

import (
	"bytes"
	"fmt"

	"go.mau.fi/whatsmeow/types"
)

// Sealer encrypts what whoever reads a copy of the database must not learn, bound to
// what it is for: under another purpose it does not open.
type Sealer interface {
	Seal(purpose, secret string) ([]byte, error)
	Open(purpose string, sealed []byte) (string, error)
}

// purpose ties a sealed value to its place: what it is, and the row that it stands in.
// The parts are quoted, as some are foreign.
func purpose(what string, row ...string) string { return fmt.Sprintf("whatsapp/%s%q", what, row) }

// sealedMark begins a value that is sealed in a column of the library's. What an earlier
// version has left in the clear there begins with something else: a message whose first
// field would be of a kind that does not exist, or 32 random bytes.
var sealedMark = []byte("\xffsealed\x01")

// sealInPlace gives what is stored in a column of the library's in place of plain.
func sealInPlace(s Sealer, purpose string, plain []byte) ([]byte, error) {
	sealed, err := s.Seal(purpose, string(plain))
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return append(bytes.Clone(sealedMark), sealed...), nil
}

// openInPlace is the inverse of sealInPlace. What is in the clear it gives as it is.
func openInPlace(s Sealer, purpose string, stored []byte) ([]byte, error) {
	sealed, ok := bytes.CutPrefix(stored, sealedMark)
	if !ok {
		return stored, nil
	}
	plain, err := s.Open(purpose, sealed)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	return []byte(plain), nil
}

// A secret is bound to its device, message and sender, but not to the chat: the library
// finds it under either address of the chat, and does not say under which.
func purposeOfSecret(device, sender, id string) string {
	if parsed, err := types.ParseJID(sender); err == nil {
		sender = parsed.String() // as it is read again
	}
	return purpose("secret", device, sender, id)
}

func purposeOfReceived(device string, hash []byte) string {
	return purpose("received", device, string(hash))
}

func purposeOfSent(device, id string) string { return purpose("sent", device, id) }
