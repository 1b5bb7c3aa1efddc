package bridge

import (
	"context"
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/tidings"
	"github.com/wootbridge/wootbridge/internal/wait"
)

const (
	// shortly and patiently are how long an answer is waited for.
	shortly   = 10 * time.Second
	patiently = 25 * time.Second
	// commandsLook is how often commands are looked for where no word came of them.
	commandsLook = 2 * time.Second
	// answerLook is the same for an answer.
	answerLook = 50 * time.Millisecond
	// commandsKeep is how long commands are kept.
	commandsKeep = time.Hour
)

// errNoAnswer says that the process which holds the connection did nothing yet.
var errNoAnswer = fault.Unavailable("the process that holds the line's connection does not answer: try again in some seconds", nil)

// commands asks other processes, and does what they ask of this one. It is used
// where several are on one database.
type commands struct {
	b    *Bridge
	wake chan struct{} // has room for one
}

func newCommands(b *Bridge) *commands { return &commands{b: b, wake: make(chan struct{}, 1)} }

// look lets run look for commands now.
func (c *commands) look() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// ask has the process that holds a line's connection do something, and waits for
// that.
func (c *commands) ask(ctx context.Context, line lines.ID, kind lines.CommandKind, argument string, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	asked := lines.Command{ID: lines.NewID(), Line: line, Kind: kind, Argument: argument, Asked: c.b.cfg.Clock()}
	if err := c.b.lines.Ask(ctx, asked); err != nil {
		return err
	}
	c.b.tidings.Tell(ctx, tidings.Word{Kind: tidings.Asked, Line: string(line)})
	for {
		answer, done, err := c.b.lines.Answer(ctx, asked.ID)
		switch {
		case err != nil && ctx.Err() == nil:
			return err
		case done && answer != "":
			return errors.New(answer)
		case done:
			return nil
		case !wait.Sleep(ctx, answerLook):
			return errNoAnswer
		}
	}
}

// run does what others ask, until ctx ends.
func (c *commands) run(ctx context.Context) {
	if !c.b.several() {
		return
	}
	for wait.Woken(ctx, commandsLook, c.wake) != wait.Ended {
		now := c.b.cfg.Clock()
		asked, err := c.b.lines.Asked(ctx, now.Add(-patiently))
		if err != nil && ctx.Err() == nil {
			c.b.log.Debug("commands of other processes cannot be read", "error", err)
		}
		for _, command := range asked {
			r, ok := c.b.find(command.Line)
			if !ok || !r.active {
				continue
			}
			if taken, err := c.b.lines.Take(ctx, command.ID, now); err != nil || !taken {
				continue
			}
			c.b.inBackground(func(ctx context.Context) { c.obey(ctx, r, command) })
		}
	}
}

// obey does what a command asks, and answers it.
func (c *commands) obey(ctx context.Context, r *lineRuntime, command lines.Command) {
	doing, cancel := context.WithTimeout(ctx, patiently)
	defer cancel()
	var err error
	switch command.Kind {
	case lines.CommandPair:
		err = r.session.Pair(command.Argument)
	case lines.CommandLogout:
		err = r.session.Logout(doing)
	case lines.CommandReconnect:
		r.session.Reconnect()
	case lines.CommandRecheck:
		r.keeper.Recheck()
	default:
		err = errors.New("this process is older than the one that asked")
	}
	answer := ""
	if err != nil {
		answer = err.Error()
	}
	if err := c.b.lines.SetAnswer(ctx, command.ID, answer, c.b.cfg.Clock()); err != nil {
		r.log.Warn("a command is not answered", "command", string(command.Kind), "error", err)
	}
}
