package bridge

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wootbridge/wootbridge/bridge/contacts"
	"github.com/wootbridge/wootbridge/bridge/delivery"
	"github.com/wootbridge/wootbridge/bridge/inbound"
	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/bridge/intake"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/listen"
	"github.com/wootbridge/wootbridge/bridge/outbound"
	"github.com/wootbridge/wootbridge/bridge/pictures"
	"github.com/wootbridge/wootbridge/bridge/presence"
	"github.com/wootbridge/wootbridge/bridge/reconcile"
	"github.com/wootbridge/wootbridge/bridge/supervisor"
	"github.com/wootbridge/wootbridge/internal/wait"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// lineRuntime is a line in this process: its parts, and its WhatsApp session,
// whose Sink it is. One whose line is paused, or run by another process, is not
// active: it takes webhooks and has no connection.
type lineRuntime struct {
	b          *Bridge
	log        *slog.Logger
	inbox      *inbox.Inbox
	session    *whatsapp.Session
	contacts   *contacts.Directory
	delivery   *delivery.Statuses
	typing     *presence.Typing
	pictures   *pictures.Worker
	arrivals   *intake.Arrivals
	intake     *intake.Intake
	inbound    *inbound.Handler
	outbound   *outbound.Handler
	reconciler *reconcile.Reconciler
	ways       *listen.Ways
	keeper     *listen.Keeper

	active      bool
	onProbation bool
	ctx         context.Context // of an active one, until Stop
	cancel      context.CancelFunc
	stop        sync.Once
	device      sync.Mutex     // held while the linked device is written
	writes      sync.WaitGroup // of the linked device
	survived    atomic.Bool    // the connect
	patience    *time.Timer    // ends the probation of a line that cannot connect
	places
	noted atomic.Int64 // when a webhook of a line that is not active was last recorded, in Unix ms
}

// survivedAfter is how long a line may spend connecting before we stop suspecting
// it of crashing the process.
const survivedAfter = time.Minute

// Line implements supervisor.Runner.
func (r *lineRuntime) Line() lines.Line { return r.inbox.Line() }

// Active implements supervisor.Runner.
func (r *lineRuntime) Active() bool { return r.active }

// OnProbation implements supervisor.Runner.
func (r *lineRuntime) OnProbation() bool { return r.onProbation && !r.survived.Load() }

// Serves implements supervisor.Runner: the session's pace and the client's address
// and token are fixed when they are made.
func (r *lineRuntime) Serves(line lines.Line) bool {
	made := r.inbox.Line()
	return line.Settings.SendRate == made.Settings.SendRate && line.ChatwootURL == made.ChatwootURL && line.Token == made.Token
}

// Update implements supervisor.Runner.
func (r *lineRuntime) Update(line lines.Line) { r.noteRecord(line) }

// Idle implements supervisor.Runner. The record may not know of the device yet, or
// the database could not be told of it.
func (r *lineRuntime) Idle() supervisor.Runner {
	record, state := r.inbox.Record(), r.session.State()
	if r.active {
		record.JID, record.Phone = state.JID, state.Phone
	}
	record.Shown = ""
	r.inbox.Update(record)
	return r.b.assemble(r.inbox, false, false)
}

// Start implements supervisor.Runner.
func (r *lineRuntime) Start() {
	r.ctx, r.cancel = context.WithCancel(r.b.ctx)
	r.patience = time.AfterFunc(survivedAfter, r.noteSurvived)
	for _, queue := range []journal.Queue{journal.In, journal.Out} { // who wrote before now waits already
		if err := r.b.journal.Sink(r.ctx, r.ID(), queue); err != nil {
			r.log.Warn("what waits is not told from what is new", "error", err)
		}
	}
	r.session.Start(r.b.ctx)
	r.b.inBackground(func(context.Context) { r.reconciler.Run(r.ctx) })
	r.b.inBackground(func(context.Context) { r.keeper.Run(r.ctx) })
	r.b.inBackground(func(context.Context) { r.delivery.WatchOpened(r.ctx) })
	r.b.inBackground(func(context.Context) { r.pictures.Run(r.ctx) })
	r.b.journal.WakeAll()
}

// Stop implements supervisor.Runner.
func (r *lineRuntime) Stop() {
	r.stop.Do(func() {
		r.cancel()
		r.patience.Stop()
		r.session.Stop()
		r.writes.Wait()
	})
}

// noteSurvived records that the process survived the line's connect.
func (r *lineRuntime) noteSurvived() {
	if !r.survived.Swap(true) {
		r.b.inBackground(func(ctx context.Context) { r.b.super.Survived(ctx, r.inbox.Line().ID) })
	}
}

// CaughtUp implements whatsapp.Sink.
func (r *lineRuntime) CaughtUp() {
	if r.session.State().Code == whatsapp.StateConnected {
		r.noteSurvived() // all that waited came, and the process lives
	}
}

// Take implements whatsapp.Sink.
func (r *lineRuntime) Take(ctx context.Context, e content.Envelope) error {
	return r.intake.Accept(ctx, e)
}

// Typing implements whatsapp.Sink.
func (r *lineRuntime) Typing(chat content.Address, on bool) { r.typing.Customer(chat, on) }

// notePhone remembers what is known of the line's phone. Should it fail, the next sign
// of life is stored.
func (r *lineRuntime) notePhone(phone whatsapp.Phone) {
	r.b.inBackground(func(ctx context.Context) {
		if err := r.b.lines.SetPhone(ctx, r.inbox.Line().ID, phone.Seen, phone.Asked); err != nil {
			r.log.Debug("a sign of life of the phone cannot be remembered", "error", err)
		}
	})
}

// rememberAgain is the pause after which a device is stored once more.
var rememberAgain = wait.Backoff{First: 100 * time.Millisecond, Most: 5 * time.Second}

// remember stores which device is linked: without it the line would be without a
// phone after the next start. It does not give up before the line stops.
func (r *lineRuntime) remember(state whatsapp.State) {
	for attempt := 0; ; attempt++ {
		err := r.b.lines.SetDevice(r.b.ctx, r.inbox.Line().ID, state.JID, state.Phone)
		if err == nil {
			return
		}
		r.log.Error("the linked device cannot be remembered", "error", err)
		if !wait.Sleep(r.ctx, rememberAgain.After(attempt)) {
			return
		}
		state = r.session.State()
	}
}

// StateChanged implements whatsapp.Sink: it remembers the device. Several changes
// may be under way at once; each writes the state current when it gets the lock,
// so the last write is the newest.
func (r *lineRuntime) StateChanged(state whatsapp.State) {
	id := r.inbox.Line().ID
	r.writes.Go(func() {
		r.device.Lock()
		defer r.device.Unlock()
		now := r.session.State()
		r.remember(now)
		r.publish(r.b.ctx)
		if now.Code != whatsapp.StateConnected {
			return
		}
		// What waited for the connection is a backlog beside what is written now.
		err := errors.Join(r.b.journal.Sink(r.b.ctx, r.ID(), journal.Out), r.outbound.WakeWaiting(r.b.ctx))
		if err != nil {
			r.log.Warn("waiting messages are not sent at once", "error", err)
		}
	})
	r.log.Info("whatsapp", "state", string(state.Code))
	switch state.Code {
	case whatsapp.StateConnecting, whatsapp.StateConnected, whatsapp.StateDisconnected:
	default:
		r.noteSurvived() // it waits for people: nothing more comes of this connect
	}
	r.b.Changed(id)
}
