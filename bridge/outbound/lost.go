package outbound

import (
	"context"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/intake"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// identify gives the ledger's entry of a job's message. One that Chatwoot has lost is
// known under its id below zero, which it has from then on.
func (h *Handler) identify(ctx context.Context, j *work.Job, e chatwoot.Event) (_ chatwoot.Event, ledger idmap.AgentMessage, restores int64, err error) {
	line := h.Inbox.LineID()
	if ledger, err = h.IDs.AgentMessage(ctx, line, int64(e.Message.ID)); err != nil || ledger.Restores.Times == 0 {
		return e, ledger, 0, err
	}
	known := ledger.Restores
	if j.Kind == journal.KindCreated {
		// One of before may have been on its way while its id was given again.
		if known, err = h.Intake.Meet(ctx, e.Message); err != nil {
			return e, ledger, 0, err
		}
	}
	restores, lost, err := h.restoresOf(ctx, j, e, known)
	if err != nil {
		return e, ledger, 0, err
	}
	if lost {
		e.Message.ID = -e.Message.ID
	}
	ledger, err = h.IDs.AgentMessage(ctx, line, int64(e.Message.ID))
	return e, ledger, restores, err
}

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
