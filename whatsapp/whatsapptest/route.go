package whatsapptest

import (
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// handleMessage takes a client's message, acknowledges it and passes it on.
func (c *conn) handleMessage(node *waBinary.Node) {
	id, to := attrText(node, "id"), attrJID(node, "to")
	ack := waBinary.Node{Tag: "ack", Attrs: waBinary.Attrs{
		"class": "message", "id": id, "from": to, "t": c.srv.opts.Now().Unix(),
	}}
	participants, fanout := node.GetOptionalChildByTag("participants")
	if fanout {
		key := messageKey{account: c.device.account, to: to.ToNonAD(), id: id}
		if c.srv.isRepeat(key) && !c.srv.opts.ForwardRepeats {
			c.device.sendAck(c, ack)
			return
		}
	}
	group := c.srv.group(to)
	account := c.srv.lookup(to)
	if group == nil && account == nil {
		ack.Attrs["error"] = 404
		c.device.sendAck(c, ack)
		return
	}
	if group != nil {
		if refusal := group.checkSender(c.device.account); refusal != 0 {
			ack.Attrs["error"] = refusal
			c.device.sendAck(c, ack)
			return
		}
		if phash := group.participantHash(); phash != attrText(node, "phash") && fanout {
			ack.Attrs["phash"] = phash
		}
	}
	if group == nil && fanout && c.misses(account, participants.GetChildren()) {
		ack.Attrs["phash"] = "2:outdated"
	}
	c.device.sendAck(c, ack)
	switch {
	case !fanout:
		c.passSingle(node, group)
	case group != nil:
		c.passToGroup(node, &participants, group)
	default:
		for _, target := range participants.GetChildren() {
			c.pass(node, attrJID(&target, "jid"), nil, encs(&target))
		}
	}
}

// misses reports whether a direct message leaves out a device of the recipient
// or of its sender, which WhatsApp says by a hash of the right list. A device
// without keys is on the sender's list, too, but cannot be written to.
func (c *conn) misses(recipient *Peer, targets []waBinary.Node) bool {
	reached := map[types.JID]bool{}
	for _, target := range targets {
		jid := attrJID(&target, "jid")
		if account := c.srv.lookup(jid); account != nil {
			reached[withDevice(account.JID(), jid.Device)] = true
		}
	}
	for _, account := range []*Peer{recipient, c.device.account} {
		if !reached[account.JID()] && !account.keysWithheld() {
			return true
		}
		for _, device := range account.Companions() {
			if device != c.device && !reached[device.JID()] && !device.keysWithheld() {
				return true
			}
		}
	}
	return false
}

// passSingle passes on a message for one device: the answer to a retry receipt,
// or a peer message to the own phone.
func (c *conn) passSingle(node *waBinary.Node, group *Group) {
	target := attrJID(node, "to")
	if group != nil {
		target = attrJID(node, "participant")
	}
	c.pass(node, target, group, encs(node))
}

// passToGroup gives every device of every member its sender key, if there is
// one for it, together with the message.
func (c *conn) passToGroup(node, participants *waBinary.Node, group *Group) {
	shared := encs(node)
	keys := map[types.JID][]waBinary.Node{}
	for _, target := range participants.GetChildren() {
		keys[attrJID(&target, "jid")] = encs(&target)
	}
	for _, target := range group.devices() {
		if account := c.srv.lookup(target); account == c.device.account && target.Device == c.device.id {
			continue
		}
		c.pass(node, target, group, append(keys[target], shared...))
	}
}

// pass delivers ciphertexts to a phone or queues them for a companion.
func (c *conn) pass(node *waBinary.Node, target types.JID, group *Group, encs []waBinary.Node) {
	account := c.srv.lookup(target)
	if account == nil || len(encs) == 0 {
		return
	}
	if target.Device == 0 {
		account.receive(incoming{
			device: c.device, id: attrText(node, "id"), at: c.srv.opts.Now(), to: attrJID(node, "to").ToNonAD(),
			group: group, encs: encs, peer: attrText(node, "category") == "peer",
		})
		return
	}
	if device := account.device(target.Device); device != nil && device != c.device {
		device.push(c.forwarded(node, device, group, encs))
	}
}

// forwarded is a client's message as another client gets it.
func (c *conn) forwarded(node *waBinary.Node, device *Device, group *Group, encs []waBinary.Node) waBinary.Node {
	to := attrJID(node, "to").ToNonAD()
	sender := c.device.account
	byLID := to.Server == types.HiddenUserServer
	attrs := waBinary.Attrs{
		"id": attrText(node, "id"), "type": attrText(node, "type"), "t": c.srv.opts.Now().Unix(), "notify": sender.Name(),
	}
	if edit := attrText(node, "edit"); edit != "" {
		attrs["edit"] = edit
	}
	switch {
	case group != nil:
		group.address(attrs, sender, c.device.id)
	case device.account == sender:
		attrs["from"], attrs["recipient"] = withDevice(addressedBy(sender, byLID), c.device.id), to
		if other := c.srv.lookup(to); other != nil {
			if byLID {
				attrs["peer_recipient_pn"] = other.JID()
			} else {
				attrs["peer_recipient_lid"] = other.LID()
			}
		}
	case byLID:
		attrs["from"], attrs["sender_pn"] = c.device.LID(), sender.JID()
	default:
		attrs["from"], attrs["sender_lid"] = c.device.JID(), sender.LID()
	}
	content := encs
	for _, enc := range encs {
		if attrText(&enc, "type") == "pkmsg" {
			content = append(content[:len(content):len(content)], waBinary.Node{Tag: "device-identity", Content: c.device.identity})
			break
		}
	}
	return waBinary.Node{Tag: "message", Attrs: attrs, Content: content}
}

func encs(node *waBinary.Node) []waBinary.Node { return node.GetChildrenByTag("enc") }
