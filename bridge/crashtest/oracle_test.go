package crashtest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// compare waits until nothing is missing on either side and then holds both to
// the promise: every message once, in order per chat, with its own file; an
// agent's message either at the customer or red, never both.
func (r *traffic) compare() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	var s sides
	for {
		var err error
		s, err = r.look(ctx)
		require.NoError(r.t, err)
		missing := r.missing(s)
		if len(missing) == 0 {
			break
		}
		select {
		case <-ctx.Done():
			r.t.Fatalf("never arrived:\n%s\n%s", strings.Join(missing, "\n"), r.stories(s))
		case <-time.After(200 * time.Millisecond):
		}
	}
	for _, c := range r.chats {
		require.Equal(r.t, list(c.fromCustomer), r.atDesk(s, c), "%s's messages in Chatwoot", c.name)
		var sent []said
		for _, m := range c.fromAgent {
			if s.message(m.id).Status != "failed" {
				sent = append(sent, m)
			}
		}
		require.Equal(r.t, list(sent), r.atPhone(s, c), "the messages at %s's phone are those that are not red\n%s", c.name, s.story(c))
	}
}

// missing says what is not where it has to be yet.
func (r *traffic) missing(s sides) []string {
	var missing []string
	note := func(format string, args ...any) { missing = append(missing, fmt.Sprintf(format, args...)) }
	for _, c := range r.chats {
		desk, phone := set(r.atDesk(s, c)), set(r.atPhone(s, c))
		for _, text := range list(c.fromCustomer) {
			if !desk[text] {
				note("%s: %q in Chatwoot", c.name, text)
			}
		}
		for _, m := range c.fromAgent {
			text, status := list([]said{m})[0], s.message(m.id).Status
			switch {
			case s.taken[m.id] && !phone[text]:
				note("%s: %q (message %d) at the phone", c.name, text, m.id)
			case phone[text] && status != "delivered" && status != "read":
				note("%s: the ticks of %q (message %d): %s", c.name, text, m.id, status)
			case !phone[text] && status != "failed":
				note("%s: %q (message %d) is neither sent nor red", c.name, text, m.id)
			}
		}
	}
	return missing
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
	for _, m := range s.phones[c] {
		fmt.Fprintf(&story, "%q at the phone at %s\n", m.Text, m.Time.Format(clock))
	}
	return story.String()
}

const clock = "05.000"

// list names messages for comparison: text and file.
func list(messages []said) []string {
	all := []string{}
	for _, m := range messages {
		all = append(all, strings.TrimSpace(m.text+" "+m.sha256))
	}
	return all
}

// atDesk lists what the customer wrote, as Chatwoot has it.
func (r *traffic) atDesk(s sides, c *chat) []string {
	var messages []said
	for _, m := range s.desk {
		if m.Conversation != c.conversation || m.Kind != "incoming" {
			continue
		}
		got := said{text: m.Text}
		for _, f := range m.Files {
			got.sha256 = f.SHA256
		}
		messages = append(messages, got)
	}
	return list(messages)
}

// atPhone lists what the agents wrote, as the customer's phone has it.
func (r *traffic) atPhone(s sides, c *chat) []string {
	var messages []said
	for _, m := range s.phones[c] {
		messages = append(messages, said{text: m.Text, sha256: m.SHA256})
	}
	return list(messages)
}

func set(texts []string) map[string]bool {
	all := map[string]bool{}
	for _, text := range texts {
		all[text] = true
	}
	return all
}
