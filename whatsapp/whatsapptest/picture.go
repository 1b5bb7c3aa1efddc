package whatsapptest

import (
	"net/http"
	"strconv"
	"strings"

	waBinary "go.mau.fi/whatsmeow/binary"
)

// picture is an account's profile picture.
type picture struct {
	version int
	content []byte
	hidden  bool
}

// SetPicture gives the account a profile picture; nil removes it.
func (p *Peer) SetPicture(jpeg []byte) {
	p.mu.Lock()
	p.picture.version++
	p.picture.content = jpeg
	id := strconv.Itoa(p.picture.version)
	p.mu.Unlock()
	change := waBinary.Node{Tag: "set", Attrs: waBinary.Attrs{"jid": p.JID(), "id": id, "author": p.JID()}}
	if jpeg == nil {
		change = waBinary.Node{Tag: "delete", Attrs: waBinary.Attrs{"jid": p.JID(), "author": p.JID()}}
	}
	for _, other := range p.srv.Peers() {
		if other != p {
			other.notifyDevices("picture", p.JID(), change)
		}
	}
}

// HidePicture shows the picture to nobody.
func (p *Peer) HidePicture(hidden bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.picture.hidden = hidden
}

func (p *Peer) pictureID() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.picture.content == nil || p.picture.hidden {
		return ""
	}
	return strconv.Itoa(p.picture.version)
}

func (c *conn) handlePicture(iq *waBinary.Node) {
	target := attrJID(iq, "target")
	account := c.srv.lookup(target)
	asked := iq.GetChildByTag("picture")
	if account == nil {
		c.sendIQError(iq, 404, "")
		return
	}
	account.mu.Lock()
	shown := account.picture
	account.mu.Unlock()
	id := strconv.Itoa(shown.version)
	switch {
	case shown.hidden:
		c.sendIQError(iq, 401, "")
	case shown.content == nil:
		c.sendIQError(iq, 404, "")
	case attrText(&asked, "id") == id:
		c.sendResult(iq, waBinary.Node{Tag: "picture", Attrs: waBinary.Attrs{"status": 304}})
	default:
		location := "/pp/" + account.Number() + "/" + id + "?type=" + attrText(&asked, "type")
		c.sendResult(iq, waBinary.Node{Tag: "picture", Attrs: waBinary.Attrs{
			"id": id, "type": attrText(&asked, "type"), "direct_path": location, "url": "https://pps.whatsapp.net" + location,
		}})
	}
}

// servePicture serves a profile picture at its address on the file server.
func (s *Server) servePicture(w http.ResponseWriter, r *http.Request) {
	w, serve := s.disturb(w, r)
	if !serve {
		return
	}
	number, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/pp/"), "/")
	account := s.Peer(number)
	if account == nil {
		http.NotFound(w, r)
		return
	}
	account.mu.Lock()
	content := account.picture.content
	account.mu.Unlock()
	if content == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	if _, err := w.Write(content); err != nil {
		s.log.Debug("serve picture", "error", err)
	}
}
