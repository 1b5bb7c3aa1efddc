package bridge

import (
	"context"
	"slices"
	"time"

	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// pass is one comparison of Chatwoot's messages with the ledger, as it looks at
// conversations.
type pass struct {
	*runtime
	desk *chatwoot.Client
	// watermark is the message up to which nothing is sent.
	watermark chatwoot.MessageID
	// since is how far back messages are read, start one that is no newer: there
	// reading begins where more than a page is new.
	since time.Time
	start chatwoot.MessageID
	// settled is from when on a message may be too new for the watermark. The
	// conversations are read one after the other, so another one may hold an
	// older message that this pass has not seen.
	settled time.Time
}

// findStart looks the start up: Chatwoot is asked by ids, not by times.
func (p *pass) findStart(ctx context.Context) error {
	start, err := p.b.ids.WrittenBefore(ctx, string(p.line.ID), p.since)
	if err != nil {
		return err
	}
	p.start = chatwoot.MessageID(start)
	if p.start == 0 || p.start > p.watermark+1 {
		p.start = p.watermark + 1
	}
	return nil
}

// compare compares one conversation's messages, in order.
func (p *pass) compare(ctx context.Context, conversation chatwoot.EventConversation) (found findings, err error) {
	messages, err := p.messages(ctx, conversation.ID)
	if err != nil {
		return found, err
	}
	for _, m := range messages {
		around := chatwoot.Event{Account: p.line.Account, Inbox: p.line.Inbox, Conversation: conversation, Message: m}
		compare := p.compareAgents
		if sourceid.IsOurs(m.SourceID) && !m.Attributes.Deleted {
			compare = p.compareOwn
		}
		if err := compare(ctx, &found, around, p.watermark); err != nil {
			return found, err
		}
		if m.CreatedAt.Before(p.settled) {
			found.newest = max(found.newest, m.ID)
		}
	}
	return found, nil
}

// messages reads a conversation's messages back to the pass's start, in order:
// the last page, and what lies between the start and it.
func (p *pass) messages(ctx context.Context, conversation chatwoot.ConversationID) ([]chatwoot.Message, error) {
	last, err := p.list(ctx, conversation, 0, 0)
	if err != nil || len(last) < chatwoot.LastMessages || last[0].CreatedAt.Before(p.since) {
		return last, err
	}
	var before []chatwoot.Message
	for from := p.start; from < last[0].ID; {
		more, err := p.list(ctx, conversation, from, last[0].ID)
		if err != nil {
			return nil, err
		}
		before = append(before, more...)
		if len(more) < chatwoot.MostMessages {
			break
		}
		from = more[len(more)-1].ID + 1
	}
	return slices.Concat(before, last), nil
}

func (p *pass) list(ctx context.Context, conversation chatwoot.ConversationID, from, before chatwoot.MessageID) (listed []chatwoot.Message, err error) {
	err = chatwoot.RetryReadPastLimit(ctx, func() (err error) {
		listed, err = p.desk.Messages(ctx, conversation, from, before)
		return err
	})
	if chatwoot.IsNotFound(err) {
		return nil, nil // deleted meanwhile
	}
	return listed, err
}
