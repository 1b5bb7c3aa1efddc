package listen

import (
	"context"
	"slices"
	"time"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// sentenceAssigned says what listening as somebody who is a member of the inbox
// brings about: Chatwoot shows that user online.
const sentenceAssigned = "The token's owner is a member of the inbox, which assigns conversations by itself: Chatwoot shows the owner online while the bridge listens, and may assign conversations to that user. Use an administrator of its own for the bridge, who is no member of the inbox, or set the owner's availability to busy."

// noticeEvery is how often the set-up is looked at.
const noticeEvery = time.Hour

// Notice is what people should know of the line's set-up, or "".
func (k *Keeper) Notice() string {
	if known := k.notice.Load(); known != nil {
		return *known
	}
	return ""
}

// lookAtSetUp finds out what people should know. A token that may not ask tells
// nothing.
func (k *Keeper) lookAtSetUp(ctx context.Context) {
	now := k.cfg.Clock()
	known, read := k.cfg.Inbox.Known()
	if !read || !k.connected.Load() || !k.looked.IsZero() && now.Sub(k.looked) < noticeEvery {
		return
	}
	k.looked = now
	assigned, err := k.assigned(ctx, known)
	if err != nil {
		return
	}
	sentence := ""
	if assigned {
		sentence = sentenceAssigned
	}
	k.notice.Store(&sentence)
}

func (k *Keeper) assigned(ctx context.Context, known chatwoot.Inbox) (bool, error) {
	if !known.AutoAssign {
		return false, nil
	}
	client := k.cfg.Inbox.At(chatwoot.Background)
	profile, err := client.Profile(ctx)
	if err != nil {
		return false, err
	}
	if in, _ := profile.In(k.cfg.Inbox.Line().Account); in.Availability == "busy" || in.Availability == "offline" {
		return false, nil
	}
	members, err := client.InboxMembers(ctx, known.ID)
	return slices.Contains(members, profile.ID), err
}
