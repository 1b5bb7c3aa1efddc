package whatsapptest

import (
	"fmt"
	"net/http"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// Flood is much from one peer at once, mixed evenly. The line's phone may be
// away meanwhile: all but typing waits for it.
type Flood struct {
	Messages int `json:"messages,omitempty"`
	// Receipts say that the peer has read what the line sent: message Receipt, or,
	// if that is empty, messages that nobody knows.
	Receipts      int    `json:"receipts,omitempty"`
	Receipt       string `json:"receipt,omitempty"`
	Notifications int    `json:"notifications,omitempty"`
	// Typing is lost while the line is away.
	Typing int `json:"typing,omitempty"`
	// Text begins every message's text; its number, from 0, follows.
	Text string `json:"text,omitempty"`
}

// Flood sends a flood to a linked account, and returns the messages' texts in
// their order.
func (p *Peer) Flood(to *Peer, f Flood) []string {
	var texts []string
	kinds := []struct {
		most int
		send func(n int)
	}{
		{f.Receipts, func(n int) { p.floodReceipt(to, f, n) }},
		{f.Notifications, func(n int) { p.floodNotification(to, n) }},
		{f.Typing, func(n int) { p.floodTyping(to, n) }},
		{f.Messages, func(n int) {
			text := fmt.Sprint(f.Text, n)
			texts = append(texts, text)
			p.SendText(to, text)
		}},
	}
	total := f.Receipts + f.Notifications + f.Typing + f.Messages
	sent := make([]int, len(kinds))
	for i := range total {
		for k, kind := range kinds {
			if sent[k] < kind.most*(i+1)/total {
				kind.send(sent[k])
				sent[k]++
			}
		}
	}
	return texts
}

func (p *Peer) floodReceipt(to *Peer, f Flood, n int) {
	id := f.Receipt
	if id == "" {
		id = fmt.Sprintf("3EB0F100D%08d", n)
	}
	for _, device := range to.Companions() {
		device.push(waBinary.Node{Tag: "receipt", Attrs: waBinary.Attrs{
			"id": id, "from": p.JID(), "type": string(types.ReceiptTypeRead), "t": p.srv.opts.Now().Unix(),
		}})
	}
}

func (p *Peer) floodNotification(to *Peer, n int) {
	node := waBinary.Node{Tag: "notification", Attrs: waBinary.Attrs{
		"id": p.srv.stanzaID(), "from": p.JID(), "type": "status", "t": p.srv.opts.Now().Unix(),
	}, Content: []waBinary.Node{{Tag: "set", Content: fmt.Appendf(nil, "about me, number %d", n)}}}
	if n%2 == 1 {
		node.Attrs["type"], node.Content = "psa", nil // one of many that the library has no use for
	}
	for _, device := range to.Companions() {
		device.push(node)
	}
}

func (p *Peer) floodTyping(to *Peer, n int) {
	state := types.ChatPresenceComposing
	if n%2 == 1 {
		state = types.ChatPresencePaused
	}
	for _, device := range to.Companions() {
		device.volatile(waBinary.Node{Tag: "chatstate", Attrs: waBinary.Attrs{"from": p.JID()}, Content: []waBinary.Node{{Tag: string(state)}}})
	}
}

// FloodRequest is a Flood through the control interface.
type FloodRequest struct {
	To string `json:"to"`
	Flood
}

func controlFlood(p *Peer, r *http.Request) (any, error) {
	var body FloodRequest
	if err := decodeControl(r, &body); err != nil {
		return nil, err
	}
	to := p.srv.Peer(body.To)
	if to == nil {
		return nil, controlError{http.StatusNotFound, "no account to send to"}
	}
	return map[string][]string{"texts": p.Flood(to, body.Flood)}, nil
}
