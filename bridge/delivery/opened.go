package delivery

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/contacts"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/wait"
)

const (
	// lookAtOpened is how often Chatwoot is asked which conversations were opened: it
	// tells of that by no event.
	lookAtOpened = 3 * time.Second
	// lookedAtAlone is how many conversations are asked for one by one each time; the
	// newest of more are listed.
	lookedAtAlone = 3
	// unopenedFor is for how long a conversation that nobody opens is looked at.
	unopenedFor = 7 * 24 * time.Hour
	// mostUnopened bounds how many are.
	mostUnopened = 1000
)

// unopened are the chats of a line with messages that no agent has seen.
type unopened struct {
	mu    sync.Mutex
	chats map[string]*unseen
}

// unseen is a chat with messages that no agent has seen.
type unseen struct {
	chat   idmap.Chat
	since  time.Time // of the newest
	looked time.Time
}

// note remembers a chat in which somebody has written.
func (u *unopened) note(chat idmap.Chat, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.chats == nil {
		u.chats = map[string]*unseen{}
	}
	u.chats[chat.ID] = &unseen{chat: chat, since: now}
	if len(u.chats) > mostUnopened {
		oldest := slices.MinFunc(u.list(), func(a, b *unseen) int { return a.since.Compare(b.since) })
		delete(u.chats, oldest.chat.ID)
	}
}

func (u *unopened) list() []*unseen {
	var all []*unseen
	for _, one := range u.chats {
		all = append(all, one)
	}
	return all
}

// due are the chats, those that were looked at longest ago first; those of long ago are
// forgotten.
func (u *unopened) due(now time.Time) []unseen {
	u.mu.Lock()
	defer u.mu.Unlock()
	var all []unseen
	for id, one := range u.chats {
		if now.Sub(one.since) > unopenedFor {
			delete(u.chats, id)
			continue
		}
		all = append(all, *one)
	}
	slices.SortFunc(all, func(a, b unseen) int {
		return cmp.Or(a.looked.Compare(b.looked), b.since.Compare(a.since), cmp.Compare(a.chat.ID, b.chat.ID))
	})
	return all
}

// looked notes that a chat was looked at, and forgets one in which nothing is unseen any
// more, unless somebody has written meanwhile.
func (u *unopened) looked(one unseen, now time.Time, done bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	known := u.chats[one.chat.ID]
	switch {
	case known == nil || known.since.After(one.since):
	case done:
		delete(u.chats, one.chat.ID)
	default:
		known.looked = now
	}
}

// WatchOpened shows customers that an agent has opened their conversation, where the
// setting says so, until ctx ends. Only conversations with something unseen are looked at.
func (s *Statuses) WatchOpened(ctx context.Context) {
	seeded := false
	for wait.Sleep(ctx, lookAtOpened) {
		if s.Inbox.Settings().BlueTicks != lines.BlueOnOpen {
			seeded = false
			continue
		}
		if !seeded {
			seeded = s.seedUnopened(ctx)
		}
		s.LookAtOpened(ctx)
	}
}

// seedUnopened remembers what nobody had seen before this process began to look.
func (s *Statuses) seedUnopened(ctx context.Context) bool {
	listed, _, err := s.Inbox.At(chatwoot.Background).ConversationPage(ctx, s.Inbox.Line().Inbox, 1)
	if err != nil {
		s.Log.Debug("what agents have open is not known", "error", err)
		return false
	}
	for _, c := range listed {
		chat, err := s.IDs.ChatByConversation(ctx, s.Inbox.LineID(), int64(c.ID))
		if err != nil {
			continue
		}
		if left, err := s.IDs.Unread(ctx, chat.ID, 1); err == nil && len(left) > 0 {
			s.unopened.note(chat, s.Clock())
		}
	}
	return true
}

// LookAtOpened asks Chatwoot once which of the conversations were opened.
func (s *Statuses) LookAtOpened(ctx context.Context) {
	due := s.unopened.due(s.Clock())
	if len(due) == 0 {
		return
	}
	client := s.Inbox.At(chatwoot.Background)
	seen := map[int64]time.Time{}
	if len(due) > lookedAtAlone {
		listed, _, err := client.ConversationPage(ctx, s.Inbox.Line().Inbox, 1)
		if err != nil {
			s.Log.Debug("what agents have open is not known", "error", err)
			return
		}
		for _, c := range listed {
			seen[int64(c.ID)] = c.AgentSeen
		}
	}
	alone := 0
	for _, one := range due {
		at, listed := seen[one.chat.Conversation]
		if !listed {
			if alone++; alone > lookedAtAlone {
				continue
			}
			c, err := client.Conversation(ctx, chatwoot.ConversationID(one.chat.Conversation))
			if err != nil && !chatwoot.IsNotFound(err) {
				s.Log.Debug("what agents have open is not known", "error", err)
				return
			}
			at = c.AgentSeen
		}
		s.markOpened(ctx, one, at)
	}
}

// markOpened shows as read what was written up to when the conversation was open.
func (s *Statuses) markOpened(ctx context.Context, one unseen, at time.Time) {
	to := contacts.Target(one.chat)
	if !at.IsZero() && to != "" {
		read, err := s.IDs.UnreadUpTo(ctx, one.chat.ID, at, maxUnread)
		if err == nil {
			s.markRead(ctx, to, read)
		}
	}
	left, err := s.IDs.Unread(ctx, one.chat.ID, 1)
	s.unopened.looked(one, s.Clock(), err == nil && len(left) == 0)
}
