package whatsapptest

import (
	"bytes"
	"context"
	"maps"
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"
)

// sentMessage is what a peer keeps of a message, to be able to encrypt it again.
type sentMessage struct {
	id      string
	to      Chat
	message *waE2E.Message
	options sendOptions
	at      time.Time
	notify  string
}

// Send sends any message and returns its id. On the phone of a linked account
// it is a message typed by the owner: the account's companions get a copy.
func (p *Peer) Send(to Chat, message *waE2E.Message, opts ...SendOption) string {
	o := sendOptions{id: newMessageID(), at: p.srv.opts.Now()}
	for _, opt := range opts {
		opt(&o)
	}
	return p.send(to, message, o)
}

func (p *Peer) send(to Chat, message *waE2E.Message, o sendOptions) string {
	if o.quote != nil {
		message = quoting(message, o.quote)
	}
	if o.viewOnce {
		message = &waE2E.Message{ViewOnceMessageV2: &waE2E.FutureProofMessage{Message: message}}
	}
	sent := &sentMessage{id: o.id, to: to, message: message, options: o, at: o.at, notify: p.Name()}
	if o.pushName != nil {
		sent.notify = *o.pushName
	}
	p.mu.Lock()
	p.sent[o.id] = sent
	p.mu.Unlock()
	if group, ok := to.(*Group); ok {
		p.sendToGroup(group, sent)
		return o.id
	}
	peer, ok := to.(*Peer)
	if !ok {
		p.fail("send to %T", to)
		return o.id
	}
	p.crypt.Lock()
	if peer != p {
		for _, device := range peer.Companions() {
			p.sendTo(device, sent, 0)
		}
	}
	for _, device := range p.Companions() {
		p.sendTo(device, sent, 0)
	}
	p.crypt.Unlock()
	if peer != p {
		peer.takePlain(p, sent, nil)
	}
	return o.id
}

// SendText sends a text.
func (p *Peer) SendText(to Chat, text string, opts ...SendOption) string {
	return p.Send(to, &waE2E.Message{Conversation: &text}, opts...)
}

// TypeText sends a text from the account's own phone. It is SendText under the
// name that says what it means where the account has companions.
func (p *Peer) TypeText(to Chat, text string, opts ...SendOption) string {
	return p.SendText(to, text, opts...)
}

// sendTo encrypts a direct message for one companion and queues it; crypt is
// held. count is the number of the retry, 0 for the first time.
func (p *Peer) sendTo(device *Device, sent *sentMessage, count int) {
	message := sent.message
	attrs := p.sentAttrs(sent)
	switch {
	case sent.options.stanza != nil:
		attrs = maps.Clone(sent.options.stanza)
	case device.account == p:
		p.asOwn(attrs, sent)
		message = deviceSent(sent)
	}
	raw, err := proto.Marshal(message)
	if err != nil {
		p.fail("encode message: %w", err)
		return
	}
	padded := pad(raw)
	if sent.options.plaintext != nil {
		padded = sent.options.plaintext
	}
	seal := p.seal
	if sent.options.stateless {
		seal = p.sealStateless
	}
	enc, err := seal(context.Background(), device, padded)
	if err != nil {
		p.fail("send message %s: %w", sent.id, err)
		return
	}
	decorateEnc(&enc, sent, count)
	maps.Copy(enc.Attrs, sent.options.enc)
	maps.Copy(attrs, sent.options.with)
	for _, name := range sent.options.without {
		delete(attrs, name)
	}
	for _, name := range sent.options.withoutEnc {
		delete(enc.Attrs, name)
	}
	device.push(waBinary.Node{Tag: "message", Attrs: attrs, Content: []waBinary.Node{enc}})
}

// sentAttrs are the attributes of a direct message as its recipient sees them.
func (p *Peer) sentAttrs(sent *sentMessage) waBinary.Attrs {
	attrs := waBinary.Attrs{"id": sent.id, "type": messageType(sent.message), "t": sent.at.Unix()}
	if sent.notify != "" {
		attrs["notify"] = sent.notify
	}
	if edit := editAttr(sent.message); edit != "" {
		attrs["edit"] = edit
	}
	switch p.shown(sent.options.address) {
	case byNumber:
		attrs["from"], attrs["sender_lid"] = p.JID(), p.LID()
	case byLID:
		attrs["from"], attrs["sender_pn"] = p.LID(), p.JID()
	case byLIDOnly:
		attrs["from"] = p.LID()
	case byServer:
		attrs["from"] = types.NewJID(p.Number(), sent.options.server)
	}
	return attrs
}

// asOwn turns the attributes into those of a message from the own phone.
func (p *Peer) asOwn(attrs waBinary.Attrs, sent *sentMessage) {
	delete(attrs, "sender_lid")
	delete(attrs, "sender_pn")
	peer, ok := sent.to.(*Peer)
	if !ok {
		return
	}
	if peer.shown(sent.options.address) == byNumber {
		attrs["from"], attrs["recipient"], attrs["peer_recipient_lid"] = p.JID(), peer.JID(), peer.LID()
		return
	}
	attrs["from"], attrs["recipient"] = p.LID(), peer.LID()
	if peer.shown(sent.options.address) == byLID {
		attrs["peer_recipient_pn"] = peer.JID()
	}
}

func deviceSent(sent *sentMessage) *waE2E.Message {
	chat := sent.to.chatJID()
	if peer, ok := sent.to.(*Peer); ok && peer.shown(sent.options.address) != byNumber {
		chat = peer.LID()
	}
	return &waE2E.Message{
		DeviceSentMessage:  &waE2E.DeviceSentMessage{DestinationJID: ptr(chat.String()), Message: sent.message},
		MessageContextInfo: sent.message.GetMessageContextInfo(),
	}
}

// decorateEnc adds what an <enc> says beside its ciphertext, and spoils the
// ciphertext when that is wanted.
func decorateEnc(enc *waBinary.Node, sent *sentMessage, count int) {
	if kind := mediaType(sent.message); kind != "" {
		enc.Attrs["mediatype"] = kind
	}
	if editAttr(sent.message) != "" || messageType(sent.message) == "reaction" {
		enc.Attrs["decrypt-fail"] = "hide"
	}
	if count > 0 {
		enc.Attrs["count"] = count
	}
	if count < sent.options.corrupt {
		spoiled := bytes.Clone(enc.Content.([]byte))
		spoiled[len(spoiled)-1] ^= 0xff
		enc.Content = spoiled
	}
}

// takePlain hands a message over inside the process: to the phone of an account.
func (p *Peer) takePlain(from *Peer, sent *sentMessage, group *Group) {
	received := Received{
		ID: sent.id, From: from, Sender: from.JID(), Chat: from.JID(), Group: group,
		Message: sent.message, Time: sent.at, PushName: sent.notify,
	}
	if from.shown(sent.options.address) != byNumber {
		received.Sender, received.Chat = from.LID(), from.LID()
	}
	if group != nil {
		received.Chat, received.Sender = group.JID(), group.addressOf(from)
	}
	p.take(received)
}

// addressedBy is the address by which a chat shows a peer.
func addressedBy(p *Peer, lid bool) types.JID {
	if lid {
		return p.LID()
	}
	return p.JID()
}
