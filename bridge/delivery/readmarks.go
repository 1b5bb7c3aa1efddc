package delivery

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/contacts"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
)

// maxUnread bounds how many messages one reply shows as read.
const maxUnread = 50

// MarkRead shows the customer that the desk has read: an agent replies. It is
// a courtesy, so a failure is no more than a line in the log.
func (s *Statuses) MarkRead(ctx context.Context, chat idmap.Chat, to string) {
	if !s.Inbox.Settings().ReadReceipts {
		return
	}
	unread, err := s.IDs.Unread(ctx, chat.ID, maxUnread)
	if err != nil || len(unread) == 0 {
		return
	}
	for sender, ids := range bySender(unread, to) {
		if err := s.Session.MarkRead(ctx, to, sender, ids, s.Clock()); err != nil {
			s.Log.Debug("read marks were not sent", "error", err)
			return
		}
	}
	err = s.DB.InTxRelaxed(ctx, func(ctx context.Context, tx *sql.Tx) error {
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

// MarkReadIfAnswered is for a message whose answer was faster than its record:
// the reply found nothing to show as read.
func (s *Statuses) MarkReadIfAnswered(ctx context.Context, chat idmap.Chat, message int64) {
	answered, err := s.IDs.Answered(ctx, s.Inbox.LineID(), chat.ID, message)
	if err != nil || !answered {
		return
	}
	if to := contacts.Target(chat); to != "" {
		s.MarkRead(ctx, chat, to)
	}
}
