package whatsapptest

import (
	"slices"
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// TypingState is what somebody is seen doing in a chat.
type TypingState string

// The states of a typing indicator.
const (
	Composing TypingState = "composing"
	Recording TypingState = "recording"
	Paused    TypingState = "paused"
)

// TypingEvent is a typing indicator that a peer has seen.
type TypingEvent struct {
	From  *Peer
	Chat  types.JID
	State TypingState
	Time  time.Time
}

// Typing shows the peer as typing, recording or neither in a chat.
func (p *Peer) Typing(to Chat, state TypingState, opts ...SendOption) {
	var o sendOptions
	for _, opt := range opts {
		opt(&o)
	}
	child := waBinary.Node{Tag: string(state)}
	if state == Recording {
		child = waBinary.Node{Tag: string(Composing), Attrs: waBinary.Attrs{"media": "audio"}}
	}
	if group, ok := to.(*Group); ok {
		for _, member := range group.Members() {
			if member == p {
				continue
			}
			member.addTyping(TypingEvent{From: p, Chat: group.JID(), State: state, Time: p.srv.opts.Now()})
			member.volatile(waBinary.Node{Tag: "chatstate", Attrs: waBinary.Attrs{
				"from": group.JID(), "participant": group.addressOf(p),
			}, Content: []waBinary.Node{child}})
		}
		return
	}
	if peer, ok := to.(*Peer); ok {
		from := addressedBy(p, p.shown(o.address) != byNumber)
		peer.addTyping(TypingEvent{From: p, Chat: from, State: state, Time: p.srv.opts.Now()})
		peer.volatile(waBinary.Node{Tag: "chatstate", Attrs: waBinary.Attrs{"from": from}, Content: []waBinary.Node{child}})
	}
}

// SetOnline shows the peer as online or not to companions that watch it.
func (p *Peer) SetOnline(online bool) {
	node := waBinary.Node{Tag: "presence", Attrs: waBinary.Attrs{}}
	if !online {
		node.Attrs["type"], node.Attrs["last"] = "unavailable", p.srv.opts.Now().Unix()
	}
	for _, other := range p.srv.Peers() {
		for _, device := range other.Companions() {
			for _, address := range []types.JID{p.JID(), p.LID()} {
				if device.watches(address) {
					shown := waBinary.Node{Tag: "presence", Attrs: waBinary.Attrs{"from": address}}
					for name, value := range node.Attrs {
						shown.Attrs[name] = value
					}
					device.volatile(shown)
				}
			}
		}
	}
}

// TypingEvents lists the typing indicators the peer has seen.
func (p *Peer) TypingEvents() []TypingEvent {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.typing)
}

// WaitTyping waits until somebody is seen in the given state.
func (p *Peer) WaitTyping(timeout time.Duration, state TypingState) (TypingEvent, error) {
	var found TypingEvent
	err := p.changed.wait(timeout, "typing indicator "+string(state), func() bool {
		for _, event := range p.TypingEvents() {
			if event.State == state {
				found = event
				return true
			}
		}
		return false
	})
	return found, err
}

func (p *Peer) addTyping(event TypingEvent) {
	p.mu.Lock()
	p.typing = append(p.typing, event)
	p.mu.Unlock()
	p.changed.broadcast()
}

func (p *Peer) volatile(node waBinary.Node) {
	for _, device := range p.Companions() {
		device.volatile(node)
	}
}

func (d *Device) watches(address types.JID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.watching[address]
}

func (c *conn) handlePresence(node *waBinary.Node) {
	d := c.device
	d.mu.Lock()
	defer d.mu.Unlock()
	switch attrText(node, "type") {
	case "subscribe":
		d.watching[attrJID(node, "to").ToNonAD()] = true
	case "unavailable":
		d.available = false
	default:
		d.available = true
	}
	d.changed.broadcast()
}

// WaitAvailable waits until the client announces itself as in use, or not.
func (d *Device) WaitAvailable(timeout time.Duration, available bool) error {
	return d.waitFor(timeout, "the client's presence", func() bool { return d.available == available })
}

func (c *conn) handleChatState(node *waBinary.Node) {
	children := node.GetChildren()
	if len(children) != 1 {
		c.srv.noteUnknown(describe(node))
		return
	}
	state := TypingState(children[0].Tag)
	if attrText(&children[0], "media") == "audio" {
		state = Recording
	}
	to := attrJID(node, "to")
	event := TypingEvent{From: c.device.account, State: state, Time: c.srv.opts.Now()}
	if group := c.srv.group(to); group != nil {
		event.Chat = to
		for _, member := range group.Members() {
			if member != c.device.account {
				member.addTyping(event)
				member.volatile(waBinary.Node{Tag: "chatstate", Attrs: waBinary.Attrs{
					"from": to, "participant": group.addressOf(c.device.account),
				}, Content: children})
			}
		}
		return
	}
	if peer := c.srv.lookup(to); peer != nil {
		event.Chat = addressedBy(c.device.account, to.Server == types.HiddenUserServer)
		peer.addTyping(event)
		peer.volatile(waBinary.Node{Tag: "chatstate", Attrs: waBinary.Attrs{"from": event.Chat}, Content: children})
	}
}
