package bridge

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// LineStatus is a line with all that people ask of it.
type LineStatus struct {
	Line  Line
	State whatsapp.State
	// Version is Chatwoot's, empty until it has answered.
	Version    string
	WebhookURL string
	// LastError is what the newest job that waits after a failure waits for.
	LastError string
	Queue     journal.Stats
}

// Lines are all lines, the oldest first.
func (b *Bridge) Lines(ctx context.Context) ([]LineStatus, error) {
	queues, err := b.journal.Stats(ctx)
	if err != nil {
		return nil, err
	}
	failures, err := b.journal.LastErrors(ctx)
	if err != nil {
		return nil, err
	}
	all := []LineStatus{}
	for _, r := range b.runtimes() {
		all = append(all, r.status(queues, failures))
	}
	slices.SortFunc(all, func(x, y LineStatus) int {
		if c := x.Line.Created.Compare(y.Line.Created); c != 0 {
			return c
		}
		return strings.Compare(string(x.Line.ID), string(y.Line.ID))
	})
	return all, nil
}

// LineStatus is one line.
func (b *Bridge) LineStatus(ctx context.Context, id LineID) (LineStatus, error) {
	r, ok := b.line(string(id))
	if !ok {
		return LineStatus{}, fault.NotFound("there is no line with this id")
	}
	queues, err := b.journal.Stats(ctx)
	if err != nil {
		return LineStatus{}, err
	}
	failures, err := b.journal.LastErrors(ctx)
	if err != nil {
		return LineStatus{}, err
	}
	return r.status(queues, failures), nil
}

func (r *runtime) status(queues map[string]journal.Stats, failures map[string]string) LineStatus {
	id := string(r.line.ID)
	s := LineStatus{Line: *r.record.Load(), State: r.state(), Queue: queues[id], LastError: failures[id]}
	s.Line.Settings = r.settings()
	if version := r.version.Load(); version != nil {
		s.Version = *version
	}
	if s.Line.Foreign > 0 {
		s.LastError = fmt.Sprintf(sentenceStrange, s.Line.Foreign)
	}
	if trouble := r.intake.trouble(r.b.cfg.Clock()); trouble != "" {
		s.LastError = trouble
	}
	s.WebhookURL, _ = r.webhookURL()
	return s
}

// LineUpdate is what to change of a line; nil leaves a thing alone.
type LineUpdate struct {
	Name *string
	// Settings is a JSON object that is laid over the settings there are.
	Settings json.RawMessage
}

// UpdateLine changes a line's name and settings, at once.
func (b *Bridge) UpdateLine(ctx context.Context, id LineID, u LineUpdate) error {
	r, ok := b.line(string(id))
	if !ok {
		return fault.NotFound("there is no line with this id")
	}
	name := r.record.Load().Name
	if u.Name != nil {
		name = strings.TrimSpace(*u.Name)
	}
	if name == "" {
		return fault.Invalid("name", "name must not be empty")
	}
	settings, err := r.settings().Merge(u.Settings)
	if err != nil {
		return err
	}
	if err := b.lines.SetSettings(ctx, id, name, settings); err != nil {
		return err
	}
	return b.lookNow(ctx)
}

// DeleteLine logs the line's device out and removes all of the line's state.
// While jobs wait it is a conflict, unless forced. The Chatwoot inbox and what
// is in it stay.
func (b *Bridge) DeleteLine(ctx context.Context, id LineID, force bool) error {
	r, ok := b.line(string(id))
	if !ok {
		return fault.NotFound("there is no line with this id")
	}
	if !force {
		queues, err := b.journal.Stats(ctx)
		if err != nil {
			return err
		}
		if q := queues[string(id)]; q.Inbound+q.Outbound > 0 {
			return fault.Conflict(fmt.Sprintf("%d messages of this line are not delivered yet: wait until they are, or delete it with force=true", q.Inbound+q.Outbound))
		}
	}
	if r.active {
		logout, cancel := context.WithTimeout(ctx, logoutTimeout)
		if err := r.session.Logout(logout); err != nil && !errors.Is(err, whatsapp.ErrNotConnected) {
			b.log.Warn("the device of a deleted line stays linked on the phone until it is removed there", "line", string(id), "error", err)
		}
		cancel()
	}
	jid := r.session.State().JID
	if err := b.lines.SetDeleted(ctx, id, b.cfg.Clock()); err != nil {
		return err
	}
	if err := b.lookNow(ctx); err != nil {
		return err
	}
	if err := b.waitEnded(ctx, id); err != nil {
		return err
	}
	if jid != "" {
		if err := b.cfg.Store.Forget(ctx, jid); err != nil {
			return err
		}
	}
	err := b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return errors.Join(b.journal.DeleteLine(ctx, tx, string(id)), b.ids.DeleteLine(ctx, tx, string(id)))
	})
	if err != nil {
		return fmt.Errorf("delete line %s: %w", id, err)
	}
	return nil
}

// Watch gives a channel that ticks whenever the line's state or queue may have
// changed; stop ends it.
func (b *Bridge) Watch(id LineID) (changed <-chan struct{}, stop func(), err error) {
	if _, ok := b.line(string(id)); !ok {
		return nil, nil, fault.NotFound("there is no line with this id")
	}
	tick := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.watchers[id] == nil {
		b.watchers[id] = map[chan struct{}]bool{}
	}
	b.watchers[id][tick] = true
	return tick, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.watchers[id], tick)
		if len(b.watchers[id]) == 0 {
			delete(b.watchers, id)
		}
	}, nil
}

// announce lets the line's watchers look again.
func (b *Bridge) announce(id LineID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for tick := range b.watchers[id] {
		select {
		case tick <- struct{}{}:
		default:
		}
	}
}
