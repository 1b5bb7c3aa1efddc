package bridge

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wootbridge/wootbridge/bridge/catalogue"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// runtime is a line in this process: its record, its WhatsApp session and its
// Chatwoot. It is the session's Sink. A runtime whose line is paused, or run by
// another process, is not active: it takes webhooks and has no connection.
type runtime struct {
	b       *Bridge
	line    Line // as of its making
	desk    *chatwoot.Client
	session *whatsapp.Session
	log     *slog.Logger
	active  bool
	ctx     context.Context // of an active one, until stop
	cancel  context.CancelFunc
	// careful says that the line was not given back cleanly before; such lines
	// connect one at a time.
	careful bool

	record  atomic.Pointer[Line] // as last read
	current atomic.Pointer[Settings]
	secret  atomic.Pointer[string]
	version atomic.Pointer[string] // Chatwoot's
	refetch sync.Mutex
	fetched time.Time // of the webhook secret, under refetch
	inbox   atomic.Pointer[chatwoot.Inbox]
	device  sync.Mutex     // held while the linked device is written
	writes  sync.WaitGroup // of the linked device
	settled atomic.Bool
	patient *time.Timer   // settles a line that cannot connect
	once    sync.Once     // stop
	missed  chan struct{} // webhooks may have been missed
	// caughtUp says that what agents wrote while no process listened is in the
	// journal, so that later messages do not overtake it.
	caughtUp atomic.Bool
	// compared says that a pass over Chatwoot's messages was finished. Until
	// then each message looks for those before it.
	compared atomic.Bool
	catchUp  *time.Timer // bounds the wait for it
	mu       sync.Mutex
	hold     *time.Timer // ends an offline flood's hold
	bubbles  bubbles
	arriving arrivals // webhooks that are being stored
	lag      webhookLag
	looks    atomic.Int64 // that out lanes were asked to take
	// joins is held for writing while two chats become one, for reading from
	// when a chat was found until its job is in its lane: the lane of a chat
	// that was joined to another is nobody's.
	joins  sync.RWMutex
	chats  knownChats // used under joins
	intake intake
}

// newRuntime makes a runtime; start connects an active one.
func (b *Bridge) newRuntime(line Line, active, careful bool) (*runtime, error) {
	desk, err := chatwoot.New(chatwoot.Config{BaseURL: line.ChatwootURL, Token: line.Token.Reveal(), Account: line.Account, Gate: b.gate(line.ChatwootURL), Log: b.log})
	if err != nil {
		return nil, fmt.Errorf("line %s: %w", line.ID, err)
	}
	r := &runtime{b: b, line: line, desk: desk, log: b.log.With("line", string(line.ID)), active: active, careful: careful, missed: make(chan struct{}, 1)}
	r.record.Store(&line)
	r.current.Store(&line.Settings)
	secret := line.WebhookSecret.Reveal()
	r.secret.Store(&secret)
	r.session = whatsapp.NewSession(whatsapp.Config{
		JID: line.JID, Phone: line.Phone, Store: b.cfg.Store, Sink: r, Log: r.log, Clock: b.cfg.Clock,
		Versions: b.cfg.Versions, AllowPair: r.refusePhone,
		Simulator: b.cfg.Simulator, SendRate: line.Settings.SendRate, Count: b.metrics.countWhatsApp,
	})
	return r, nil
}

// idle is the same line without a connection.
func (r *runtime) idle() *runtime {
	line := *r.record.Load()
	idle := &runtime{b: r.b, line: line, desk: r.desk, log: r.log}
	idle.record.Store(&line)
	idle.current.Store(r.current.Load())
	idle.secret.Store(r.secret.Load())
	idle.version.Store(r.version.Load())
	idle.inbox.Store(r.inbox.Load())
	idle.session = whatsapp.NewSession(whatsapp.Config{JID: line.JID, Phone: line.Phone, Versions: r.b.cfg.Versions, Store: r.b.cfg.Store, Sink: idle, Log: r.log, Clock: r.b.cfg.Clock})
	return idle
}

// serves reports whether the runtime can go on with the line as it is now; the
// session's pace is fixed when it is made.
func (r *runtime) serves(line Line) bool { return line.Settings.SendRate == r.line.Settings.SendRate }

func (r *runtime) start() {
	r.ctx, r.cancel = context.WithCancel(r.b.ctx)
	r.patient = time.AfterFunc(settleAfter, r.settle)
	r.catchUp = time.AfterFunc(catchUpWait, r.catchUpDone)
	r.session.Start(r.b.ctx)
	r.b.inBackground(func() {
		r.greet()
		r.keepReconciled()
	})
	r.b.journal.WakeAll()
}

// stop disconnects and gives the line back.
func (r *runtime) stop() {
	r.once.Do(func() {
		r.cancel()
		r.patient.Stop()
		r.catchUp.Stop()
		r.session.Stop()
		r.writes.Wait()
		r.Backlog(0)
		if err := r.b.owner.release(context.Background(), r.line.ID); err != nil {
			r.log.Warn("the line cannot be given back; others wait until its lease ends", "error", err)
		}
	})
}

// settle records that the process survived the line's connect.
func (r *runtime) settle() {
	if r.settled.Swap(true) {
		return
	}
	r.b.inBackground(func() {
		if err := r.b.owner.settled(r.b.ctx, r.line.ID); err != nil {
			r.log.Warn("a connect cannot be recorded", "error", err)
		}
		r.b.nudge() // the next line may connect
	})
}

func (r *runtime) settings() Settings { return *r.current.Load() }

func (r *runtime) words() catalogue.Catalogue { return catalogue.For(r.settings().Language) }

// sourceID makes the source id of a chat's contact. It is a credential of
// Chatwoot's public API, so it cannot be guessed without the line's key.
func (r *runtime) sourceID(chat string) string { return r.line.ContactSource(chat) }

// StateChanged remembers the device. Several changes may be under way at once;
// each writes the state of its turn, so the last one written is the newest.
func (r *runtime) StateChanged(state whatsapp.State) {
	r.writes.Go(func() {
		r.device.Lock()
		defer r.device.Unlock()
		now := r.session.State()
		if err := r.b.lines.SetDevice(r.b.ctx, r.line.ID, now.JID, now.Phone); err != nil {
			r.log.Error("the linked device cannot be remembered", "error", err)
		}
		if !connected(r.session) {
			return
		}
		if err := r.lookAgain(r.b.ctx); err != nil {
			r.log.Warn("waiting messages are not sent at once", "error", err)
		}
	})
	r.log.Info("whatsapp", "state", string(state.Code))
	switch state.Code {
	case whatsapp.StateConnecting, whatsapp.StateConnected, whatsapp.StateDisconnected:
	default:
		r.settle() // it waits for people: nothing more comes of this connect
	}
	r.b.announce(r.line.ID)
}

// floodEvents is how many waiting events the library's queue cannot keep in
// order; floodWait bounds how long the order is waited for.
const (
	floodEvents = 1000
	floodWait   = 2 * time.Minute
)

// Backlog holds the line's inbound lanes while more events come in than the
// library keeps in order.
func (r *runtime) Backlog(events int) {
	if events == 0 && r.session.State().Code == whatsapp.StateConnected {
		r.settle() // all that waited came, and the process lives
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	line := string(r.line.ID)
	if events > floodEvents && r.hold == nil {
		r.b.journal.Hold(line)
		r.hold = time.AfterFunc(floodWait, func() { r.Backlog(0) })
		return
	}
	if events == 0 && r.hold != nil {
		r.hold.Stop()
		r.hold = nil
		r.b.inBackground(func() {
			if err := r.b.journal.Unhold(r.b.ctx, line); err != nil {
				r.log.Error("the backlog cannot be put in order", "error", err)
			}
		})
	}
}

// typingEvery is the least time between two typing calls of one chat and
// direction: composing events come many times a second.
const typingEvery = 5 * time.Second

// Typing shows agents that the customer types.
func (r *runtime) Typing(chat content.Address, on bool) {
	r.b.inBackground(func() {
		ctx, cancel := context.WithTimeout(r.b.ctx, 10*time.Second)
		defer cancel()
		if !on || !r.b.ids.Once(ctx, "typing/in/"+string(r.line.ID)+"/"+chat.JID, typingEvery) {
			return
		}
		if err := r.showTyping(ctx, chat); err != nil {
			r.log.Debug("typing is not shown", "error", err)
		}
	})
}

func (r *runtime) showTyping(ctx context.Context, address content.Address) error {
	id, known, err := r.b.ids.Known(ctx, string(r.line.ID), address.JID, address.Alt)
	if err != nil || !known {
		return err // nobody has written yet: there is no conversation to show it in
	}
	generation, err := r.b.ids.Generation(ctx, string(r.line.ID))
	if err != nil {
		return err
	}
	chat, err := r.b.ids.Chat(ctx, string(r.line.ID), id, generation)
	if err != nil || chat.Conversation == 0 {
		return err
	}
	return r.desk.WithPriority(chatwoot.Status).ContactTyping(ctx, r.line.InboxIdentifier, chat.SourceID, chatwoot.ConversationID(chat.Conversation), true)
}
