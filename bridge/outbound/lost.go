package outbound

import (
	"context"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/intake"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// restoresOf is after how many restores of Chatwoot a job's message got its id. lost says
// that Chatwoot has lost the message since, and may have given its id to another: it is
// sent all the same, for it was written, and the ledger has it under the id below zero.
func (h *Handler) restoresOf(ctx context.Context, j *work.Job, e chatwoot.Event, known idmap.Restores) (restores int64, lost bool, err error) {
	now := known.Of(int64(e.Message.ID))
	if now == 0 {
		return 0, false, nil
	}
	key, err := h.Journal.Key(ctx, j.ID)
	if err != nil {
		return 0, false, err
	}
	restores = intake.RestoresOf(key)
	return restores, restores < now, nil
}

// messageID is the WhatsApp id of a part of a message, lost or not.
func messageID(line, action string, message chatwoot.MessageID, part int, restores int64) string {
	return content.MessageID(line, action, int64(max(message, -message)), part, restores)
}
