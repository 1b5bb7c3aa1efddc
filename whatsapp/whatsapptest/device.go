package whatsapptest

import (
	"maps"
	"slices"
	"sync"
	"time"

	"go.mau.fi/whatsmeow/appstate"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// Device is a linked companion of an account: one paired whatsmeow client. It
// keeps every stanza for the client until the client has settled it.
type Device struct {
	account  *Peer
	id       uint16
	noiseKey [32]byte
	keys     deviceKeys
	// identity is the signed device identity that other devices may ask for.
	identity []byte

	mu        sync.Mutex
	conn      *conn
	active    bool
	available bool
	removed   bool
	withheld  bool // its keys, from senders
	queue     []queued
	logins    int
	actives   int
	refusals  []waBinary.Node
	holdAcks  bool
	held      []waBinary.Node
	watching  map[types.JID]bool
	fetched   map[appstate.WAPatchName]bool
	changed   notifier
}

// queued is a stanza that the client has not settled.
type queued struct {
	key  stanzaKey
	node waBinary.Node
}

// stanzaKey is what an acknowledgement names.
type stanzaKey struct {
	class, id, kind   string
	from, participant types.JID
}

func keyOf(node *waBinary.Node) stanzaKey {
	key := stanzaKey{class: node.Tag, id: attrText(node, "id"), from: attrJID(node, "from"), participant: attrJID(node, "participant")}
	if node.Tag != "message" {
		key.kind = attrText(node, "type")
	}
	return key
}

// Account returns the phone the device is linked to.
func (d *Device) Account() *Peer { return d.account }

// JID returns the device's address by phone number.
func (d *Device) JID() types.JID { return withDevice(d.account.JID(), d.id) }

// LID returns the device's address by hidden id.
func (d *Device) LID() types.JID { return withDevice(d.account.LID(), d.id) }

// push queues a stanza for the client and sends it when the client is there.
func (d *Device) push(node waBinary.Node) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.removed {
		return
	}
	d.queue = append(d.queue, queued{key: keyOf(&node), node: node})
	if d.active {
		d.conn.send(node)
	}
	d.changed.broadcast()
}

// volatile sends a stanza that is lost when the client is away.
func (d *Device) volatile(node waBinary.Node) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.active {
		d.conn.send(node)
	}
}

// sendAck answers the client, unless acknowledgements are held.
func (d *Device) sendAck(c *conn, ack waBinary.Node) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.holdAcks {
		d.held = append(d.held, ack)
		return
	}
	c.send(ack)
}

// settle forgets the stanza that the client has acknowledged. Of two under one
// id, a message and its repetition after a retry receipt, it is the older one.
func (d *Device) settle(class, id, kind string, from, participant types.JID) {
	if class == "message" {
		kind = ""
	}
	key := stanzaKey{class: class, id: id, kind: kind, from: from, participant: participant}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch i := slices.IndexFunc(d.queue, func(q queued) bool { return q.key == key }); {
	case i < 0:
		return
	case i == 0:
		d.queue = d.queue[1:]
	default:
		d.queue = slices.Delete(d.queue, i, i+1)
	}
	d.changed.broadcast()
}

// attach makes a connection the device's own. An older one is told that it was
// replaced, as WhatsApp does.
func (d *Device) attach(c *conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn != nil {
		d.conn.finish(streamError("", waBinary.Node{Tag: "conflict", Attrs: waBinary.Attrs{"type": "replaced"}}))
	}
	d.conn, d.active, d.available = c, false, false
	d.held = nil
	d.watching = map[types.JID]bool{}
	d.logins++
	d.changed.broadcast()
}

func (d *Device) detach(c *conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn != c {
		return
	}
	d.conn, d.active, d.available = nil, false, false
	d.held = nil
	d.changed.broadcast()
}

// activate sends all that is queued, and reports whether this is the client's
// first time.
func (d *Device) activate(c *conn) (first bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn != c || d.active {
		return false
	}
	counts := map[string]int{}
	for _, q := range d.queue {
		counts[q.node.Tag]++
	}
	c.send(waBinary.Node{Tag: "ib", Content: []waBinary.Node{{Tag: "offline_preview", Attrs: waBinary.Attrs{
		"count": len(d.queue), "message": counts["message"], "receipt": counts["receipt"],
		"notification": counts["notification"], "appdata": 0,
	}}}})
	for _, q := range d.queue {
		again := q.node
		again.Attrs = maps.Clone(q.node.Attrs)
		again.Attrs["offline"] = "0"
		c.send(again)
	}
	c.send(waBinary.Node{Tag: "ib", Content: []waBinary.Node{{Tag: "offline", Attrs: waBinary.Attrs{"count": len(d.queue)}}}})
	d.active = true
	d.actives++
	d.changed.broadcast()
	return d.actives == 1
}

// Pending counts the stanzas that the client has not settled.
func (d *Device) Pending() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.queue)
}

// PendingMessages counts the messages that the client has not settled.
func (d *Device) PendingMessages() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	count := 0
	for _, q := range d.queue {
		if q.node.Tag == "message" {
			count++
		}
	}
	return count
}

// Online reports whether the client is connected and takes messages.
func (d *Device) Online() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.active
}

// Available reports whether the client has announced itself as in use.
func (d *Device) Available() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.available
}

// Logins counts the times the client has logged in.
func (d *Device) Logins() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.logins
}

// WaitSettled waits until the client has settled everything sent to it.
func (d *Device) WaitSettled(timeout time.Duration) error {
	return d.waitFor(timeout, "everything settled", func() bool { return len(d.queue) == 0 })
}

// WaitPending waits until exactly n stanzas are left to be settled.
func (d *Device) WaitPending(timeout time.Duration, n int) error {
	return d.waitFor(timeout, "the number of pending stanzas", func() bool { return len(d.queue) == n })
}

// WaitBelow waits until fewer than n stanzas are left to be settled.
func (d *Device) WaitBelow(timeout time.Duration, n int) error {
	return d.waitFor(timeout, "fewer pending stanzas", func() bool { return len(d.queue) < n })
}

// WaitOnline waits until the client is connected and takes messages.
func (d *Device) WaitOnline(timeout time.Duration) error {
	return d.waitFor(timeout, "the client online", func() bool { return d.active })
}

// WaitLogins waits until the client has logged in n times and takes messages.
func (d *Device) WaitLogins(timeout time.Duration, n int) error {
	return d.waitFor(timeout, "another login", func() bool { return d.active && d.logins >= n })
}

// WaitAppState waits until the client has fetched every collection of the app
// state, which it does when it has just been linked. Tests that cut connections
// wait for that first: the library has a data race between a request that waits
// and its own reconnecting.
func (d *Device) WaitAppState(timeout time.Duration) error {
	fetched := func() bool { return len(d.fetched) == len(appstate.AllPatchNames) }
	if err := d.waitFor(timeout, "the app state fetched", fetched); err != nil {
		return err
	}
	// The last answer is under way; a client that acknowledges what comes after
	// it has read it.
	after := waBinary.Node{Tag: "notification", Attrs: waBinary.Attrs{
		"type": "nothing", "from": d.account.JID(), "id": d.account.srv.stanzaID(), "t": d.account.srv.opts.Now().Unix(),
	}}
	d.push(after)
	return d.waitFor(timeout, "the app state read", func() bool {
		return !slices.ContainsFunc(d.queue, func(q queued) bool { return q.key == keyOf(&after) })
	})
}

// fetchedAppState notes that the client was given a collection.
func (d *Device) fetchedAppState(name appstate.WAPatchName) {
	d.mu.Lock()
	if d.fetched == nil {
		d.fetched = map[appstate.WAPatchName]bool{}
	}
	d.fetched[name] = true
	d.mu.Unlock()
	d.changed.broadcast()
}

func (d *Device) waitFor(timeout time.Duration, what string, condition func() bool) error {
	return d.changed.wait(timeout, what, func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return condition()
	})
}
