package bridge

import "github.com/wootbridge/wootbridge/chatwoot"

// lastSentChats is of how many chats at least lastSent knows what left last.
const lastSentChats = 1000

// lastSent is the message that left last in each chat in which one left lately.
// What it forgets costs nothing: Chatwoot is then asked for earlier messages
// without a lower bound, and one that was overtaken is not counted.
type lastSent struct {
	// Two halves: when the young one is full it becomes the old one, and the
	// chats that were silent meanwhile are forgotten with the one before.
	young, old map[string]chatwoot.MessageID
}

// of is the last message of a chat, or 0.
func (s *lastSent) of(chat string) chatwoot.MessageID {
	if id, ok := s.young[chat]; ok {
		return id
	}
	return s.old[chat]
}

func (s *lastSent) set(chat string, id chatwoot.MessageID) {
	if _, known := s.young[chat]; s.young == nil || !known && len(s.young) >= lastSentChats {
		s.young, s.old = map[string]chatwoot.MessageID{}, s.young
	}
	s.young[chat] = id
}
