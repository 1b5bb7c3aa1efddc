package whatsapptest

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"go.mau.fi/libsignal/protocol"
	"go.mau.fi/libsignal/session"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"
)

var errPadding = errors.New("plaintext without padding")

// Functions of this file are called with crypt held.

// encryptFor makes the <enc> for one companion.
func (p *Peer) encryptFor(ctx context.Context, device *Device, plaintext []byte) (waBinary.Node, error) {
	return p.seal(ctx, device, pad(plaintext))
}

// seal encrypts for one companion what has its padding, beginning a session with
// the companion's LID if there is none.
func (p *Peer) seal(ctx context.Context, device *Device, padded []byte) (waBinary.Node, error) {
	address := device.LID().SignalAddress()
	builder := session.NewBuilderFromSignal(p.signal, address, store.SignalProtobufSerializer)
	known, err := p.signal.ContainsSession(ctx, address)
	if err != nil {
		return waBinary.Node{}, err
	}
	if !known {
		if err := builder.ProcessBundle(ctx, device.takeBundle().signal(device.id)); err != nil {
			return waBinary.Node{}, fmt.Errorf("begin session with %s: %w", device.LID(), err)
		}
	}
	sealed, err := session.NewCipher(builder, address).Encrypt(ctx, padded)
	if err != nil {
		return waBinary.Node{}, fmt.Errorf("encrypt for %s: %w", device.LID(), err)
	}
	kind := "msg"
	if sealed.Type() == protocol.PREKEY_TYPE {
		kind = "pkmsg"
	}
	return waBinary.Node{Tag: "enc", Attrs: waBinary.Attrs{"v": "2", "type": kind}, Content: sealed.Serialize()}, nil
}

// sealStateless encrypts in a session of its own, which nobody keeps.
func (p *Peer) sealStateless(ctx context.Context, device *Device, padded []byte) (waBinary.Node, error) {
	address := device.LID().SignalAddress()
	once := newSignalStore()
	once.IdentityKey, once.RegistrationID = p.signal.IdentityKey, p.signal.RegistrationID
	builder := session.NewBuilderFromSignal(once, address, store.SignalProtobufSerializer)
	if err := builder.ProcessBundle(ctx, device.takeBundle().signal(device.id)); err != nil {
		return waBinary.Node{}, fmt.Errorf("begin session with %s: %w", device.LID(), err)
	}
	sealed, err := session.NewCipher(builder, address).Encrypt(ctx, padded)
	if err != nil {
		return waBinary.Node{}, fmt.Errorf("encrypt for %s: %w", device.LID(), err)
	}
	attrs := waBinary.Attrs{"v": "2", "type": "pkmsg", "state": "false"}
	return waBinary.Node{Tag: "enc", Attrs: attrs, Content: sealed.Serialize()}, nil
}

// restart begins a new session with the keys of a retry receipt.
func (p *Peer) restart(ctx context.Context, device *Device, keys bundle) error {
	builder := session.NewBuilderFromSignal(p.signal, device.LID().SignalAddress(), store.SignalProtobufSerializer)
	return builder.ProcessBundle(ctx, keys.signal(device.id))
}

// decrypt opens a pkmsg or msg from the device with the given LID.
func (p *Peer) decrypt(ctx context.Context, from types.JID, enc *waBinary.Node) (*waE2E.Message, error) {
	content, _ := enc.Content.([]byte)
	address := from.SignalAddress()
	builder := session.NewBuilderFromSignal(p.signal, address, store.SignalProtobufSerializer)
	cipher := session.NewCipher(builder, address)
	serializer := store.SignalProtobufSerializer
	var plaintext []byte
	switch kind := attrText(enc, "type"); kind {
	case "pkmsg":
		msg, err := protocol.NewPreKeySignalMessageFromBytes(content, serializer.PreKeySignalMessage, serializer.SignalMessage)
		if err != nil {
			return nil, err
		}
		if plaintext, err = cipher.DecryptMessage(ctx, msg); err != nil {
			return nil, err
		}
	case "msg":
		msg, err := protocol.NewSignalMessageFromBytes(content, serializer.SignalMessage)
		if err != nil {
			return nil, err
		}
		if plaintext, err = cipher.Decrypt(ctx, msg); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("unexpected encryption %q", kind)
	}
	return parsePlaintext(plaintext)
}

func parsePlaintext(plaintext []byte) (*waE2E.Message, error) {
	if len(plaintext) == 0 {
		return nil, errPadding
	}
	padding := int(plaintext[len(plaintext)-1])
	if padding == 0 || padding > len(plaintext) {
		return nil, errPadding
	}
	var message waE2E.Message
	if err := proto.Unmarshal(plaintext[:len(plaintext)-padding], &message); err != nil {
		return nil, fmt.Errorf("decode message: %w", err)
	}
	return &message, nil
}

// pad appends n bytes of value n, n from 1 to 15.
func pad(plaintext []byte) []byte {
	n := randomBytes(1)[0]&0xf | 1
	return append(bytes.Clone(plaintext), bytes.Repeat([]byte{n}, int(n))...)
}

// phoneBundle hands out the phone's own keys with a new one-time key.
func (p *Peer) phoneBundle() bundle {
	p.crypt.Lock()
	defer p.crypt.Unlock()
	oneTime, err := p.signal.PreKeys.GenOnePreKey(context.Background())
	made := bundle{registration: p.signal.RegistrationID, identity: *p.signal.IdentityKey.Pub}
	if err == nil {
		made.oneTime = &publicKey{id: oneTime.KeyID, value: *oneTime.Pub}
	}
	signed := p.signal.SignedPreKey
	made.signed = publicKey{id: signed.KeyID, value: *signed.Pub, signature: *signed.Signature}
	return made
}
