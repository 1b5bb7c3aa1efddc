package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

const (
	// groupFresh is for how long what WhatsApp said of a group counts; every change of
	// it is told, as long as the connection lasts.
	groupFresh = time.Hour
	// groupAgain is how soon WhatsApp is asked again where it did not say anything.
	groupAgain = time.Minute
	// rememberedGroups bounds of how many groups that is remembered.
	rememberedGroups = 1000
)

// groups are what WhatsApp said of groups since the connection began.
type groups struct {
	mu    sync.Mutex
	known map[types.JID]knownGroup
	timed map[types.JID]time.Time // when a group's timer was changed
}

type knownGroup struct {
	info  *types.GroupInfo
	err   error
	until time.Time
}

func (g *groups) find(jid types.JID, now time.Time) (knownGroup, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	known, ok := g.known[jid]
	return known, ok && now.Before(known.until)
}

func (g *groups) keep(jid types.JID, known knownGroup) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.known == nil || len(g.known) >= rememberedGroups {
		g.known = map[types.JID]knownGroup{}
	}
	g.known[jid] = known
}

func (g *groups) noteTimed(jid types.JID, at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.timed == nil || len(g.timed) >= rememberedGroups {
		g.timed = map[types.JID]time.Time{}
	}
	g.timed[jid] = at
}

func (g *groups) timedAt(jid types.JID) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.timed[jid]
}

// changed forgets a group of which an event tells.
func (g *groups) changed(event any) {
	var jid types.JID
	switch evt := event.(type) {
	case *events.GroupInfo:
		if jid = evt.JID; evt.Ephemeral != nil {
			g.noteTimed(jid, evt.Timestamp)
		}
	case *events.JoinedGroup:
		jid = evt.JID
	default:
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.known, jid)
}

// Group gives what WhatsApp says of a group, with what its members are called if names
// are asked for. The error may be ErrNotConnected.
func (s *Session) Group(ctx context.Context, jid string, names bool) (content.Group, error) {
	to, err := types.ParseJID(jid)
	if err != nil || to.Server != types.GroupServer {
		return content.Group{}, errors.New("look a group up: it is none")
	}
	c, err := s.connected()
	if err != nil {
		return content.Group{}, err
	}
	known, fresh := c.groups.find(to, s.cfg.Clock())
	if !fresh {
		known = c.askGroup(ctx, to)
	}
	if known.err != nil {
		return content.Group{}, known.err
	}
	return c.groupOf(ctx, known.info, names), nil
}

func (c *connection) askGroup(ctx context.Context, to types.JID) (known knownGroup) {
	asking, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	known.err = guarded(c.s, func() (err error) {
		known.info, err = c.client.GetGroupInfo(asking, to)
		return err
	})
	now := c.s.cfg.Clock()
	switch {
	case known.err == nil:
		known.until = now.Add(groupFresh)
	case ctx.Err() != nil:
		return known
	case errors.Is(known.err, whatsmeow.ErrNotConnected):
		known.err = fmt.Errorf("look a group up: %w: %w", ErrNotConnected, known.err)
		return known
	default:
		known.err, known.until = fmt.Errorf("look a group up: %w", known.err), now.Add(groupAgain)
	}
	c.groups.keep(to, known)
	return known
}

// groupOf is what the library has read of a group.
func (c *connection) groupOf(ctx context.Context, info *types.GroupInfo, names bool) content.Group {
	g := content.Group{TimerChanged: c.groups.timedAt(info.JID)}
	if info.IsEphemeral {
		g.Timer = info.DisappearingTimer
	}
	own, ownLID := c.client.Store.GetJID().ToNonAD(), c.client.Store.GetLID().ToNonAD()
	for _, p := range info.Participants {
		jid := p.JID.ToNonAD()
		if jid.IsEmpty() || jid == own || jid == ownLID || p.PhoneNumber.ToNonAD() == own && !own.IsEmpty() {
			continue
		}
		m := content.Member{JID: jid.String()}
		m.Alt = c.otherOf(jid, p.PhoneNumber.ToNonAD(), p.LID.ToNonAD())
		if names {
			m.Names = c.namesOf(ctx, jid, m.Alt)
		}
		g.Members = append(g.Members, m)
	}
	return g
}

// otherOf is a member's other address: one of those that WhatsApp gave, else a known one.
func (c *connection) otherOf(jid types.JID, given ...types.JID) string {
	for _, alt := range given {
		if !alt.IsEmpty() && alt != jid {
			return alt.String()
		}
	}
	if alt := c.alternate(jid); !alt.IsEmpty() {
		return alt.String()
	}
	return ""
}

// namesOf are what a person is called, the best first.
func (c *connection) namesOf(ctx context.Context, jid types.JID, alt string) (names []string) {
	for _, address := range []string{jid.String(), alt} {
		at, err := types.ParseJID(address)
		if err != nil || at.User == "" {
			continue
		}
		known, err := c.client.Store.Contacts.GetContact(ctx, at)
		if err != nil {
			continue
		}
		for _, name := range []string{known.FullName, known.PushName, known.BusinessName, known.FirstName} {
			if name = content.PersonName(name); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}
