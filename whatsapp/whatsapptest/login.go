package whatsapptest

import (
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/types"
)

// login answers a paired client. It reports whether the client is in.
func (c *conn) login(payload *waWa6.ClientPayload, key [32]byte) bool {
	account := c.srv.lookup(types.NewJID(userText(payload.GetUsername()), types.DefaultUserServer))
	var device *Device
	if account != nil {
		device = account.device(uint16(payload.GetDevice()))
	}
	if device == nil || device.noiseKey != key {
		c.finish(failure(401, nil))
		return false
	}
	if action := c.srv.hooks.ask(HookEvent{Kind: Login, Device: device}); !action.isZero() {
		if action.Delay > 0 && !c.pause(action.Delay) {
			return false
		}
		if action.Close {
			c.reset()
			return false
		}
		if action.Error != 0 {
			c.finish(failure(action.Error, nil))
			return false
		}
	}
	if refusal := device.takeRefusal(); refusal != nil {
		c.finish(*refusal)
		return false
	}
	c.device = device
	device.attach(c)
	c.send(waBinary.Node{Tag: "success", Attrs: waBinary.Attrs{"t": c.srv.opts.Now().Unix(), "lid": device.LID()}})
	return true
}

func failure(reason int, extra waBinary.Attrs) waBinary.Node {
	attrs := waBinary.Attrs{"reason": reason}
	for name, value := range extra {
		attrs[name] = value
	}
	return waBinary.Node{Tag: "failure", Attrs: attrs}
}
