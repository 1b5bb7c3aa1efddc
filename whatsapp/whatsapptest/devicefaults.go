package whatsapptest

import (
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
)

// Drop cuts the client's connection with a TCP reset.
func (d *Device) Drop() {
	d.mu.Lock()
	c := d.conn
	d.mu.Unlock()
	if c != nil {
		c.reset()
	}
}

// StreamError ends the connection with the given code, such as "503".
func (d *Device) StreamError(code string, children ...waBinary.Node) {
	d.end(streamError(code, children...))
}

// SendRaw sends what need not be a stanza: a byte of flags, of which 2 says that
// what follows is compressed, and a body.
func (d *Device) SendRaw(data []byte) {
	d.volatile(waBinary.Node{Tag: rawTag, Content: data})
}

// rawTag marks in a connection's queue what is written as it is.
const rawTag = "\x00raw"

// Replace tells the client that another client has taken its place.
func (d *Device) Replace() {
	d.end(streamError("", waBinary.Node{Tag: "conflict", Attrs: waBinary.Attrs{"type": "replaced"}}))
}

// Unlink removes the device from the account, as the phone's owner can. A
// client that is away learns it at its next login.
func (d *Device) Unlink() {
	d.account.forget(d)
	d.end(streamError("401", waBinary.Node{Tag: "conflict", Attrs: waBinary.Attrs{"type": "device_removed"}}))
}

// RefuseLogin makes the next login fail with a reason, such as 401, 403 or 503.
// The connection that exists is cut.
func (d *Device) RefuseLogin(reason int) {
	d.refuseNext(failure(reason, nil))
}

// TempBan makes the next login fail with a temporary ban.
func (d *Device) TempBan(code int, expire time.Duration) {
	d.refuseNext(failure(402, waBinary.Attrs{"code": code, "expire": int(expire.Seconds())}))
}

// HoldAcks withholds the acknowledgements of the client's messages, or lets
// those withheld go. What is held is lost when the connection ends.
func (d *Device) HoldAcks(hold bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.holdAcks = hold
	if hold {
		return
	}
	if d.conn != nil {
		d.conn.send(d.held...)
	}
	d.held = nil
}

// HeldAcks counts the acknowledgements that are withheld.
func (d *Device) HeldAcks() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.held)
}

func (d *Device) refuseNext(node waBinary.Node) {
	d.mu.Lock()
	d.refusals = append(d.refusals, node)
	d.mu.Unlock()
	d.Drop()
}

func (d *Device) takeRefusal() *waBinary.Node {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.refusals) == 0 {
		return nil
	}
	refusal := d.refusals[0]
	d.refusals = d.refusals[1:]
	return &refusal
}

func (d *Device) end(last waBinary.Node) {
	d.mu.Lock()
	c := d.conn
	d.mu.Unlock()
	if c != nil {
		c.finish(last)
	}
}

func streamError(code string, children ...waBinary.Node) waBinary.Node {
	node := waBinary.Node{Tag: "stream:error", Attrs: waBinary.Attrs{"code": code}}
	if len(children) > 0 {
		node.Content = children
	}
	return node
}
