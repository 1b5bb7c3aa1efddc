package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// StateDeleting is the state of a line that was deleted, until nothing is left of
// it.
const StateDeleting whatsapp.Code = "deleting"

// sentenceDeleting says so to people.
const sentenceDeleting = "Deleted. Its messages and chats are being removed in the background; nothing comes or goes any more."

// errDeleting refuses everything that is asked of a line that was deleted.
var errDeleting = fault.Conflict("the line was deleted and is being removed; make a new one for its phone")

// DeleteLine logs the line's device out and ends the line. What is kept of it is
// removed in the background, for there may be much; the line is in StateDeleting
// until then. While jobs wait it is a
// conflict, unless forced. The Chatwoot inbox and what is in it stay.
func (s *Service) DeleteLine(ctx context.Context, id lines.ID, force bool) error {
	line, err := s.current(ctx, id)
	if errors.Is(err, errDeleting) {
		return s.await(ctx, id) // it was asked before
	}
	if err != nil {
		return err
	}
	if !force {
		if err := s.nothingWaits(ctx, id); err != nil {
			return err
		}
	}
	if line.Active() {
		s.unlink(ctx, id, line)
	}
	if err := s.cfg.Store.SetDeleted(ctx, id, s.cfg.Clock()); err != nil {
		return err
	}
	if err := s.cfg.Lines.SyncNow(ctx); err != nil {
		return err
	}
	return s.await(ctx, id)
}

// goneWithin is how long a deletion waits until nothing is left: what is small is
// gone when it returns.
const goneWithin = 5 * time.Second

func (s *Service) await(ctx context.Context, id lines.ID) error {
	if err := s.cfg.Lines.WaitEnded(ctx, id); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, goneWithin)
	defer cancel()
	s.cfg.Removal.Await(ctx, id)
	return nil
}

// deleting gives the line of which something is left; false where there is none.
func (s *Service) deleting(ctx context.Context, id lines.ID) (lines.Deleted, bool, error) {
	all, err := s.allDeleting(ctx)
	i := slices.IndexFunc(all, func(d lines.Deleted) bool { return d.ID == id })
	if err != nil || i < 0 {
		return lines.Deleted{}, false, err
	}
	return all[i], true, nil
}

// allDeleting are the lines of which something is left.
func (s *Service) allDeleting(ctx context.Context) ([]lines.Deleted, error) {
	all, err := s.cfg.Store.Deleted(ctx, s.cfg.Clock())
	return slices.DeleteFunc(all, func(d lines.Deleted) bool { return d.Again }), err
}

// statusOf is what people see of a line that is being removed.
func statusOf(d lines.Deleted) LineStatus {
	return LineStatus{
		Line: lines.Line{
			ID: d.ID, Name: d.Name, ChatwootURL: d.ChatwootURL, Account: d.Account, Inbox: d.Inbox, Created: d.Created, Settings: lines.DefaultSettings(),
		},
		State: whatsapp.State{Code: StateDeleting, Sentence: sentenceDeleting},
	}
}

func (s *Service) nothingWaits(ctx context.Context, id lines.ID) error {
	queues, err := s.cfg.Journal.Stats(ctx)
	if err != nil {
		return err
	}
	if q := queues[string(id)]; q.Inbound+q.Outbound > 0 {
		return fault.Conflict(fmt.Sprintf("%d messages of this line are not delivered yet: wait until they are, or delete it with force=true", q.Inbound+q.Outbound))
	}
	return nil
}

// unlink removes the line's device from the phone, if that can be reached.
func (s *Service) unlink(ctx context.Context, id lines.ID, line Line) {
	ctx, cancel := context.WithTimeout(ctx, logoutTimeout)
	defer cancel()
	if err := line.Session().Logout(ctx); err != nil && !errors.Is(err, whatsapp.ErrNotConnected) {
		s.cfg.Log.Warn("the device of a deleted line stays linked on the phone until it is removed there", "line", string(id), "error", err)
	}
}
