package content

import (
	"slices"
	"strings"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// Marks are what surrounds a content, whatever its kind.
type Marks struct {
	Forwarded Forwarding
	// Status says that it was published for all, and written to nobody.
	Status bool
	// Channel is the name of the channel that it was forwarded from, or "".
	Channel string
	// Mentions are whom its text names.
	Mentions []Mention
	// Ad is the ad that the sender came from, or nil.
	Ad *Ad
	// Album is the id of the message that announces the album to which a file belongs.
	Album string
	// CopyOf is the id of the message of which this one is the same file in another
	// quality.
	CopyOf string
}

// Forwarding is how often something was forwarded.
type Forwarding int

// How often it was.
const (
	NotForwarded Forwarding = iota
	ForwardedOnce
	ForwardedOften
)

// oftenScore is from which score on WhatsApp's apps say "many times".
const oftenScore = 5

// Mention is somebody, or a group, that a text names by "@" and the name of the address.
type Mention struct {
	JID  string // without a device
	Name string // of a group; people have theirs elsewhere
}

// mostMentions is how many mentions are taken over: a group has at most 1,024 members.
const mostMentions = 2048

// marksOf reads a context, and the association that stands beside the content.
func marksOf(c *waE2E.ContextInfo, with *waE2E.MessageAssociation) Marks {
	m := Marks{Mentions: mentionsOf(c), Ad: adOf(c)}
	switch score := c.GetForwardingScore(); {
	case score >= oftenScore:
		m.Forwarded = ForwardedOften
	case score > 0, c.GetIsForwarded(), c.GetForwardedNewsletterMessageInfo() != nil:
		m.Forwarded = ForwardedOnce
	}
	m.Channel = PersonName(c.GetForwardedNewsletterMessageInfo().GetNewsletterName())
	parent := with.GetParentMessageKey().GetID()
	switch with.GetAssociationType() {
	case waE2E.MessageAssociation_MEDIA_ALBUM:
		m.Album = parent
	case waE2E.MessageAssociation_HD_IMAGE_DUAL_UPLOAD, waE2E.MessageAssociation_HD_VIDEO_DUAL_UPLOAD, waE2E.MessageAssociation_HEVC_VIDEO_DUAL_UPLOAD:
		m.CopyOf = parent
	}
	return m
}

func mentionsOf(c *waE2E.ContextInfo) []Mention {
	var found []Mention
	for _, group := range c.GetGroupMentions() {
		found = append(found, Mention{JID: withoutDevice(group.GetGroupJID()), Name: PersonName(group.GetGroupSubject())})
	}
	for _, jid := range c.GetMentionedJID() {
		found = append(found, Mention{JID: withoutDevice(jid)})
	}
	found = slices.DeleteFunc(found, func(m Mention) bool { return !namesSomebody(m.JID) })
	return found[:min(mostMentions, len(found))]
}

// namesSomebody reports whether a JID has a name that can stand behind an "@".
func namesSomebody(jid string) bool {
	user, server, ok := strings.Cut(jid, "@")
	return ok && user != "" && server != "" && strings.IndexFunc(user, func(r rune) bool { return r != '-' && (r < '0' || r > '9') }) < 0
}

// withoutFilm leaves the film out that belongs to a photo: it is no message of its own.
func withoutFilm(c Content, context *waE2E.ContextInfo, with *waE2E.MessageAssociation) Content {
	film := with.GetAssociationType() == waE2E.MessageAssociation_MOTION_PHOTO || context.GetPairedMediaType() == waE2E.ContextInfo_MOTION_PHOTO_CHILD
	if m, ok := c.(Media); ok && film && m.Kind != Image {
		return Nothing{}
	}
	return c
}

// associationOf is how a message belongs to another one. It stands outside the wrapper
// of the content, but may be inside the one of what comes from the own phone.
func associationOf(m *waE2E.Message, depth int) *waE2E.MessageAssociation {
	if m == nil || depth > maxWrappers {
		return nil
	}
	if with := m.GetMessageContextInfo().GetMessageAssociation(); with != nil {
		return with
	}
	for _, f := range fields {
		if f.inner == nil {
			continue
		}
		if inner := f.inner(m); inner != nil {
			return associationOf(inner, depth+1)
		}
	}
	return nil
}
