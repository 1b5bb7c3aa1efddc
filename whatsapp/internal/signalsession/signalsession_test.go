package signalsession_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/libsignal/ecc"
	"go.mau.fi/libsignal/keys/identity"
	"go.mau.fi/libsignal/keys/prekey"
	"go.mau.fi/libsignal/protocol"
	"go.mau.fi/libsignal/session"
	"go.mau.fi/libsignal/state/record"
	"go.mau.fi/libsignal/util/optional"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/util/keys"

	"github.com/wootbridge/wootbridge/whatsapp/internal/signalsession"
)

func TestMain(m *testing.M) {
	signalsession.Silence()
	m.Run()
}

// person is one end of a conversation, with the least of a store.
type person struct {
	*store.Device
	sessions map[string][]byte
	repair   bool
}

func newPerson(id uint32, repair bool) *person {
	key := keys.NewKeyPair()
	return &person{
		Device:   &store.Device{IdentityKey: key, SignedPreKey: key.CreateSignedPreKey(1), RegistrationID: id},
		sessions: map[string][]byte{}, repair: repair,
	}
}

func (p *person) LoadSession(_ context.Context, address *protocol.SignalAddress) (*record.Session, error) {
	serializer := store.SignalProtobufSerializer
	if raw := p.sessions[address.String()]; raw != nil {
		return record.NewSessionFromBytes(raw, serializer.Session, serializer.State)
	}
	return record.NewSession(serializer.Session, serializer.State), nil
}

func (p *person) StoreSession(_ context.Context, address *protocol.SignalAddress, r *record.Session) error {
	raw := r.Serialize()
	if p.repair {
		var err error
		if raw, err = signalsession.KeepStates(p.sessions[address.String()], raw); err != nil {
			return err
		}
	}
	p.sessions[address.String()] = raw
	return nil
}

func (p *person) ContainsSession(_ context.Context, address *protocol.SignalAddress) (bool, error) {
	return p.sessions[address.String()] != nil, nil
}
func (p *person) SaveIdentity(context.Context, *protocol.SignalAddress, *identity.Key) error {
	return nil
}
func (p *person) IsTrustedIdentity(context.Context, *protocol.SignalAddress, *identity.Key) (bool, error) {
	return true, nil
}

var there = protocol.NewSignalAddress("other", 0)

func (p *person) cipher() *session.Cipher {
	return session.NewCipher(session.NewBuilderFromSignal(p, there, store.SignalProtobufSerializer), there)
}

// begin starts a session with the keys that the other one publishes.
func (p *person) begin(t *testing.T, other *person) {
	t.Helper()
	signed := other.SignedPreKey
	bundle := prekey.NewBundle(other.RegistrationID, 0, optional.NewEmptyUint32(), signed.KeyID, nil,
		ecc.NewDjbECPublicKey(*signed.Pub), *signed.Signature, identity.NewKey(ecc.NewDjbECPublicKey(*other.IdentityKey.Pub)))
	require.NoError(t, session.NewBuilderFromSignal(p, there, store.SignalProtobufSerializer).ProcessBundle(context.Background(), bundle))
}

func (p *person) write(t *testing.T, text string) protocol.CiphertextMessage {
	t.Helper()
	sealed, err := p.cipher().Encrypt(context.Background(), []byte(text))
	require.NoError(t, err)
	return sealed
}

func (p *person) read(sealed protocol.CiphertextMessage) (string, error) {
	serializer := store.SignalProtobufSerializer
	if sealed.Type() == protocol.PREKEY_TYPE {
		message, err := protocol.NewPreKeySignalMessageFromBytes(sealed.Serialize(), serializer.PreKeySignalMessage, serializer.SignalMessage)
		if err != nil {
			return "", err
		}
		text, err := p.cipher().DecryptMessage(context.Background(), message)
		return string(text), err
	}
	message, err := protocol.NewSignalMessageFromBytes(sealed.Serialize(), serializer.SignalMessage)
	if err != nil {
		return "", err
	}
	text, err := p.cipher().Decrypt(context.Background(), message)
	return string(text), err
}

// crossing lets both begin a session at once and write on while messages of
// both sessions are under way; it gives the first message that cannot be read.
func crossing(t *testing.T, repair bool) error {
	t.Helper()
	a, b := newPerson(1, repair), newPerson(2, repair)
	a.begin(t, b)
	b.begin(t, a)
	for range 20 {
		toB := []protocol.CiphertextMessage{a.write(t, "one"), a.write(t, "two")}
		toA := []protocol.CiphertextMessage{b.write(t, "three"), b.write(t, "four")}
		for i, want := range []string{"one", "two"} {
			text, err := b.read(toB[i])
			if err != nil {
				return err
			}
			require.Equal(t, want, text)
		}
		for i, want := range []string{"three", "four"} {
			text, err := a.read(toA[i])
			if err != nil {
				return err
			}
			require.Equal(t, want, text)
		}
	}
	return nil
}

func TestSessionsBegunAtOnceStayReadable(t *testing.T) {
	t.Parallel()
	require.NoError(t, crossing(t, true))
}

// When this fails the library has been mended, and this package can go.
func TestTheLibraryAloneBreaksThem(t *testing.T) {
	t.Parallel()
	require.Error(t, crossing(t, false))
}

func TestABrokenRecordIsNoted(t *testing.T) {
	t.Parallel()
	_, err := signalsession.KeepStates([]byte{0xff}, []byte{0xff})
	require.Error(t, err)
	kept, err := signalsession.KeepStates(nil, []byte("new"))
	require.NoError(t, err)
	require.Equal(t, []byte("new"), kept)
}
