package whatsapptest

import (
	"context"
	"errors"
	"fmt"

	"go.mau.fi/libsignal/groups"
	"go.mau.fi/libsignal/protocol"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/store"
	"google.golang.org/protobuf/proto"
)

// sendToGroup encrypts once with the sender key, and gives the key to every
// companion that does not have it.
func (p *Peer) sendToGroup(group *Group, sent *sentMessage) {
	p.crypt.Lock()
	shared, keys, err := p.encryptGroup(group, sent)
	if err != nil {
		p.fail("encrypt for group: %w", err)
		p.crypt.Unlock()
		return
	}
	for _, member := range group.Members() {
		for _, device := range member.Companions() {
			p.pushToGroup(device, group, sent, shared, keys)
		}
	}
	p.crypt.Unlock()
	for _, member := range group.Members() {
		if member != p {
			member.takePlain(p, sent, group)
		}
	}
}

// encryptGroup makes the shared <enc> and the message that carries the key.
func (p *Peer) encryptGroup(group *Group, sent *sentMessage) (waBinary.Node, *waE2E.Message, error) {
	ctx := context.Background()
	builder := groups.NewGroupSessionBuilder(p.signal, store.SignalProtobufSerializer)
	name := protocol.NewSenderKeyName(group.jid.String(), p.LID().SignalAddress())
	distribution, err := builder.Create(ctx, name)
	if err != nil {
		return waBinary.Node{}, nil, fmt.Errorf("make sender key: %w", err)
	}
	raw, err := proto.Marshal(sent.message)
	if err != nil {
		return waBinary.Node{}, nil, fmt.Errorf("encode message: %w", err)
	}
	sealed, err := groups.NewGroupCipher(builder, name, p.signal).Encrypt(ctx, pad(raw))
	if err != nil {
		return waBinary.Node{}, nil, fmt.Errorf("encrypt: %w", err)
	}
	enc := waBinary.Node{Tag: "enc", Attrs: waBinary.Attrs{"v": "2", "type": "skmsg"}, Content: sealed.SignedSerialize()}
	decorateEnc(&enc, sent, 0)
	return enc, senderKeyMessage(group, distribution), nil
}

func senderKeyMessage(group *Group, distribution *protocol.SenderKeyDistributionMessage) *waE2E.Message {
	return &waE2E.Message{SenderKeyDistributionMessage: &waE2E.SenderKeyDistributionMessage{
		GroupID:                             ptr(group.jid.String()),
		AxolotlSenderKeyDistributionMessage: distribution.Serialize(),
	}}
}

func (p *Peer) pushToGroup(device *Device, group *Group, sent *sentMessage, shared waBinary.Node, keys *waE2E.Message) {
	content := []waBinary.Node{shared}
	if group.needsKey(p, device) {
		raw, err := proto.Marshal(keys)
		if err != nil {
			p.fail("encode sender key: %w", err)
			return
		}
		enc, err := p.encryptFor(context.Background(), device, raw)
		if err != nil {
			p.fail("send sender key: %w", err)
			return
		}
		content = []waBinary.Node{enc, shared}
	}
	device.push(waBinary.Node{Tag: "message", Attrs: p.groupAttrs(group, sent), Content: content})
}

func (p *Peer) groupAttrs(group *Group, sent *sentMessage) waBinary.Attrs {
	attrs := p.sentAttrs(sent)
	delete(attrs, "sender_pn")
	delete(attrs, "sender_lid")
	group.address(attrs, p, 0)
	for _, name := range sent.options.without {
		delete(attrs, name)
	}
	return attrs
}

// resendToGroup answers a retry receipt: message and sender key together,
// encrypted for the one device that asked.
func (p *Peer) resendToGroup(device *Device, group *Group, sent *sentMessage, count int) {
	ctx := context.Background()
	builder := groups.NewGroupSessionBuilder(p.signal, store.SignalProtobufSerializer)
	distribution, err := builder.Create(ctx, protocol.NewSenderKeyName(group.jid.String(), p.LID().SignalAddress()))
	if err != nil {
		p.fail("make sender key: %w", err)
		return
	}
	message := proto.Clone(sent.message).(*waE2E.Message)
	message.SenderKeyDistributionMessage = senderKeyMessage(group, distribution).SenderKeyDistributionMessage
	raw, err := proto.Marshal(message)
	if err != nil {
		p.fail("encode message: %w", err)
		return
	}
	enc, err := p.encryptFor(ctx, device, raw)
	if err != nil {
		p.fail("send message again: %w", err)
		return
	}
	decorateEnc(&enc, sent, count)
	device.push(waBinary.Node{Tag: "message", Attrs: p.groupAttrs(group, sent), Content: []waBinary.Node{enc}})
}

// needsKey reports, once for each pair, that a device has no sender key yet.
func (g *Group) needsKey(sender *Peer, device *Device) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := groupKey{sender: sender, device: device}
	if g.given[key] {
		return false
	}
	g.given[key] = true
	return true
}

// decryptGroup opens a skmsg; crypt is held.
func (p *Peer) decryptGroup(ctx context.Context, in incoming, enc *waBinary.Node) (*waE2E.Message, error) {
	if in.group == nil {
		return nil, errors.New("sender key message outside a group")
	}
	content, _ := enc.Content.([]byte)
	message, err := protocol.NewSenderKeyMessageFromBytes(content, store.SignalProtobufSerializer.SenderKeyMessage)
	if err != nil {
		return nil, err
	}
	builder := groups.NewGroupSessionBuilder(p.signal, store.SignalProtobufSerializer)
	name := protocol.NewSenderKeyName(in.group.jid.String(), in.device.LID().SignalAddress())
	plaintext, err := groups.NewGroupCipher(builder, name, p.signal).Decrypt(ctx, message)
	if err != nil {
		return nil, err
	}
	return parsePlaintext(plaintext)
}

// takeSenderKey stores the key with which a companion writes to a group.
func (p *Peer) takeSenderKey(in incoming, keys *waE2E.SenderKeyDistributionMessage) {
	message, err := protocol.NewSenderKeyDistributionMessageFromBytes(
		keys.GetAxolotlSenderKeyDistributionMessage(), store.SignalProtobufSerializer.SenderKeyDistributionMessage)
	if err != nil {
		p.fail("read sender key: %w", err)
		return
	}
	p.crypt.Lock()
	defer p.crypt.Unlock()
	builder := groups.NewGroupSessionBuilder(p.signal, store.SignalProtobufSerializer)
	name := protocol.NewSenderKeyName(in.group.jid.String(), in.device.LID().SignalAddress())
	if err := builder.Process(context.Background(), name, message); err != nil {
		p.fail("store sender key: %w", err)
	}
}
