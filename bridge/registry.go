package bridge

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/wootbridge/wootbridge/bridge/admin"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/listen"
	"github.com/wootbridge/wootbridge/bridge/supervisor"
	"github.com/wootbridge/wootbridge/bridge/tidings"
	"github.com/wootbridge/wootbridge/bridge/work"
)

// The supervisor keeps the lines of this process; each of the others sees of them
// what it needs.

func (b *Bridge) newRunner(line lines.Line, active, onProbation bool) (supervisor.Runner, error) {
	return b.newLine(line, active, onProbation)
}

// find gives a line of this process.
func (b *Bridge) find(id lines.ID) (*lineRuntime, bool) {
	r, ok := b.super.Find(id)
	if !ok {
		return nil, false
	}
	return r.(*lineRuntime), true // newRunner makes no other kind
}

func (b *Bridge) all() []*lineRuntime {
	var all []*lineRuntime
	for _, r := range b.super.All() {
		all = append(all, r.(*lineRuntime))
	}
	return all
}

// claimable are the lines as the workers see them.
type claimable struct{ b *Bridge }

// Line implements work.Lines.
func (c claimable) Line(id string) (work.Line, bool) {
	r, ok := c.b.find(lines.ID(id))
	return r, ok
}

// All implements work.Lines.
func (c claimable) All() []work.Line {
	var all []work.Line
	for _, r := range c.b.all() {
		all = append(all, r)
	}
	return all
}

// administered are the lines as people see them.
type administered struct{ b *Bridge }

// Find implements admin.Lines.
func (a administered) Find(id lines.ID) (admin.Line, bool) {
	r, ok := a.b.find(id)
	if !ok {
		return nil, false
	}
	return a.b.administer(r), true
}

// All implements admin.Lines.
func (a administered) All() []admin.Line {
	var all []admin.Line
	for _, r := range a.b.all() {
		all = append(all, a.b.administer(r))
	}
	return all
}

// SyncNow implements admin.Lines.
func (a administered) SyncNow(ctx context.Context) error {
	err := a.b.super.SyncNow(ctx)
	a.b.tidings.Tell(ctx, tidings.Word{Kind: tidings.Changed})
	return err
}

// WaitEnded implements admin.Lines.
func (a administered) WaitEnded(ctx context.Context, id lines.ID) error {
	return a.b.super.WaitEnded(ctx, id)
}

// CutOff implements admin.Lines.
func (a administered) CutOff() bool { return a.b.super.CutOff() }

// Stopping implements admin.Lines.
func (a administered) Stopping() bool { return a.b.ctx.Err() != nil }

// adminLine is a line as people see it.
type adminLine struct{ *lineRuntime }

// Record implements admin.Line.
func (l adminLine) Record() lines.Line { return l.inbox.Record() }

// Session implements admin.Line.
func (l adminLine) Session() admin.Session { return l.session }

// Version implements admin.Line.
func (l adminLine) Version() string { return l.inbox.Version() }

// Trouble implements admin.Line.
func (l adminLine) Trouble() string {
	if !l.active && l.b.super.CutOff() {
		return sentenceCutOff
	}
	return l.intake.Trouble()
}

// sentenceCutOff is why no line of the process has a connection.
const sentenceCutOff = "Disconnected: the database takes nothing in. Its disk may be full, or it does not answer. Free space or start it again; the line goes on by itself and stays linked to its phone. Messages wait on both sides."

// ClockTrouble implements admin.Line.
func (l adminLine) ClockTrouble() string { return l.inbox.ClockTrouble() }

// Ways implements admin.Line.
func (l adminLine) Ways() []listen.Status { return l.ways.Status() }

// RepliesTake implements admin.Line.
func (l adminLine) RepliesTake() time.Duration {
	if !l.active || !l.ways.None() {
		return 0
	}
	return l.cadence()
}

// Recheck implements admin.Line.
func (l adminLine) Recheck() { l.keeper.Recheck() }

// Notice implements admin.Line.
func (l adminLine) Notice() string {
	notice := l.keeper.Notice()
	if n := l.intake.LeftOut(); n > 0 {
		notice = strings.TrimSpace(notice + " " + fmt.Sprintf(sentenceLeftOut, n, l.inbox.Settings().Groups))
	}
	return notice
}

// sentenceLeftOut says what the policy for groups leaves out.
const sentenceLeftOut = "Messages of groups that were left out since the start: %d. The setting groups is %s; with all, every group comes in."

// RequestComparison implements admin.Line.
func (l adminLine) RequestComparison() { l.arrivals.RequestComparison() }
