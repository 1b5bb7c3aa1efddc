package delivery

import (
	"context"
	"database/sql"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/foreign"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// countsMembers reports whether a receipt is one of many that a message needs.
func (s *Statuses) countsMembers(r content.Receipt) bool {
	return r.Member != nil && s.Inbox.Settings().GroupTicks == lines.GroupTicksAll
}

// noteMembers records what one member of a group has of some messages, and gives how far
// each has come with all of them; a message with which somebody still has to be waited for
// has no entry.
func (s *Statuses) noteMembers(ctx context.Context, j *work.Job, r content.Receipt, links []idmap.Link) (map[string]idmap.Status, error) {
	err := j.Record(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, l := range links {
			if err := s.IDs.NoteMember(ctx, tx, l.Line, l.WA, memberKey(*r.Member), r.Kind == content.ReceiptRead); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	reached := map[string]idmap.Status{}
	for _, l := range links {
		known, err := s.IDs.In(s.DB).Reached(ctx, l.Line, l.WA)
		if err != nil {
			return nil, err
		}
		if status := s.reachedBy(ctx, r.Chat.JID, known); status != "" {
			reached[l.WA] = status
		}
	}
	return reached, nil
}

// memberKey is by what a member is counted, whichever address a receipt came from.
func memberKey(a content.Address) string {
	if strings.HasSuffix(a.Alt, "@lid") {
		return a.Alt
	}
	return a.JID
}

// reachedBy is how far a message has come with all of a group, "" if there is somebody who
// has not got it. All are those who were there when it was sent, or who are there still.
func (s *Statuses) reachedBy(ctx context.Context, group string, known idmap.Reached) idmap.Status {
	reads := 0
	for _, read := range known.Read {
		if read {
			reads++
		}
	}
	all := known.Members > 0 && len(known.Read) >= known.Members
	if all && reads >= known.Members {
		return idmap.Read
	}
	gotten, read := s.stillThere(ctx, group, known)
	switch {
	case read:
		return idmap.Read
	case gotten, all:
		return idmap.Delivered
	}
	return ""
}

// stillThere reports whether all who are in a group now have got a message, and whether
// they have read it. Where WhatsApp does not say who they are, neither is known.
func (s *Statuses) stillThere(ctx context.Context, group string, known idmap.Reached) (gotten, read bool) {
	now, err := s.Session.Group(ctx, group, false)
	if err != nil || len(now.Members) == 0 {
		return false, false
	}
	read = true
	for _, m := range now.Members {
		was, has := known.Read[foreign.Key(memberKey(content.Address{JID: m.JID, Alt: m.Alt}))]
		if other, alt := known.Read[foreign.Key(m.JID)]; alt && !has {
			was, has = other, true
		}
		if !has {
			return false, false
		}
		read = read && was
	}
	return true, read
}
