package bridge

import (
	"context"
	"errors"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// task is one job being worked on.
type task struct {
	*runtime
	*work.Job
	ctx context.Context
	// left are the ids of what WhatsApp has taken and the ledger does not know
	// yet as sent.
	left []string
}

// ID implements work.Line.
func (r *runtime) ID() string { return string(r.line.ID) }

// Ready implements work.Line.
func (r *runtime) Ready(queue journal.Direction) bool {
	return r.active && (queue != journal.Out || r.caughtUp.Load())
}

// Chatwoot implements work.Line.
func (r *runtime) Chatwoot() work.Chatwoot { return r }

// URL implements work.Chatwoot.
func (r *runtime) URL() string { return r.line.ChatwootURL }

// Away implements work.Chatwoot.
func (r *runtime) Away() bool { return r.b.gate(r.line.ChatwootURL).Away() }

// Probe implements work.Chatwoot.
func (r *runtime) Probe(ctx context.Context) error {
	_, err := r.desk.WithPriority(chatwoot.Upkeep).Inbox(ctx, r.line.Inbox)
	return err
}

// Changed implements work.Line.
func (r *runtime) Changed() { r.b.announce(r.line.ID) }

// Pause implements work.Line.
func (r *runtime) Pause(ctx context.Context, sentence string) error {
	if err := r.b.lines.SetPaused(ctx, r.line.ID, sentence); err != nil {
		return err
	}
	r.b.nudge()
	return nil
}

// Open implements work.Line.
func (r *runtime) Open(lease *journal.Lease) work.Lane {
	if lease.Lane().Dir != journal.Out {
		return work.InOrder{}
	}
	return &outLane{runtime: r, lease: lease, ids: messageIDs{}}
}

// Do implements work.Line.
func (r *runtime) Do(ctx context.Context, j *work.Job) error {
	t := &task{runtime: r, ctx: ctx, Job: j}
	switch j.Queue() {
	case journal.In:
		return t.inbound()
	case journal.Out:
		return t.outbound()
	case journal.Status:
		if j.Kind == jobShow {
			return t.showTruth()
		}
		return t.receipt()
	default:
		return t.upkeep()
	}
}

// GiveUp implements work.Line.
func (r *runtime) GiveUp(ctx context.Context, j *work.Job, cause error) error {
	t := &task{runtime: r, ctx: ctx, Job: j}
	switch j.Queue() {
	case journal.In:
		return t.showUnreadable()
	case journal.Out:
		// Recorded first, so that Retry is understood however fast it comes.
		if err := j.Record(ctx, t.recordFailed); err != nil {
			return err
		}
		return t.showFailed(cause)
	case journal.Upkeep:
		return t.showMissing()
	}
	return nil
}

// upkeep does what may come late: contacts, files, and an offer of history,
// which is taken for what the library learns from it.
func (t *task) upkeep() error {
	switch t.Kind {
	case jobContact:
		return t.updateContact()
	case jobMerge:
		return t.mergeContacts()
	case jobJoin:
		return t.joinChats()
	case jobParked:
		return errParked
	case jobFile:
		return t.lateFile()
	case string(content.EnvReceipt):
		return t.receipt()
	case string(content.EnvMediaRetry):
		return t.uploadedAgain()
	}
	if err := t.session.FinishHistory(t.ctx, t.Payload); err != nil {
		return err
	}
	return t.Done(t.ctx, nil)
}

var errGone = errors.New("the inbox was deleted in Chatwoot")

// inboxGone says that the line's inbox does not exist any more.
func inboxGone() error {
	return &work.PauseError{Sentence: "The inbox was deleted in Chatwoot. Delete this line and create a new one.", Err: errGone}
}
