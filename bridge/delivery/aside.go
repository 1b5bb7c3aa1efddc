package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/foreign"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

const (
	// receiptPatience is how long a receipt waits for its message. What has no
	// bubble gets receipts too: a deletion, an edit, what was typed on the phone
	// before it was linked.
	receiptPatience = time.Minute
	// A waiting receipt looks for its message soon at first, for most messages
	// that will be recorded are recorded in a moment, and ever more rarely.
	firstLook = 250 * time.Millisecond
	lastLook  = 5 * time.Second
)

// putAside moves a receipt whose message is not known out of the way of the
// others: most such messages never will be. Receipts need no order. Those that say
// the same, of all members of a group, wait as one.
func (s *Statuses) putAside(ctx context.Context, j *work.Job, r content.Receipt) error {
	lane := j.Lease.Lane()
	lane.Queue = journal.Maintenance
	member := ""
	if s.countsMembers(r) {
		member = "|" + foreign.Hashed(memberKey(*r.Member)) // each counts
	}
	entry := journal.Entry{
		Lane: lane, Kind: journal.KindReceipt, Payload: j.Payload, OccurredAt: j.OccurredAt,
		Dedupe: fmt.Sprintf("%s|receipt|%s|%s|%s|%d", lane.Line, lane.Chat, r.Kind, strings.Join(r.IDs, ","), s.Clock().Unix()/int64(receiptPatience/time.Second)) + member,
	}
	if err := j.Done(ctx, s.append(entry)); err != nil {
		return err
	}
	s.Journal.Wake(journal.Maintenance, 0)
	return nil
}

// upkeep is a maintenance lane while it is drained.
type upkeep struct {
	s     *Statuses
	chat  string
	epoch int64
}

// OpenUpkeep begins a drain of a maintenance lane, in which receipts and other kinds
// wait aside for what they need without failing.
func (s *Statuses) OpenUpkeep(lease *journal.Lease) work.Lane {
	return upkeep{s: s, chat: lease.Lane().Chat, epoch: lease.Epoch()}
}

// Next implements work.Lane. Whatever does not wait aside is done in its order, before
// all that does: the head of a lane that was not released cleanly is still its
// first. Of what waits the first is done whose time has come: a call that has rung long
// enough, a receipt whose message is known by now, or that has waited long enough.
func (l upkeep) Next(ctx context.Context, jobs []journal.Job) work.Turn {
	for _, job := range jobs {
		if job.Kind != journal.KindReceipt && l.s.Aside[job.Kind] == nil {
			return work.Turn{Job: job}
		}
	}
	var rest time.Duration
	for _, job := range jobs {
		waits := l.receiptWaits(ctx, job)
		if aside := l.s.Aside[job.Kind]; aside != nil {
			waits = aside(ctx, l.chat, job)
		}
		if waits <= 0 {
			return work.Turn{Job: job}
		}
		if rest == 0 || waits < rest {
			rest = waits
		}
	}
	return work.Turn{Job: jobs[0], Wait: rest}
}

// receiptWaits is for how long a receipt waits still.
func (l upkeep) receiptWaits(ctx context.Context, job journal.Job) time.Duration {
	age := l.s.Clock().Sub(job.RecordedAt)
	switch {
	case job.Kind != journal.KindReceipt:
		return 0
	case age >= receiptPatience || l.recorded(ctx, job):
		return 0
	case age < 0: // the clock was set back
		return lastLook
	default:
		return min(lastLook, max(age/2, firstLook))
	}
}

// recorded reports whether all messages of a receipt are recorded. What cannot
// be found out says so in its own turn.
func (l upkeep) recorded(ctx context.Context, job journal.Job) bool {
	r, err := content.DecodeReceipt(job.Payload)
	if err != nil {
		return true
	}
	for _, id := range r.IDs {
		if _, err := l.s.IDs.LinkByWA(ctx, l.s.Inbox.LineID(), id, l.epoch); errors.Is(err, idmap.ErrUnknown) {
			return false
		}
	}
	return true
}
