package delivery

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/contacts"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// maxUnread bounds how many messages one reply shows as read.
const maxUnread = 50

// MarkAnswered shows the customer that the desk has read: somebody has answered, be it a
// bot. Where an open conversation counts, a bot has opened none.
func (s *Statuses) MarkAnswered(ctx context.Context, chat idmap.Chat, to string, m chatwoot.Message) {
	if s.Inbox.Settings().BlueTicks == lines.BlueOnOpen && m.Author.Type != "user" {
		return
	}
	s.MarkRead(ctx, chat, to)
}

// MarkRead shows the customer that the desk has read all that there is. It is a courtesy,
// so a failure is no more than a line in the log.
func (s *Statuses) MarkRead(ctx context.Context, chat idmap.Chat, to string) {
	if s.Inbox.Settings().BlueTicks == lines.BlueNever {
		return
	}
	unread, err := s.IDs.Unread(ctx, chat.ID, maxUnread)
	if err == nil {
		s.markRead(ctx, to, unread)
	}
}

func (s *Statuses) markRead(ctx context.Context, to string, unread []idmap.Link) {
	if len(unread) == 0 {
		return
	}
	for sender, ids := range bySender(unread, to) {
		if err := s.Session.MarkRead(ctx, to, sender, ids, s.Clock()); err != nil {
			s.Log.Debug("read marks were not sent", "error", err)
			return
		}
	}
	err := s.DB.InTxRelaxed(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return s.IDs.MarkRead(ctx, tx, s.Inbox.LineID(), unread)
	})
	if err != nil {
		s.Log.Debug("read marks were not recorded", "error", err)
	}
}

// bySender groups the WhatsApp ids of a group's messages by who wrote them; in
// any other chat there is only the counterpart. What is derived from a message
// stands for the message.
func bySender(links []idmap.Link, chat string) map[string][]string {
	ids := map[string][]string{}
	for _, l := range links {
		sender := chat
		if strings.HasSuffix(chat, "@g.us") {
			sender = l.Sender
		}
		if id := sourceid.Message(l.WA); sourceid.IsMessage(id) && !slices.Contains(ids[sender], id) {
			ids[sender] = append(ids[sender], id)
		}
	}
	return ids
}

// NoteArrival is for a customer's message that is in Chatwoot now: it is shown as read
// where that is enough, or where its answer was faster than its record, so that the reply
// found nothing to show as read.
func (s *Statuses) NoteArrival(ctx context.Context, chat idmap.Chat, message int64) {
	show := false
	switch s.Inbox.Settings().BlueTicks {
	case lines.BlueOnArrival:
		show = true
	case lines.BlueOnOpen:
		s.unopened.note(chat, s.Clock())
	case lines.BlueOnReply:
		answered, err := s.IDs.Answered(ctx, s.Inbox.LineID(), chat.ID, message)
		show = err == nil && answered
	}
	if to := contacts.Target(chat); show && to != "" {
		s.MarkRead(ctx, chat, to)
	}
}
