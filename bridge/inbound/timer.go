package inbound

import (
	"context"
	"database/sql"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// noteTimer remembers after how long messages of the chat disappear: agents' replies are
// sent so too.
func (h *Handler) noteTimer(ctx context.Context, j *work.Job, m content.Message) error {
	if m.Timer == nil {
		return nil
	}
	chat, err := h.IDs.Chat(ctx, h.Inbox.LineID(), j.Chat(), j.Epoch)
	if err != nil {
		return idmap.IgnoreUnknown(err)
	}
	seconds := int64(m.Timer.Seconds)
	set := m.At.Unix() // WhatsApp's; what a sender says may be anything
	if told := m.Timer.Set; !told.IsZero() {
		set = min(set, told.Unix())
	} else if seconds == chat.Timer && chat.TimerSet != 0 {
		return nil
	}
	if set < chat.TimerSet || seconds == chat.Timer && set == chat.TimerSet {
		return nil
	}
	return j.Record(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return h.IDs.SetTimer(ctx, tx, h.Inbox.LineID(), chat.ID, seconds, set)
	})
}
