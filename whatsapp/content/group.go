package content

import (
	"strconv"

	"go.mau.fi/whatsmeow/types"
)

// ChangeKind is what a change is.
type ChangeKind string

// The kinds of changes.
const (
	GroupJoined         ChangeKind = "group.joined"
	GroupAdded          ChangeKind = "group.added"
	GroupAddedHere      ChangeKind = "group.addedhere" // the line's own account, to a group with all that is in it
	GroupLeft           ChangeKind = "group.left"
	GroupRemoved        ChangeKind = "group.removed"
	GroupAdmin          ChangeKind = "group.admin"
	GroupNoAdmin        ChangeKind = "group.noadmin"
	GroupCreated        ChangeKind = "group.created"
	GroupEnded          ChangeKind = "group.ended"
	GroupSubject        ChangeKind = "group.subject"
	GroupDescription    ChangeKind = "group.description"
	GroupNoDescription  ChangeKind = "group.description.removed"
	GroupPicture        ChangeKind = "group.icon"
	GroupPictureRemoved ChangeKind = "group.icon.removed"
	GroupAdminsWrite    ChangeKind = "group.write.admins"
	GroupAllWrite       ChangeKind = "group.write.all"
	GroupAdminsEdit     ChangeKind = "group.edit.admins"
	GroupAllEdit        ChangeKind = "group.edit.all"
	GroupAdminsAdd      ChangeKind = "group.add.admins"
	GroupAllAdd         ChangeKind = "group.add.all"
	GroupApprovalOn     ChangeKind = "group.approval.on"
	GroupApprovalOff    ChangeKind = "group.approval.off"
	GroupLink           ChangeKind = "group.link"
	GroupTimerOn        ChangeKind = "timer.on"
	GroupTimerOff       ChangeKind = "timer.off"
	GroupRequested      ChangeKind = "group.requested"
	GroupNoRequest      ChangeKind = "group.requested.ended"
	GroupNumber         ChangeKind = "group.number"
	GroupLinked         ChangeKind = "group.linked"
	GroupUnlinked       ChangeKind = "group.unlinked"
	GroupSuspended      ChangeKind = "group.suspended"
	GroupUnsuspended    ChangeKind = "group.unsuspended"
	NumberChanged       ChangeKind = "number.changed"
	SecurityChanged     ChangeKind = "security.changed"
	BusinessBegun       ChangeKind = "business.begun"
	BusinessEnded       ChangeKind = "business.ended"
	BusinessProfile     ChangeKind = "business.profile"
)

// plainChanges are changes of a group that their tag tells all of.
var plainChanges = map[string]ChangeKind{
	"announcement": GroupAdminsWrite, "not_announcement": GroupAllWrite,
	"locked": GroupAdminsEdit, "unlocked": GroupAllEdit,
	"invite": GroupLink, "not_ephemeral": GroupTimerOff,
	"delete": GroupEnded, "suspended": GroupSuspended, "unsuspended": GroupUnsuspended,
}

// memberChanges are changes of who is in a group, and what they may do.
var memberChanges = map[string]ChangeKind{
	"add": GroupAdded, "remove": GroupRemoved, "promote": GroupAdmin, "demote": GroupNoAdmin,
	"created_membership_requests": GroupRequested, "revoked_membership_requests": GroupNoRequest,
}

// groupChange reads one change of a group; none where it tells agents nothing.
func (e event) groupChange(c stanza) []Change {
	if kind, ok := plainChanges[c.Tag]; ok {
		return []Change{{Kind: kind}}
	}
	if kind, ok := memberChanges[c.Tag]; ok {
		return e.memberChange(kind, c)
	}
	switch c.Tag {
	case "subject":
		return []Change{{Kind: GroupSubject, Text: lineOf(c.attr("subject"))}}
	case "description":
		body, _ := c.child("body")
		if text := lineOf(body.Text); text != "" {
			return []Change{{Kind: GroupDescription, Text: text}}
		}
		return []Change{{Kind: GroupNoDescription}}
	case "ephemeral":
		seconds, err := strconv.ParseInt(c.attr("expiration"), 10, 64)
		if err != nil || seconds <= 0 {
			return []Change{{Kind: GroupTimerOff}}
		}
		return []Change{{Kind: GroupTimerOn, Seconds: seconds}}
	case "member_add_mode":
		switch c.Text {
		case "all_member_add":
			return []Change{{Kind: GroupAllAdd}}
		case "admin_add":
			return []Change{{Kind: GroupAdminsAdd}}
		}
	case "membership_approval_mode":
		if join, ok := c.child("group_join"); ok && join.attr("state") == "off" {
			return []Change{{Kind: GroupApprovalOff}}
		}
		return []Change{{Kind: GroupApprovalOn}}
	case "modify":
		return e.memberNumbers(c)
	case "link", "unlink":
		kind := GroupLinked
		if c.Tag == "unlink" {
			kind = GroupUnlinked
		}
		other, _ := c.child("group")
		return []Change{{Kind: kind, Text: lineOf(other.attr("subject"))}}
	case "create":
		return e.created(c)
	}
	return nil
}

// memberChange is a change of members. Those who do it themselves join or leave.
func (e event) memberChange(kind ChangeKind, c stanza) []Change {
	by := e.person(e.Stanza.jid("participant"))
	change := Change{Kind: kind, More: c.Left}
	for _, member := range c.Children {
		jid := member.jid("jid")
		if jid.IsEmpty() {
			jid = member.jid("phone_number")
		}
		if !jid.IsEmpty() {
			change.People = append(change.People, e.person(jid))
		}
	}
	if len(change.People) == 0 {
		if kind != GroupRequested && kind != GroupNoRequest || by.Address.JID == "" {
			return nil
		}
		change.People = []Party{by}
	}
	itself := len(change.People) == 1 && by.Address.JID != "" && !change.People[0].Address.IsAnother(by.Address)
	switch {
	case kind == GroupAdded && (itself || by.Address.JID == "" || joins[c.attr("reason")]):
		change.Kind = GroupJoined
	case kind == GroupRemoved && (itself || by.Address.JID == ""):
		change.Kind = GroupLeft
	}
	return []Change{change}
}

// joins are the reasons that say that somebody came by themselves.
var joins = map[string]bool{"invite": true, "linked_group_join": true}

// memberNumbers tells of members who have another number than before.
func (e event) memberNumbers(c stanza) []Change {
	change := Change{Kind: GroupNumber, More: c.Left}
	for _, member := range c.Children {
		if jid := member.jid("jid"); !jid.IsEmpty() {
			change.People = append(change.People, e.person(jid))
		}
	}
	if len(change.People) == 0 {
		return nil
	}
	return []Change{change}
}

// created is a group that there is now, or that the line's account has come into.
func (e event) created(c stanza) []Change {
	group, ok := c.child("group")
	if !ok {
		return nil
	}
	subject := lineOf(group.attr("subject"))
	if c.attr("type") == "new" {
		return []Change{{Kind: GroupCreated, Text: subject}}
	}
	return []Change{{Kind: GroupAddedHere, Text: subject}}
}

// InGroup reports whether an address is a group's.
func (a Address) InGroup() bool { return server(a.JID) == types.GroupServer }
