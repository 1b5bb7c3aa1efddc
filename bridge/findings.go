package bridge

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/compose"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// findings are what a pass over Chatwoot's messages has found. Nothing is done
// about any before all are known.
type findings struct {
	acts []act
	// newest is the newest message that was settled; see pass.
	newest chatwoot.MessageID
	// unknown counts the messages that bear the bridge's mark and are not its
	// own.
	unknown int
}

// act is what to do about one message.
type act struct {
	what string // for the metric
	do   func(context.Context) error
}

func (f *findings) add(what string, do func(context.Context) error) {
	f.acts = append(f.acts, act{what, do})
}

func join(all []findings) findings {
	var whole findings
	for _, f := range all {
		whole.acts = append(whole.acts, f.acts...)
		whole.newest = max(whole.newest, f.newest)
		whole.unknown += f.unknown
	}
	return whole
}

// settledAge is from when on a message of ours must be in the ledger.
const settledAge = 10 * time.Minute

// compareOwn looks at a message that bears the bridge's mark. One that neither
// the ledger nor the journal knows comes from another database: this one is from
// a backup, or a copy, or another bridge has used the inbox. What such a ledger
// does not know may well have been sent.
func (r *runtime) compareOwn(ctx context.Context, found *findings, e chatwoot.Event, watermark chatwoot.MessageID) error {
	m := e.Message
	id := sourceid.Link(m.SourceID)
	if m.ID > watermark && !strings.Contains(id, "#") && r.b.cfg.Clock().Sub(m.CreatedAt.Time) > settledAge {
		known, err := r.knows(ctx, e, id)
		if err != nil {
			return err
		}
		if !known {
			found.unknown++
		}
	}
	if m.Status == string(idmap.Failed) {
		found.add("own bubble", func(ctx context.Context) error { return r.showOwn(ctx, e) })
	}
	return nil
}

// knows reports whether a WhatsApp message is in the ledger, or still in the
// journal: it may have been posted without an answer, and waits or was given up.
func (r *runtime) knows(ctx context.Context, e chatwoot.Event, id string) (bool, error) {
	if _, err := r.b.ids.Linked(ctx, string(r.line.ID), id); !errors.Is(err, idmap.ErrUnknown) {
		return err == nil, err
	}
	chat, err := r.chatOf(ctx, e)
	if err != nil {
		return false, err
	}
	return r.b.journal.Holds(ctx, journal.LaneKey{Line: string(r.line.ID), Chat: chat, Dir: journal.In}, id)
}

// compareAgents looks at a message of an agent, a bot or Chatwoot itself.
func (r *runtime) compareAgents(ctx context.Context, found *findings, e chatwoot.Event, watermark chatwoot.MessageID) error {
	line, m := string(r.line.ID), e.Message
	if m.Private || m.Type != chatwoot.Outgoing && m.Type != chatwoot.Template {
		return nil
	}
	known, err := r.b.ids.AgentMessage(ctx, line, int64(m.ID))
	if err != nil {
		return err
	}
	raw, err := chatwoot.EncodeCreated(m, e)
	if err != nil {
		return err
	}
	take := func(what, kind, dedupe string, record recorder) {
		found.add(what, func(ctx context.Context) error { return r.commit(ctx, e, raw, kind, dedupe, record) })
	}
	red := m.Status == string(idmap.Failed)
	switch {
	case m.Attributes.Deleted:
		if known.State != idmap.AgentDeleted {
			take("deletion", jobDeleted, deletedKey(line, m.ID), r.recordDeleted(m.ID))
		}
	case !compose.Sendable(m):
	case known.State == idmap.AgentUnseen && m.ID > watermark && (red || m.Status == string(idmap.Sent)):
		take("message", jobCreated, createdKey(line, m.ID), nil)
	case known.State == idmap.AgentFailed && !red:
		take("retry", jobRetry, retryKey(line, m.ID, known), nil)
	case known.State == idmap.AgentSent && red:
		found.add("bubble", func(ctx context.Context) error { return r.showAgain(ctx, e) })
	}
	return nil
}

// showOwn takes the red from a message that the bridge itself has written: its
// webhook failed, which Chatwoot shows as if the message had.
func (r *runtime) showOwn(ctx context.Context, e chatwoot.Event) error {
	links, err := r.b.ids.LinksByMessage(ctx, string(r.line.ID), int64(e.Message.ID))
	if err != nil {
		return err
	}
	status := idmap.Sent
	if len(links) > 0 && links[0].Direction == idmap.FromOwnPhone && links[0].Status.Rank() > idmap.Sent.Rank() {
		status = links[0].Status
	}
	err = r.desk.WithPriority(chatwoot.Upkeep).SetStatus(ctx, e.Conversation.ID, e.Message.ID, string(status), "")
	if chatwoot.IsNotFound(err) {
		return nil
	}
	return err
}

// showAgain lets the chat's status lane put on a bubble what its message has
// reached: Chatwoot shows it as failed, because a webhook did not get through.
func (r *runtime) showAgain(ctx context.Context, e chatwoot.Event) error {
	m := e.Message
	links, err := r.b.ids.LinksByMessage(ctx, string(r.line.ID), int64(m.ID))
	if err != nil || len(links) == 0 {
		return err
	}
	raw, err := chatwoot.EncodeCreated(m, e)
	if err != nil {
		return err
	}
	_, err = r.b.journal.Append(ctx, journal.Entry{
		Lane:   journal.LaneKey{Line: string(r.line.ID), Chat: links[0].Chat, Dir: journal.Status},
		Dedupe: fmt.Sprintf("%s|show|%d|%s", r.line.ID, m.ID, lines.NewID()),
		Kind:   jobShow, Payload: raw, At: r.b.cfg.Clock(),
	})
	return err
}
