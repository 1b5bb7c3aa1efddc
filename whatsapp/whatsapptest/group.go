package whatsapptest

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"sync"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// Group is a group chat, addressed by hidden ids or by phone numbers.
type Group struct {
	srv   *Server
	jid   types.JID
	lid   bool
	owner *Peer

	mu      sync.Mutex
	subject string
	members []*Peer
	// given holds the companions that have got a peer's sender key.
	given map[groupKey]bool
}

type groupKey struct {
	sender *Peer
	device *Device
}

// NewGroup makes a group; lid says that it is addressed by hidden ids. The
// owner is a member whether or not it is named among the members.
func (s *Server) NewGroup(subject string, lid bool, owner *Peer, members ...*Peer) *Group {
	if !slices.Contains(members, owner) {
		members = append([]*Peer{owner}, members...)
	}
	return s.newGroup(types.EmptyJID, subject, lid, owner, members...)
}

// newGroup makes a group under an address, or under the next one.
func (s *Server) newGroup(jid types.JID, subject string, lid bool, owner *Peer, members ...*Peer) *Group {
	g := &Group{srv: s, jid: jid, lid: lid, owner: owner, subject: subject, members: members, given: map[groupKey]bool{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	if jid.IsEmpty() {
		g.jid = types.NewJID("1203630"+strconv.Itoa(10_000_000_000+len(s.groups)), types.GroupServer)
	}
	s.groups[g.jid] = g
	return g
}

func (s *Server) group(jid types.JID) *Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.groups[jid]
}

// JID returns the group's address.
func (g *Group) JID() types.JID { return g.jid }

func (g *Group) chatJID() types.JID { return g.jid }

// Subject returns the group's name.
func (g *Group) Subject() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.subject
}

// Members lists the group's members.
func (g *Group) Members() []*Peer {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.members)
}

// addressOf is the address by which the group shows a member.
func (g *Group) addressOf(p *Peer) types.JID { return addressedBy(p, g.lid) }

// address adds to a stanza the attributes that name a group sender.
func (g *Group) address(attrs waBinary.Attrs, sender *Peer, device uint16) {
	attrs["from"], attrs["participant"] = g.jid, withDevice(g.addressOf(sender), device)
	if g.lid {
		attrs["addressing_mode"], attrs["participant_pn"] = "lid", sender.JID()
		return
	}
	attrs["addressing_mode"], attrs["participant_lid"] = "pn", sender.LID()
}

// devices lists the addresses of all devices of all members.
func (g *Group) devices() []types.JID {
	var all []types.JID
	for _, member := range g.Members() {
		all = append(all, g.addressOf(member))
		for _, device := range member.Companions() {
			all = append(all, withDevice(g.addressOf(member), device.id))
		}
	}
	return all
}

// participantHash is the hash by which client and server compare what devices
// a group has.
func (g *Group) participantHash() string {
	var names []string
	for _, device := range g.devices() {
		names = append(names, device.ADString())
	}
	slices.Sort(names)
	sum := sha256.Sum256([]byte(strings.Join(names, "")))
	return "2:" + base64.RawStdEncoding.EncodeToString(sum[:6])
}

// checkSender returns the error for an account that may not write, 0 if it may.
func (g *Group) checkSender(p *Peer) int {
	if slices.Contains(g.Members(), p) {
		return 0
	}
	return 403
}

func (g *Group) node() waBinary.Node {
	g.mu.Lock()
	defer g.mu.Unlock()
	mode := "pn"
	if g.lid {
		mode = "lid"
	}
	now := g.srv.opts.Now().Unix()
	attrs := waBinary.Attrs{
		"id": g.jid.User, "subject": g.subject, "s_t": now, "s_o": g.addressOf(g.owner), "creation": now,
		"creator": g.addressOf(g.owner), "addressing_mode": mode, "size": len(g.members), "p_v_id": "1", "a_v_id": "1",
	}
	var participants []waBinary.Node
	for _, member := range g.members {
		participant := waBinary.Attrs{"jid": g.addressOf(member)}
		if g.lid {
			participant["phone_number"] = member.JID()
		} else {
			participant["lid"] = member.LID()
		}
		if member == g.owner {
			participant["type"] = "superadmin"
		}
		participants = append(participants, waBinary.Node{Tag: "participant", Attrs: participant})
	}
	return waBinary.Node{Tag: "group", Attrs: attrs, Content: participants}
}

func (c *conn) handleGroupIQ(iq *waBinary.Node) {
	if _, ok := iq.GetOptionalChildByTag("query"); ok {
		group := c.srv.group(attrJID(iq, "to"))
		switch {
		case group == nil:
			c.sendIQError(iq, 404, "")
		case group.checkSender(c.device.account) != 0:
			c.sendIQError(iq, 403, "")
		default:
			c.sendResult(iq, group.node())
		}
		return
	}
	if _, ok := iq.GetOptionalChildByTag("participating"); ok {
		var nodes []waBinary.Node
		for _, group := range c.srv.groupsOf(c.device.account) {
			nodes = append(nodes, group.node())
		}
		c.sendResult(iq, waBinary.Node{Tag: "groups", Content: nodes})
		return
	}
	c.unknownIQ(iq)
}

func (s *Server) groupsOf(p *Peer) []*Group {
	s.mu.Lock()
	all := make([]*Group, 0, len(s.groups))
	for _, group := range s.groups {
		all = append(all, group)
	}
	s.mu.Unlock()
	return slices.DeleteFunc(all, func(g *Group) bool { return g.checkSender(p) != 0 })
}

// SetSubject renames the group in a member's name.
func (g *Group) SetSubject(by *Peer, subject string) {
	g.mu.Lock()
	g.subject = subject
	g.mu.Unlock()
	g.notify(by, waBinary.Node{Tag: "subject", Attrs: waBinary.Attrs{
		"subject": subject, "s_t": g.srv.opts.Now().Unix(), "s_o": g.addressOf(by),
	}})
}

// Add makes somebody a member.
func (g *Group) Add(by, member *Peer) {
	g.mu.Lock()
	g.members = append(g.members, member)
	g.mu.Unlock()
	g.notify(by, waBinary.Node{Tag: "add", Attrs: waBinary.Attrs{"prev_v_id": "1", "v_id": "2"}, Content: []waBinary.Node{
		{Tag: "participant", Attrs: waBinary.Attrs{"jid": g.addressOf(member)}},
	}})
}

// Remove takes a member out of the group, which then changes its sender keys.
func (g *Group) Remove(by, member *Peer) {
	g.notify(by, waBinary.Node{Tag: "remove", Attrs: waBinary.Attrs{"prev_v_id": "1", "v_id": "2"}, Content: []waBinary.Node{
		{Tag: "participant", Attrs: waBinary.Attrs{"jid": g.addressOf(member)}},
	}})
	g.mu.Lock()
	defer g.mu.Unlock()
	g.members = slices.DeleteFunc(g.members, func(p *Peer) bool { return p == member })
}

// notify tells the companions of all members about a change.
func (g *Group) notify(by *Peer, change waBinary.Node) {
	for _, member := range g.Members() {
		for _, device := range member.Companions() {
			device.push(waBinary.Node{
				Tag: "notification",
				Attrs: waBinary.Attrs{
					"type": "w:gp2", "from": g.jid, "participant": g.addressOf(by), "id": g.srv.stanzaID(),
					"t": g.srv.opts.Now().Unix(), "notify": by.Name(),
				},
				Content: []waBinary.Node{change},
			})
		}
	}
}
