package whatsapp

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// What is no message (calls, changes of groups and people) is committed before it is
// acknowledged, too. The library makes events of some of these stanzas only, drops what
// it does not know of them, and acknowledges most of them whatever a handler answers.
// So the stanza itself is kept from when it is read until the library is about to send
// its acknowledgement, which it does in the order of their coming and after it has
// learned what it can of them; it is committed then.

// happeningsMost bounds how many are kept. WhatsApp's queue holds no more.
const happeningsMost = 4096

// happenings are stanzas that were read and not acknowledged yet.
type happenings struct {
	mu      sync.Mutex
	waiting map[string][]*waBinary.Node // in the order of their coming
	count   int
}

// came keeps a stanza that the library is about to queue.
func (h *happenings) came(node *waBinary.Node) {
	if !content.IsHappening(node) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.waiting == nil || h.count >= happeningsMost {
		h.waiting, h.count = map[string][]*waBinary.Node{}, 0
	}
	name := ackName(node.Tag, node.Attrs["id"], node.Attrs["from"], node.Attrs["type"])
	h.waiting[name] = append(h.waiting[name], node)
	h.count++
}

// forget drops what another connection to the server has brought: it comes again.
func (h *happenings) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting, h.count = nil, 0
}

// acknowledged gives the stanza that an acknowledgement is for, or nil.
func (h *happenings) acknowledged(ack *waBinary.Node) *waBinary.Node {
	class, _ := ack.Attrs["class"].(string)
	if ack.Tag != "ack" || class == "" {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	name := ackName(class, ack.Attrs["id"], ack.Attrs["to"], ack.Attrs["type"])
	nodes := h.waiting[name]
	switch len(nodes) {
	case 0:
		return nil
	case 1:
		delete(h.waiting, name)
	default:
		h.waiting[name] = nodes[1:]
	}
	h.count--
	return nodes[0]
}

// ackName is what an acknowledgement and its stanza have in common.
func ackName(class string, id, from, kind any) string {
	text := func(value any) string {
		switch value := value.(type) {
		case string:
			return value
		case types.JID:
			return value.String()
		default:
			return ""
		}
	}
	return class + " " + text(id) + " " + text(from) + " " + text(kind)
}

// happened commits the stanza whose acknowledgement is about to be sent. It does not
// come back with an event that is not committed: then the acknowledgement would be sent.
func (c *connection) happened(ack *waBinary.Node) {
	node := c.happenings.acknowledged(ack)
	if node == nil {
		return
	}
	var envelope content.Envelope
	tells := false
	err := guarded(c.s, func() (err error) {
		envelope, tells, err = content.HappeningEnvelope(node, c.witness())
		return err
	})
	switch {
	case err != nil:
		c.s.cfg.Count("happening not understood")
		c.s.cfg.Log.Error("a call or a change cannot be stored", "error", err)
		return
	case !tells:
		return
	}
	if envelope.At.IsZero() {
		envelope.At = c.s.cfg.Clock()
	}
	if !c.take(c.s.ctx, envelope, 0) {
		<-c.ctx.Done() // the connection ends, and the stanza comes again with the next one
	}
}

// witness is what the device knows of people.
func (c *connection) witness() content.Witness {
	return content.Witness{
		Own:       c.own(),
		Alternate: c.alternate,
		Name:      func(jid types.JID) string { return cmp.Or(namesIn(c.ctx, c.client.Store, jid)) },
	}
}

// own are the account's addresses.
func (c *connection) own() []types.JID {
	return []types.JID{c.client.Store.GetJID(), c.client.Store.GetLID()}
}

// GroupName asks what a group is called.
func (s *Session) GroupName(ctx context.Context, jid string) (name string, err error) {
	client, err := s.client()
	if err != nil {
		return "", err
	}
	group, err := types.ParseJID(jid)
	if err != nil {
		return "", fmt.Errorf("the address of a group: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, groupPatience)
	defer cancel()
	err = guarded(s, func() error {
		info, err := client.GetGroupInfo(ctx, group)
		if err == nil {
			name = content.PersonName(info.Name)
		}
		return err
	})
	return name, err
}

// groupPatience is how long WhatsApp may take to say what a group is called.
const groupPatience = 20 * time.Second

// RejectCall refuses a call that rings. It is safe to repeat.
func (s *Session) RejectCall(ctx context.Context, from, id string) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	caller, err := types.ParseJID(from)
	if err != nil {
		return fmt.Errorf("the address of a caller: %w", err)
	}
	return guarded(s, func() error { return client.RejectCall(ctx, caller, id) })
}
