package bridge

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wootbridge/wootbridge/bridge/admin"
	"github.com/wootbridge/wootbridge/bridge/database"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/listen"
	"github.com/wootbridge/wootbridge/bridge/tidings"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/wait"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// Of several processes on one Postgres one holds a line's connection, and any may be
// told or asked something. What the owner must know goes through SQL, and what it
// shows comes from there; a word by NOTIFY makes it fast. On SQLite there is one.

// places is what a line's runtime knows of other processes.
type places struct {
	// Of the owner: what it has stored last, and what it has heard.
	publishing sync.Mutex
	published  []byte
	heardLost  atomic.Int64
	heardAsked atomic.Int64
	// Of the others: an event was lost, and the owner does not know yet; and that
	// somebody is about to tell, or to ask for a comparison.
	untold, telling, asking atomic.Bool
}

func (b *Bridge) several() bool { return b.cfg.DB.Dialect == database.Postgres }

// among prepares a runtime for other processes.
func (r *lineRuntime) among() {
	record := r.inbox.Record()
	r.heardLost.Store(record.Lost)
	r.heardAsked.Store(record.CompareAsked)
	switch {
	case !r.b.several():
	case r.active:
		r.arrivals.Listen = r.hearLost
	default:
		r.arrivals.Tell, r.arrivals.Ask = r.tellLost, r.askComparison
	}
}

// publish stores what the line shows, if that has changed.
func (r *lineRuntime) publish(ctx context.Context) {
	if !r.active || !r.b.several() {
		return
	}
	r.publishing.Lock()
	defer r.publishing.Unlock()
	shown, err := admin.Show(adminLine{r}).Encode()
	if err == nil && bytes.Equal(shown, r.published) {
		return
	}
	id, ours := r.inbox.Line().ID, false
	if err == nil {
		ours, err = r.b.lines.SetShown(ctx, id, r.b.super.Me(), shown)
	}
	switch {
	case err != nil:
		r.log.Debug("other processes do not see the line's state yet", "error", err)
	case ours:
		r.published = shown
		r.b.tidings.Tell(ctx, tidings.Word{Kind: tidings.Changed, Line: string(id)})
	}
}

// noteRecord takes the line's record over as it is now.
func (r *lineRuntime) noteRecord(line lines.Line) {
	before := r.inbox.Record()
	r.inbox.Update(line)
	if !r.active {
		if line.Shown != before.Shown || line.Held != before.Held && line.Held.Owner != before.Held.Owner {
			r.b.Changed(line.ID)
		}
		return
	}
	r.noteLost(line.Lost)
	if r.heardAsked.Swap(line.CompareAsked) != line.CompareAsked {
		r.arrivals.RequestComparison()
	}
	r.b.inBackground(r.publish)
}

func (r *lineRuntime) noteLost(times int64) {
	for {
		known := r.heardLost.Load()
		if times <= known {
			return
		}
		if r.heardLost.CompareAndSwap(known, times) {
			r.arrivals.NoteLost()
			return
		}
	}
}

// hearLost looks whether another process has lost an event. What comes after that
// event was stored after this was known, by the same process.
func (r *lineRuntime) hearLost(ctx context.Context) {
	times, err := r.b.lines.Lost(ctx, r.inbox.Line().ID)
	if err != nil {
		r.log.Debug("what other processes have lost cannot be read", "error", err)
		r.arrivals.NoteLost() // nobody knows
		return
	}
	r.noteLost(times)
}

// tellAgain is the pause after which the owner is told once more.
var tellAgain = wait.Backoff{First: 200 * time.Millisecond, Most: 5 * time.Second}

// tellLost tells the owner that an event was lost, until it is told.
func (r *lineRuntime) tellLost() {
	r.untold.Store(true)
	if r.telling.Swap(true) {
		return
	}
	r.b.inBackground(func(ctx context.Context) {
		defer r.telling.Store(false)
		for attempt := 0; r.flushLost(ctx) != nil; attempt++ {
			if !wait.Sleep(ctx, tellAgain.After(attempt)) {
				return
			}
		}
	})
}

// flushLost tells the owner what it does not know yet.
func (r *lineRuntime) flushLost(ctx context.Context) error {
	if !r.untold.Swap(false) {
		return nil
	}
	id := r.inbox.Line().ID
	if err := r.b.lines.NoteLost(ctx, id); err != nil {
		r.untold.Store(true)
		return err
	}
	r.b.tidings.Tell(ctx, tidings.Word{Kind: tidings.Changed, Line: string(id)})
	return nil
}

// askSoon is how long a request for a comparison waits for others of its kind.
const askSoon = 200 * time.Millisecond

// askComparison asks the owner for a comparison.
func (r *lineRuntime) askComparison() {
	if r.asking.Swap(true) {
		return
	}
	r.b.inBackground(func(ctx context.Context) {
		wait.Sleep(ctx, askSoon)
		r.asking.Store(false)
		id := r.inbox.Line().ID
		if err := r.b.lines.AskComparison(ctx, id); err != nil {
			r.log.Debug("a comparison cannot be asked for", "error", err)
			return
		}
		r.b.tidings.Tell(ctx, tidings.Word{Kind: tidings.Changed, Line: string(id)})
	})
}

// agentTyping shows the customer that an agent types, or has it shown.
func (r *lineRuntime) agentTyping(e chatwoot.Event) {
	if r.active || !r.b.several() {
		r.typing.Agent(e)
		return
	}
	r.b.inBackground(func(ctx context.Context) {
		r.b.tidings.Tell(ctx, tidings.Word{
			Kind: tidings.Typing, Line: r.inbox.LineID(), Conversation: int64(e.Conversation.ID), Source: e.Conversation.SourceID,
			On: e.Kind == chatwoot.EventTypingOn,
		})
	})
}

// heard does what another process has told.
func (b *Bridge) heard(w tidings.Word) {
	switch w.Kind {
	case tidings.Changed:
		b.super.RequestSync()
		b.commands.look()
	case tidings.Asked:
		b.commands.look()
	case tidings.Typing:
		r, ok := b.find(lines.ID(w.Line))
		if !ok || !r.active {
			return
		}
		e := chatwoot.Event{Kind: chatwoot.EventTypingOff}
		if w.On {
			e.Kind = chatwoot.EventTypingOn
		}
		e.Conversation.ID, e.Conversation.SourceID = chatwoot.ConversationID(w.Conversation), w.Source
		r.typing.Agent(e)
	}
}

// administer gives a line as people see it: where another process holds its
// connection, as that one shows it.
func (b *Bridge) administer(r *lineRuntime) admin.Line {
	record := r.inbox.Record()
	if r.active || record.Paused() || record.Shown == "" || b.super.Free(record.Held) || b.super.CutOff() {
		return adminLine{r}
	}
	shown, err := admin.DecodeShown(record.Shown)
	if err != nil {
		r.log.Warn("what the line's own process shows of it cannot be read", "error", err)
		return adminLine{r}
	}
	return elsewhere{adminLine{r}, shown}
}

// elsewhere is a line whose connection another process holds.
type elsewhere struct {
	adminLine
	shown admin.Shown
}

// Active implements admin.Line.
func (e elsewhere) Active() bool { return true }

// Session implements admin.Line.
func (e elsewhere) Session() admin.Session {
	return elsewhereSession{b: e.b, line: e.inbox.Line().ID, state: e.shown.State}
}

// Version implements admin.Line.
func (e elsewhere) Version() string { return e.shown.Version }

// Trouble implements admin.Line.
func (e elsewhere) Trouble() string { return e.shown.Trouble }

// ClockTrouble implements admin.Line.
func (e elsewhere) ClockTrouble() string { return e.shown.ClockTrouble }

// Ways implements admin.Line.
func (e elsewhere) Ways() []listen.Status { return e.shown.Ways }

// RepliesTake implements admin.Line.
func (e elsewhere) RepliesTake() time.Duration { return e.shown.RepliesTake }

// Notice implements admin.Line.
func (e elsewhere) Notice() string { return e.shown.Notice }

// Recheck implements admin.Line.
func (e elsewhere) Recheck() {
	line := e.inbox.Line().ID
	e.b.inBackground(func(ctx context.Context) { _ = e.b.commands.ask(ctx, line, lines.CommandRecheck, "", shortly) })
}

// elsewhereSession asks the process that holds the connection.
type elsewhereSession struct {
	b     *Bridge
	line  lines.ID
	state whatsapp.State
}

// State implements admin.Session.
func (s elsewhereSession) State() whatsapp.State { return s.state }

// Pair implements admin.Session.
func (s elsewhereSession) Pair(phone string) error {
	return s.b.commands.ask(s.b.ctx, s.line, lines.CommandPair, phone, shortly)
}

// Logout implements admin.Session.
func (s elsewhereSession) Logout(ctx context.Context) error {
	return s.b.commands.ask(ctx, s.line, lines.CommandLogout, "", patiently)
}

// Reconnect implements admin.Session.
func (s elsewhereSession) Reconnect() {
	s.b.inBackground(func(ctx context.Context) { _ = s.b.commands.ask(ctx, s.line, lines.CommandReconnect, "", shortly) })
}
