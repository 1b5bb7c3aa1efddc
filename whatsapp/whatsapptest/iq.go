package whatsapptest

import (
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// iqTexts are the texts that whatsmeow expects beside an error code: its
// sentinel errors compare both.
var iqTexts = map[int]string{
	400: "bad-request", 401: "not-authorized", 403: "forbidden", 404: "item-not-found",
	405: "not-allowed", 406: "not-acceptable", 410: "gone", 419: "resource-limit",
	429: "rate-overlimit", 500: "internal-server-error", 501: "feature-not-implemented", 503: "service-unavailable",
}

func (c *conn) sendResult(iq *waBinary.Node, content ...waBinary.Node) {
	answer := waBinary.Node{Tag: "iq", Attrs: waBinary.Attrs{"type": "result", "id": attrText(iq, "id"), "from": answerFrom(iq)}}
	if len(content) > 0 {
		answer.Content = content
	}
	c.send(answer)
}

func (c *conn) sendIQError(iq *waBinary.Node, code int, text string) {
	if text == "" {
		text = iqTexts[code]
	}
	c.send(waBinary.Node{
		Tag:     "iq",
		Attrs:   waBinary.Attrs{"type": "error", "id": attrText(iq, "id"), "from": answerFrom(iq)},
		Content: []waBinary.Node{{Tag: "error", Attrs: waBinary.Attrs{"code": code, "text": text}}},
	})
}

// answerFrom is the group for a question to a group, otherwise the server.
func answerFrom(iq *waBinary.Node) types.JID {
	if to := attrJID(iq, "to"); to.Server == types.GroupServer && to.User != "" {
		return to
	}
	return types.ServerJID
}

// handleIQ answers a paired client's request.
func (c *conn) handleIQ(iq *waBinary.Node) {
	kind := attrText(iq, "type")
	if kind == "result" || kind == "error" {
		return
	}
	switch attrText(iq, "xmlns") {
	case "w:p":
		c.sendResult(iq)
	case "passive":
		c.handlePassive(iq)
	case "encrypt":
		c.handleEncrypt(iq)
	case "usync":
		c.handleUsync(iq)
	case "w:m":
		c.handleMediaConn(iq)
	case "privacy":
		c.handlePrivacy(iq)
	case "blocklist":
		c.sendResult(iq, waBinary.Node{Tag: "list", Attrs: waBinary.Attrs{"dhash": "1"}})
	case "w:profile:picture":
		c.handlePicture(iq)
	case "w:sync:app:state":
		c.handleAppState(iq)
	case "w:g2":
		c.handleGroupIQ(iq)
	case "md":
		c.handleMD(iq)
	case "urn:xmpp:whatsapp:dirty":
		c.sendResult(iq)
	default:
		c.unknownIQ(iq)
	}
}

func (c *conn) unknownIQ(iq *waBinary.Node) {
	c.srv.noteUnknown(describe(iq))
	c.sendIQError(iq, 501, "")
}

func (c *conn) handlePassive(iq *waBinary.Node) {
	c.sendResult(iq)
	if _, active := iq.GetOptionalChildByTag("active"); !active {
		return
	}
	if c.device.activate(c) {
		c.device.account.welcome(c.device)
	}
}

func (c *conn) handleEncrypt(iq *waBinary.Node) {
	if attrText(iq, "type") == "set" {
		c.device.keys.upload(iq)
		c.sendResult(iq)
		return
	}
	if _, ok := iq.GetOptionalChildByTag("count"); ok {
		c.sendResult(iq, waBinary.Node{Tag: "count", Attrs: waBinary.Attrs{"value": c.device.keys.count()}})
		return
	}
	request, ok := iq.GetOptionalChildByTag("key")
	if !ok {
		c.unknownIQ(iq)
		return
	}
	var users []waBinary.Node
	for _, user := range request.GetChildren() {
		users = append(users, c.srv.keysOf(attrJID(&user, "jid")))
	}
	c.sendResult(iq, waBinary.Node{Tag: "list", Content: users})
}

// keysOf renders the keys of one device as a <user> element.
func (s *Server) keysOf(jid types.JID) waBinary.Node {
	user := waBinary.Node{Tag: "user", Attrs: waBinary.Attrs{"jid": jid, "t": s.opts.Now().Unix()}}
	keys, ok := s.takeBundle(jid)
	if !ok {
		user.Content = []waBinary.Node{{Tag: "error", Attrs: waBinary.Attrs{"code": 404, "text": iqTexts[404]}}}
		return user
	}
	user.Content = keys.nodes()
	return user
}

func (s *Server) takeBundle(jid types.JID) (bundle, bool) {
	account := s.lookup(jid)
	if account == nil {
		return bundle{}, false
	}
	if jid.Device == 0 {
		if account.keysWithheld() {
			return bundle{}, false
		}
		return account.phoneBundle(), true
	}
	device := account.device(jid.Device)
	if device == nil || device.keysWithheld() {
		return bundle{}, false
	}
	return device.takeBundle(), true
}

func (c *conn) handlePrivacy(iq *waBinary.Node) {
	if attrText(iq, "type") == "set" {
		c.sendResult(iq)
		return
	}
	settings := c.device.account.privacySettings()
	var categories []waBinary.Node
	for name, value := range settings {
		categories = append(categories, waBinary.Node{Tag: "category", Attrs: waBinary.Attrs{"name": name, "value": value}})
	}
	c.sendResult(iq, waBinary.Node{Tag: "privacy", Content: categories})
}

func (c *conn) handleMD(iq *waBinary.Node) {
	if _, ok := iq.GetOptionalChildByTag("remove-companion-device"); !ok {
		c.unknownIQ(iq)
		return
	}
	c.sendResult(iq)
	c.device.account.forget(c.device)
}
