package outbound

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/wootbridge/wootbridge/bridge/contacts"
	"github.com/wootbridge/wootbridge/bridge/delivery"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/bridge/intake"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/media"
	"github.com/wootbridge/wootbridge/bridge/media/convert"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// Handler sends what agents write to WhatsApp.
type Handler struct {
	Inbox    *inbox.Inbox
	Contacts *contacts.Directory
	Delivery *delivery.Statuses
	Intake   *intake.Intake
	Arrivals *intake.Arrivals
	IDs      *idmap.Map
	Journal  *journal.Journal
	Session  Session
	Spool    *media.Spool
	Convert  *convert.Converter
	// Previews may be nil: then no link is looked at.
	Previews Previews
	// Uploads is shared by the process's lines.
	Uploads *Uploads
	Clock   func() time.Time
	Log     *slog.Logger
	// Overtaken counts messages that left after a later one of their chat,
	// LateEvents those for which Chatwoot was asked for earlier ones; Delay is
	// told how long each message took from its commit, in seconds.
	Overtaken, LateEvents Counter
	Delay                 Observer

	// wakes counts how often waiting lanes were woken: see waitForPhone.
	wakes atomic.Int64
	looks looks
}

// Session is what the way out needs of WhatsApp.
type Session interface {
	// Send sends a message under its own id; a repeat arrives once.
	Send(ctx context.Context, o content.Outgoing) error
	// Account is whom a number leads to, under both addresses.
	Account(ctx context.Context, jid string) (content.Address, error)
	// Group is what WhatsApp says of a group, with its members' names if they are asked for.
	Group(ctx context.Context, jid string, names bool) (content.Group, error)
	State() whatsapp.State
}

// Counter counts.
type Counter interface{ Inc() }

// Observer takes a measurement.
type Observer interface{ Observe(value float64) }

// Handle does a job of an out lane.
func (h *Handler) Handle(ctx context.Context, j *work.Job) error {
	e, err := chatwoot.ParseEvent(j.Payload)
	if err != nil {
		return &work.BrokenPayloadError{Err: err}
	}
	e, ledger, restores, err := h.identify(ctx, j, e)
	if err != nil {
		return err
	}
	switch {
	case j.Kind == journal.KindDeleted:
		return h.revoke(ctx, j, e, restores)
	case ledger.State == idmap.AgentDeleted:
		return j.Done(ctx, nil)
	case ledger.State == idmap.AgentSent:
		return h.finish(ctx, j, e, &sending{})
	case j.Kind == journal.KindRetry:
		return h.retryMessage(ctx, j, e, restores)
	default:
		return h.send(ctx, j, e, restores)
	}
}
