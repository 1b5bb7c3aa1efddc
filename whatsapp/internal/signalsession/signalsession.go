package signalsession

import (
	"bytes"
	"fmt"
	"slices"

	"go.mau.fi/libsignal/state/record"
	"go.mau.fi/whatsmeow/store"
)

// maxStates is how many earlier states the library keeps.
const maxStates = 40

// KeepStates gives the record to store after a message was decrypted: the
// state that decrypted it as the library left it, and every other state as it was
// before. before is empty when there was no session yet.
func KeepStates(before, after []byte) ([]byte, error) {
	if len(before) == 0 {
		return after, nil
	}
	serializer := store.SignalProtobufSerializer.Session
	was, err := serializer.Deserialize(before)
	if err != nil {
		return nil, fmt.Errorf("read the session as it was: %w", err)
	}
	is, err := serializer.Deserialize(after)
	if err != nil {
		return nil, fmt.Errorf("read the session as it is: %w", err)
	}
	if same(was.SessionState, is.SessionState) {
		return after, nil // the current state is tried first: no other was
	}
	others := slices.DeleteFunc(append([]*record.StateStructure{was.SessionState}, was.PreviousStates...),
		func(s *record.StateStructure) bool { return same(s, is.SessionState) })
	return serializer.Serialize(&record.SessionStructure{
		SessionState: is.SessionState, PreviousStates: others[:min(len(others), maxStates)],
	}), nil
}

// same tells a session by the key that began it.
func same(a, b *record.StateStructure) bool { return bytes.Equal(a.SenderBaseKey, b.SenderBaseKey) }
