package inbound

import (
	"context"
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/bridge/intake"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/render"
	"github.com/wootbridge/wootbridge/bridge/sourceid"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// A call comes in steps, of which some may be missing, and in any order. Each step is a
// job of the chat's lane, so that the journal says which ones came. The first that ends
// the call without an answer shows it; where nothing ends it, the time does.

const (
	// ringTime is how long a call rings at most: after that it is no longer refused.
	ringTime = time.Minute
	// ringTold is how long after a call became known it may still be told what became of
	// it: what waited comes in its order.
	ringTold = 10 * time.Second
)

// ringWaits is for how long a call may still ring.
func (h *Handler) ringWaits(_ context.Context, _ string, job journal.Job) time.Duration {
	now := h.Clock()
	if job.RecordedAt.After(now) {
		return 0 // the clock was set back
	}
	return max(job.OccurredAt.Add(ringTime).Sub(now), job.RecordedAt.Add(ringTold).Sub(now))
}

// handleCall does what a step of a call is for.
func (h *Handler) handleCall(ctx context.Context, j *work.Job, m content.Message, call content.Call) error {
	shown, err := h.isKnown(ctx, j, m)
	if err != nil {
		return err
	}
	timeIsUp := j.Kind == journal.KindRinging
	switch {
	case shown || call.Step == content.CallAnswered:
		return j.Done(ctx, nil)
	case call.Step == content.CallRings && !timeIsUp:
		return h.rings(ctx, j, m, call)
	}
	if _, answered, err := h.stepOf(ctx, j, call, content.CallAnswered); err != nil || answered {
		return h.endUnlessFailed(ctx, j, err)
	}
	if !timeIsUp {
		begun, known, err := h.stepOf(ctx, j, call, content.CallRings)
		if err != nil {
			return err
		}
		if known {
			call = begun
		}
	}
	call.Step = content.CallEnded
	m.Content = call
	return h.showCall(ctx, j, m)
}

func (h *Handler) endUnlessFailed(ctx context.Context, j *work.Job, err error) error {
	if err != nil {
		return err
	}
	return j.Done(ctx, nil)
}

// stepOf looks whether another step of a call has come.
func (h *Handler) stepOf(ctx context.Context, j *work.Job, call content.Call, step content.CallStep) (content.Call, bool, error) {
	payload, known, err := h.Journal.Payload(ctx, intake.MessageKey(h.Inbox.LineID(), j.Chat(), content.CallKey(call.ID, step)))
	if err != nil || !known {
		return content.Call{}, false, err
	}
	m, err := content.Decode(payload)
	found, ok := m.Content.(content.Call)
	return found, err == nil && ok, nil
}

// showCall posts a call that nobody answered, unless nobody is to read of it.
func (h *Handler) showCall(ctx context.Context, j *work.Job, m content.Message) error {
	rc, err := h.naming(ctx, j, m)
	if err != nil {
		return err
	}
	posts := render.Message(m, rc)
	if len(posts) == 0 || h.Inbox.Settings().Calls == lines.CallsOff {
		return j.Done(ctx, nil)
	}
	late, err := h.delayOf(ctx, j, m)
	if err != nil {
		return err
	}
	return h.deliver(ctx, j, m, posts, late)
}

// rings refuses a call that has just begun, where the line refuses calls. It is shown
// at once, and the caller is written what the line has for that.
func (h *Handler) rings(ctx context.Context, j *work.Job, m content.Message, call content.Call) error {
	settings := h.Inbox.Settings()
	young := h.Clock().Sub(j.OccurredAt) < ringTime
	if !settings.RejectCalls || !young && !j.Ambiguous {
		return j.Done(ctx, nil)
	}
	if young {
		err := h.Session.RejectCall(ctx, call.From, call.ID)
		switch {
		case errors.Is(err, whatsapp.ErrNotConnected) && !j.Ambiguous:
			return j.Done(ctx, nil) // it goes on ringing: its end is shown
		case err != nil:
			h.Log.Warn("a call cannot be refused", "error", err)
			if !j.Ambiguous {
				return j.Done(ctx, nil)
			}
		}
	}
	call.Refused, call.Step = true, content.CallEnded
	m.Content = call
	if settings.RejectCallsText == "" || m.Group || call.Group {
		return h.showCall(ctx, j, m)
	}
	if settings.Calls != lines.CallsOff {
		for _, p := range render.Message(m, h.Inbox.Rendering()) {
			if _, _, err := h.post(ctx, j, m, p, nil, true); err != nil {
				return err
			}
		}
		j.Ambiguous = true // deliver finds them
	}
	// An outgoing message that is none of the bridge's own goes to the caller as an
	// agent's does: in its order, and once.
	reply := render.Post{SourceID: sourceid.CallReply(m.ID), Form: render.Reply, Content: settings.RejectCallsText}
	if _, _, err := h.post(ctx, j, m, reply, nil, true); err != nil {
		return err
	}
	return h.showCall(ctx, j, m)
}
