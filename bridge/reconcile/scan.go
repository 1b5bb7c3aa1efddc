package reconcile

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// scan is one comparison of Chatwoot's messages with the ledger, as it looks at
// conversations.
type scan struct {
	r      *Reconciler
	client *chatwoot.Client
	pace   *Pace
	// watermark is the message up to which nothing is sent.
	watermark chatwoot.MessageID
	// since is how far back messages are read, start one that is no newer: there
	// reading begins where more than a page is new.
	since time.Time
	start chatwoot.MessageID
	// cutoff is from when on a message may be too new for the watermark. The
	// conversations are read one after the other, so another one may hold an
	// older message that this scan has not seen.
	cutoff time.Time
	// once says that a question is not repeated that fails: it has failed before.
	once bool
}

// findStart looks the start up: Chatwoot is asked by ids, not by times.
func (s *scan) findStart(ctx context.Context) error {
	start, err := s.r.IDs.WrittenBefore(ctx, s.r.Inbox.LineID(), s.since)
	if err != nil {
		return err
	}
	s.start = chatwoot.MessageID(start)
	if s.start == 0 || s.start > s.watermark+1 {
		s.start = s.watermark + 1
	}
	return nil
}

// compare compares one conversation's messages, in order.
func (s *scan) compare(ctx context.Context, conversation chatwoot.EventConversation) (diff Diff, err error) {
	messages, err := s.messages(ctx, conversation.ID)
	if err != nil {
		return diff, err
	}
	for _, m := range messages {
		line := s.r.Inbox.Line()
		around := chatwoot.Event{Account: line.Account, Inbox: line.Inbox, Conversation: conversation, Message: m}
		if m.Attributes.ExternalError != "" && m.Status == string(idmap.Failed) {
			s.r.noteRed(conversation.ID, m)
		}
		check := s.r.checkAgentMessage
		if sourceid.IsOurs(m.SourceID) && !m.Attributes.Deleted {
			check = s.r.checkBridgeMessage
		}
		if err := check(ctx, &diff, around, s.watermark); err != nil {
			return diff, err
		}
		if m.CreatedAt.Before(s.cutoff) {
			diff.newest = max(diff.newest, m.ID)
		}
		diff.last = m
	}
	return diff, nil
}

// messages reads a conversation's messages back to the scan's start, in order:
// the last page, and what lies between the start and it.
func (s *scan) messages(ctx context.Context, conversation chatwoot.ConversationID) ([]chatwoot.Message, error) {
	last, err := s.list(ctx, conversation, 0, 0)
	if err != nil || len(last) < chatwoot.LastMessages || last[0].CreatedAt.Before(s.since) {
		return last, err
	}
	var before []chatwoot.Message
	for from := s.start; from < last[0].ID; {
		more, err := s.list(ctx, conversation, from, last[0].ID)
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

func (s *scan) list(ctx context.Context, conversation chatwoot.ConversationID, from, before chatwoot.MessageID) (listed []chatwoot.Message, err error) {
	err = s.ask(ctx, func() (err error) {
		listed, err = s.client.Messages(ctx, conversation, from, before)
		return err
	})
	if chatwoot.IsNotFound(err) {
		return nil, nil // deleted meanwhile
	}
	return listed, err
}

// ask asks Chatwoot something at the lines' common pace. A question that fails is
// repeated, except one for which Chatwoot has taken all the time there is: it
// would take it again, and what else is to be read waits meanwhile.
func (s *scan) ask(ctx context.Context, read func() error) error {
	var final error
	err := chatwoot.RetryReadPastLimit(ctx, func() error {
		if err := s.pace.Wait(ctx, 1); err != nil {
			return err
		}
		err := read()
		var unavailable *chatwoot.UnavailableError
		if errors.As(err, &unavailable) && (s.once || errors.Is(err, context.DeadlineExceeded)) {
			final = err
			return nil
		}
		return err
	})
	if final != nil {
		return final
	}
	return err
}
