package whatsapptest

import (
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// SendReceipt sends one receipt for message ids that are whatever the sender
// likes, as a phone that is not honest can.
func (p *Peer) SendReceipt(to *Peer, kind types.ReceiptType, ids ...string) {
	attrs := waBinary.Attrs{"id": ids[0], "t": p.srv.opts.Now().Unix(), "from": addressedBy(p, false)}
	if kind != types.ReceiptTypeDelivered {
		attrs["type"] = string(kind)
	}
	items := make([]waBinary.Node, 0, len(ids))
	for _, id := range ids[1:] {
		items = append(items, waBinary.Node{Tag: "item", Attrs: waBinary.Attrs{"id": id}})
	}
	node := waBinary.Node{Tag: "receipt", Attrs: attrs}
	if len(items) > 0 {
		node.Content = []waBinary.Node{{Tag: "list", Content: items}}
	}
	for _, device := range to.Companions() {
		device.push(node)
	}
}
