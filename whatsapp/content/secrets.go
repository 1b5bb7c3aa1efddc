package content

import (
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// encodeWithoutSecrets gives the bytes of a message that are kept. The secret with which
// its reactions and edits are read is kept elsewhere, sealed; nothing here reads it. The
// message itself is as before afterwards.
func encodeWithoutSecrets(m *waE2E.Message) ([]byte, error) {
	for _, context := range contextsOf(m, nil) {
		secret := context.MessageSecret
		context.MessageSecret = nil
		defer func() { context.MessageSecret = secret }()
	}
	return proto.Marshal(m)
}

// contextsOf adds the contexts of a message and of all that it wraps which have a secret.
func contextsOf(m *waE2E.Message, found []*waE2E.MessageContextInfo) []*waE2E.MessageContextInfo {
	if m == nil {
		return found
	}
	if context := m.GetMessageContextInfo(); context.GetMessageSecret() != nil {
		found = append(found, context)
	}
	for _, f := range fields {
		if f.inner != nil {
			found = contextsOf(f.inner(m), found)
		}
	}
	return found
}

// Secret is the secret with which a message's reactions, votes and edits are read,
// wherever in its wrappers that is; nil if it has none.
func Secret(m *waE2E.Message) []byte {
	for _, context := range contextsOf(m, nil) {
		if secret := context.GetMessageSecret(); len(secret) > 0 {
			return secret
		}
	}
	return nil
}
