package whatsapptest

import (
	"context"
	"errors"
	"net"
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
)

// goodbye is the time between a last stanza and the end of the connection.
// whatsmeow forgets stanzas that it has read but not handled when a connection
// ends, so a real server's last words would be lost at the speed of loopback.
const goodbye = 250 * time.Millisecond

// writeLoop writes what is queued until the connection ends.
func (c *conn) writeLoop() {
	for {
		c.mu.Lock()
		batch, ending := c.out, c.ending
		c.out = nil
		c.mu.Unlock()
		for _, node := range batch {
			if !c.deliver(node) {
				c.reset()
				return
			}
		}
		if ending && len(batch) == 0 {
			c.hangUp()
			return
		}
		if len(batch) > 0 {
			continue
		}
		select {
		case <-c.wake:
		case <-c.done:
			return
		}
	}
}

// hangUp says that nothing more will come. The reader goes on until the client
// has closed its side: closing with unread data would reset the connection and
// could take the last stanza from the client.
func (c *conn) hangUp() {
	if !c.pause(goodbye) {
		return
	}
	if tcp, ok := c.tcp.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
	}
}

// deliver asks the hooks about an outgoing stanza and writes it.
func (c *conn) deliver(node waBinary.Node) bool {
	action := c.srv.hooks.ask(HookEvent{Kind: StanzaOut, Device: c.device, Node: &node})
	switch {
	case action.Close:
		return false
	case action.Drop:
		return true
	case action.Swap:
		c.overtaken = append(c.overtaken, node)
		return true
	case action.Delay > 0:
		return c.deliverLater(node, action.Delay)
	}
	for range action.Repeat + 1 {
		if !c.write(node) {
			return false
		}
	}
	return c.writeOvertaken(node.Tag)
}

// writeOvertaken writes what waited for a stanza of its kind to go before.
func (c *conn) writeOvertaken(kind string) bool {
	if len(c.overtaken) == 0 || c.overtaken[0].Tag != kind {
		return true
	}
	late := c.overtaken
	c.overtaken = nil
	for _, node := range late {
		if !c.write(node) {
			return false
		}
	}
	return true
}

func (c *conn) deliverLater(node waBinary.Node, delay time.Duration) bool {
	if !c.srv.enter() {
		return false
	}
	go func() {
		defer c.srv.work.Done()
		if c.pause(delay) {
			c.send(node)
		}
	}()
	return true
}

func (c *conn) write(node waBinary.Node) bool {
	data, raw := node.Content.([]byte)
	var err error
	if !raw || node.Tag != rawTag {
		data, err = waBinary.Marshal(node)
	}
	if err != nil {
		c.log.Error("encode stanza", "tag", node.Tag, "error", err)
		return false
	}
	if err := c.frames.write(data); err != nil {
		if !errors.Is(err, net.ErrClosed) && !errors.Is(err, context.Canceled) {
			c.log.Debug("write to client", "error", err)
		}
		return false
	}
	return true
}
