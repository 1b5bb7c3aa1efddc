package bridge

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
)

// maxUnread bounds how many messages one reply shows as read.
const maxUnread = 50

// markRead shows the customer that the desk has read: an agent replies. It is
// a courtesy, so a failure is no more than a line in the log.
func (t *task) markRead(chat idmap.Chat, to string) {
	if !t.settings().ReadReceipts {
		return
	}
	unread, err := t.b.ids.Unread(t.ctx, chat.ID, maxUnread)
	if err != nil || len(unread) == 0 {
		return
	}
	for sender, ids := range bySender(unread, to) {
		if err := t.session.MarkRead(t.ctx, to, sender, ids, t.b.cfg.Clock()); err != nil {
			t.log.Debug("read marks were not sent", "error", err)
			return
		}
	}
	err = t.b.db.InTxRelaxed(t.ctx, func(ctx context.Context, tx *sql.Tx) error {
		return t.b.ids.MarkRead(ctx, tx, string(t.line.ID), unread)
	})
	if err != nil {
		t.log.Debug("read marks were not recorded", "error", err)
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
		if id := sourceid.Message(l.WA); !slices.Contains(ids[sender], id) {
			ids[sender] = append(ids[sender], id)
		}
	}
	return ids
}

// markReadIfAnswered is for a message whose answer was faster than its record:
// the reply found nothing to show as read.
func (t *task) markReadIfAnswered(chat idmap.Chat, message int64) {
	answered, err := t.b.ids.Answered(t.ctx, string(t.line.ID), chat.ID, message)
	if err != nil || !answered {
		return
	}
	if to := target(chat.Aliases); to != "" {
		t.markRead(chat, to)
	}
}
