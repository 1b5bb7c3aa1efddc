package whatsapptest

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"go.mau.fi/libsignal/signalerror"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
)

// maxRetries is how often a phone asks for a message it cannot read.
const maxRetries = 5

// incoming is a message from a companion on its way to a phone.
type incoming struct {
	device *Device
	id     string
	at     time.Time
	// to is where the client addressed it.
	to    types.JID
	group *Group
	encs  []waBinary.Node
	peer  bool
}

// sender is the address that the recipient sees.
func (in incoming) sender() types.JID {
	if in.group != nil {
		return withDevice(in.group.addressOf(in.device.account), in.device.id)
	}
	return withDevice(addressedBy(in.device.account, in.to.Server == types.HiddenUserServer), in.device.id)
}

// receive is the phone's side of a message from a companion, its own or another
// account's.
func (p *Peer) receive(in incoming) {
	retry := 0
	for i := range in.encs {
		enc := &in.encs[i]
		retry = max(retry, attrInt(enc, "count"))
		message, err := p.openEnc(in, enc)
		switch {
		case errors.Is(err, signalerror.ErrOldCounter):
			// A repeat of what was read before: settle it in silence.
			continue
		case err != nil:
			p.askAgain(in, err)
			return
		}
		p.takeContent(in, message, retry)
	}
}

func (p *Peer) openEnc(in incoming, enc *waBinary.Node) (*waE2E.Message, error) {
	p.crypt.Lock()
	defer p.crypt.Unlock()
	if p.refuses() {
		return nil, errors.New("decryption refused on demand")
	}
	ctx := context.Background()
	if attrText(enc, "type") == "skmsg" {
		return p.decryptGroup(ctx, in, enc)
	}
	return p.decrypt(ctx, in.device.LID(), enc)
}

// takeContent handles a message that could be read.
func (p *Peer) takeContent(in incoming, message *waE2E.Message, retry int) {
	if keys := message.GetSenderKeyDistributionMessage(); keys != nil && in.group != nil {
		p.takeSenderKey(in, keys)
		if isOnlyKeys(message) {
			return
		}
	}
	if in.peer {
		p.handlePeerMessage(in, message)
		return
	}
	received := Received{
		ID: in.id, From: in.device.account, FromDevice: in.device.id, Sender: in.sender().ToNonAD(),
		Group: in.group, Message: message, Time: in.at, PushName: in.device.account.Name(), Retry: retry,
	}
	received.Chat = received.Sender
	if in.group != nil {
		received.Chat = in.group.JID()
	}
	if in.device.account == p {
		received.FromMe = true
		received.Chat = in.to
		if sent := message.GetDeviceSentMessage(); sent != nil {
			received.Message = sent.GetMessage()
		}
	}
	if retry > 0 && p.has(in.id) {
		return
	}
	p.take(received)
}

func (p *Peer) has(id string) bool {
	for _, message := range p.Messages() {
		if message.ID == id {
			return true
		}
	}
	return false
}

// isOnlyKeys reports whether nothing is left for a person beside a sender key.
func isOnlyKeys(message *waE2E.Message) bool {
	return messageType(message) == "text" && textOf(message) == "" && message.GetProtocolMessage() == nil &&
		message.GetExtendedTextMessage() == nil && message.Conversation == nil
}

// FailNext makes the phone unable to read the next n ciphertexts.
func (p *Peer) FailNext(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failNext = n
}

func (p *Peer) refuses() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failNext == 0 {
		return false
	}
	p.failNext--
	return true
}

// askAgain sends a retry receipt: without keys at first, so that the sender
// uses the session it has, from the second on with keys for a new session.
func (p *Peer) askAgain(in incoming, cause error) {
	p.mu.Lock()
	p.failed[in.id]++
	count := p.failed[in.id]
	p.retries++
	p.mu.Unlock()
	p.srv.log.Debug("simulated phone asks for a message again", "count", count, "error", cause)
	if count > maxRetries {
		p.fail("message %s could not be read: %w", in.id, cause)
		return
	}
	p.crypt.Lock()
	registration := binary.BigEndian.AppendUint32(nil, p.signal.RegistrationID)
	p.crypt.Unlock()
	content := []waBinary.Node{
		{Tag: "retry", Attrs: waBinary.Attrs{"count": count, "id": in.id, "t": in.at.Unix(), "v": 1}},
		{Tag: "registration", Content: registration},
	}
	if count > 1 {
		var keys []waBinary.Node
		for _, node := range p.phoneBundle().nodes() {
			if node.Tag != "registration" {
				keys = append(keys, node)
			}
		}
		content = append(content, waBinary.Node{Tag: "keys", Content: keys})
	}
	attrs := waBinary.Attrs{"id": in.id, "type": "retry", "t": p.srv.opts.Now().Unix()}
	if in.group != nil {
		attrs["from"], attrs["participant"] = in.group.JID(), in.group.addressOf(p)
	} else {
		attrs["from"] = addressedBy(p, in.to.Server == types.HiddenUserServer)
	}
	in.device.push(waBinary.Node{Tag: "receipt", Attrs: attrs, Content: content})
}

// Retries counts the retry receipts that the phone has sent.
func (p *Peer) Retries() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.retries
}
