package whatsapptest

import (
	"strings"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// handleUsync answers questions about users: is a number on WhatsApp, which
// devices, which hidden id, which picture and status.
func (c *conn) handleUsync(iq *waBinary.Node) {
	request := iq.GetChildByTag("usync")
	query := request.GetChildByTag("query")
	list := request.GetChildByTag("list")
	var users []waBinary.Node
	for _, user := range list.GetChildren() {
		if contact, ok := user.GetOptionalChildByTag("contact"); ok {
			users = append(users, c.srv.lookupNumber(&contact))
			continue
		}
		users = append(users, c.srv.describeUser(attrJID(&user, "jid"), &query))
	}
	c.sendResult(iq, waBinary.Node{
		Tag: "usync",
		Attrs: waBinary.Attrs{
			"sid": attrText(&request, "sid"), "index": "0", "last": "true",
			"mode": attrText(&request, "mode"), "context": attrText(&request, "context"),
		},
		Content: []waBinary.Node{{Tag: "result"}, {Tag: "list", Content: users}},
	})
}

// lookupNumber answers whether a phone number has an account. The number asked
// for may be an alias: Brazilian mobiles are known with and without a nine.
func (s *Server) lookupNumber(contact *waBinary.Node) waBinary.Node {
	asked, _ := contact.Content.([]byte)
	number, _, _ := strings.Cut(strings.TrimPrefix(string(asked), "+"), "@")
	jid := types.NewJID(number, types.DefaultUserServer)
	account := s.registered(jid)
	if account == nil {
		return waBinary.Node{Tag: "user", Attrs: waBinary.Attrs{"jid": jid}, Content: []waBinary.Node{
			{Tag: "contact", Attrs: waBinary.Attrs{"type": "out"}, Content: asked},
		}}
	}
	return waBinary.Node{Tag: "user", Attrs: waBinary.Attrs{"jid": account.LID(), "pn_jid": account.JID()}, Content: []waBinary.Node{
		{Tag: "contact", Attrs: waBinary.Attrs{"type": "in"}, Content: asked},
	}}
}

func (s *Server) describeUser(jid types.JID, query *waBinary.Node) waBinary.Node {
	user := waBinary.Node{Tag: "user", Attrs: waBinary.Attrs{"jid": jid}}
	account := s.lookup(jid)
	if account == nil {
		return user
	}
	var parts []waBinary.Node
	for _, asked := range query.GetChildren() {
		switch asked.Tag {
		case "devices":
			parts = append(parts, account.deviceList())
		case "lid":
			parts = append(parts, waBinary.Node{Tag: "lid", Attrs: waBinary.Attrs{"val": account.LID()}})
		case "status":
			parts = append(parts, waBinary.Node{Tag: "status", Attrs: waBinary.Attrs{"t": s.opts.Now().Unix()}, Content: []byte(account.Status())})
		case "picture":
			if id := account.pictureID(); id != "" {
				parts = append(parts, waBinary.Node{Tag: "picture", Attrs: waBinary.Attrs{"id": id}})
			}
		}
	}
	user.Content = parts
	return user
}

func (p *Peer) deviceList() waBinary.Node {
	devices := []waBinary.Node{{Tag: "device", Attrs: waBinary.Attrs{"id": 0}}}
	for _, device := range p.Companions() {
		devices = append(devices, waBinary.Node{Tag: "device", Attrs: waBinary.Attrs{"id": int(device.id), "key-index": int(device.id)}})
	}
	return waBinary.Node{Tag: "devices", Content: []waBinary.Node{{Tag: "device-list", Content: devices}}}
}
