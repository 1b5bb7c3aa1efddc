package crashtest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// settle waits until nothing is missing on either side, while customers read
// some of what still arrives. It gives up when nothing has arrived for a while: how
// long all of it takes depends on the machine.
func (r *traffic) settle() {
	r.t.Helper()
	for moved, left := time.Now(), -1; ; {
		for _, c := range r.chats {
			require.NoError(r.t, r.readSome(r.t.Context(), c))
		}
		s, err := r.look(r.t.Context())
		require.NoError(r.t, err)
		missing := r.missing(s)
		if len(missing) == 0 {
			return
		}
		if len(missing) != left {
			moved, left = time.Now(), len(missing)
		}
		if pause(r.t.Context(), 200*time.Millisecond); time.Since(moved) > patience {
			r.t.Fatalf("never became:\n%s\n%s", strings.Join(missing, "\n"), r.stories(s))
		}
	}
}

// compare holds both sides to the promise: every message once, in order per
// chat, with its own file and the right quote; an agent's message at the
// customer, with the ticks that the customer's phone has told; what an agent
// deleted taken back once or never sent; what a customer deleted with a note
// that says so. Nothing here is impossible to send, so nothing may end red:
// that Chatwoot reached nobody with its webhook is no reason.
func (r *traffic) compare() {
	r.t.Helper()
	s, err := r.look(r.t.Context())
	require.NoError(r.t, err)
	require.Empty(r.t, r.missing(s))
	for _, c := range r.chats {
		require.Equal(r.t, list(c.fromCustomer), s.atDesk(c), "%s's messages in Chatwoot", c.name)
		require.Equal(r.t, c.deletions(), s.notes(c), "the notes at what %s deleted", c.name)
		var stay []said
		var gone []string
		anyTime := map[string]bool{} // what nobody could know of in time
		for _, m := range c.fromAgent {
			ids := s.idsAtPhone(c)[m.text]
			require.LessOrEqual(r.t, len(ids), 1, "%q at %s's phone\n%s", m.text, c.name, s.story(c))
			if m.gone {
				gone = append(gone, ids...)
				continue
			}
			stay = append(stay, m)
			if r.ways.untold(m, s) {
				anyTime[list([]said{m})[0]] = true
			}
		}
		at := s.atPhone(c)
		require.ElementsMatch(r.t, list(stay), at, "the messages at %s's phone\n%s", c.name, s.story(c))
		told := func(all []string) []string {
			return slices.DeleteFunc(all, func(text string) bool { return anyTime[text] })
		}
		require.Equal(r.t, told(list(stay)), told(at), "the order of the messages at %s's phone\n%s", c.name, s.story(c))
		// Of a message that was to leave when the program was killed nobody knows
		// whether it did, so it is taken back although the phone never had it.
		revoked := slices.DeleteFunc(s.revoked(c), func(id string) bool { return !s.received(c, id) })
		require.ElementsMatch(r.t, gone, revoked, "what was taken back from %s's phone, each once\n%s", c.name, s.story(c))
	}
}

const red = "failed"

// missing says what is not as it has to become yet.
func (r *traffic) missing(s sides) []string {
	var missing []string
	note := func(format string, args ...any) { missing = append(missing, fmt.Sprintf(format, args...)) }
	for _, c := range r.chats {
		desk, phone, revoked := set(s.atDesk(c)), s.idsAtPhone(c), set(s.revoked(c))
		for _, text := range list(c.fromCustomer) {
			if !desk[text] {
				note("%s: %q in Chatwoot", c.name, text)
			}
		}
		if told, want := len(s.notes(c)), len(c.takenBack); told < want {
			note("%s: %d of %d deletions in Chatwoot", c.name, told, want)
		}
		for _, m := range c.fromAgent {
			ids, status := phone[m.text], s.message(m.id).Status
			switch want := r.ticks(m); {
			case m.gone:
				for _, id := range ids {
					if !revoked[id] {
						note("%s: %q (message %d) was deleted and is still at the phone", c.name, m.text, m.id)
					}
				}
			case len(ids) == 0:
				note("%s: %q (message %d) at the phone", c.name, m.text, m.id)
			case status != want:
				note("%s: the ticks of %q (message %d): %s, not %s", c.name, m.text, m.id, want, status)
			}
		}
	}
	for _, m := range s.desk {
		if m.Status == red && !m.Deleted {
			note("%q (message %d, %s) not red: %s", m.Text, m.ID, m.Kind, m.Reason)
		}
	}
	return missing
}

// ticks are those that an agent's message ends with.
func (r *traffic) ticks(m said) string {
	if r.reads(m.text) {
		return "read"
	}
	return "delivered"
}

// deletions are the notes that there must be in Chatwoot.
func (c *chat) deletions() []string {
	notes := []string{}
	for _, text := range c.takenBack {
		notes = append(notes, c.name+" deleted this message for everyone. The text stays here. > "+text)
	}
	return notes
}

func (r *traffic) stories(s sides) string {
	var all strings.Builder
	for _, c := range r.chats {
		fmt.Fprintf(&all, "%s\n%s", c.name, s.story(c))
	}
	return all.String()
}

// story tells what became of the agents' messages to a customer.
func (s sides) story(c *chat) string {
	var story strings.Builder
	for _, m := range c.fromAgent {
		now := s.message(m.id)
		fmt.Fprintf(&story, "%d %q %s %s %s\n", m.id, m.text, now.Created.Format(clock), now.Status, now.Reason)
		for _, hook := range s.hooks {
			if hook.Message == m.id {
				fmt.Fprintf(&story, "    %s at %s, %s later: %d %s\n", hook.Event, hook.Sent.Format(clock), hook.Latency, hook.Status, hook.Error)
			}
		}
	}
	for _, text := range s.atDesk(c) {
		fmt.Fprintf(&story, "%q in Chatwoot\n", text)
	}
	for _, m := range s.phones[c] {
		fmt.Fprintf(&story, "%q (%s) at the phone at %s\n", m.Text, m.ID, m.Time.Format(clock))
	}
	return story.String()
}

const clock = "04:05.000"
