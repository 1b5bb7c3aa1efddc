package crashtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// compare waits until nothing is missing on either side and then holds both to
// the promise: every message once, in order per chat, with its own file and the
// right quote; an agent's message either at the customer or red, never both;
// what an agent deleted taken back or never sent.
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
		if pause(ctx, 200*time.Millisecond); ctx.Err() != nil {
			r.t.Fatalf("never arrived:\n%s\n%s", strings.Join(missing, "\n"), r.stories(s))
		}
	}
	for _, c := range r.chats {
		require.Equal(r.t, list(c.fromCustomer), s.atDesk(c), "%s's messages in Chatwoot", c.name)
		var sent []said
		for _, m := range c.fromAgent {
			if !m.gone && s.message(m.id).Status != red {
				sent = append(sent, m)
			}
		}
		require.Equal(r.t, list(sent), s.atPhone(c), "the messages at %s's phone are those that are not red\n%s", c.name, s.story(c))
	}
}

const red = "failed"

// missing says what is not as it has to become yet.
func (r *traffic) missing(s sides) []string {
	var missing []string
	note := func(format string, args ...any) { missing = append(missing, fmt.Sprintf(format, args...)) }
	for _, c := range r.chats {
		desk, phone, taken := set(s.atDesk(c)), s.idsAtPhone(c), s.takenBack(c)
		for _, text := range list(c.fromCustomer) {
			if !desk[text] {
				note("%s: %q in Chatwoot", c.name, text)
			}
		}
		for _, m := range c.fromAgent {
			id, status := phone[m.text], s.message(m.id).Status
			switch {
			case m.gone:
				if id != "" && !taken[id] {
					note("%s: %q (message %d) was deleted and is still at the phone", c.name, m.text, m.id)
				}
			case s.taken[m.id] && id == "":
				note("%s: %q (message %d) at the phone", c.name, m.text, m.id)
			case id != "" && status != "delivered" && status != "read":
				note("%s: the ticks of %q (message %d): %s", c.name, m.text, m.id, status)
			case id == "" && status != red:
				note("%s: %q (message %d) is neither sent nor red", c.name, m.text, m.id)
			}
		}
	}
	return missing
}

// list names messages for comparison: text, file and quote.
func list(messages []said) []string {
	all := []string{}
	for _, m := range messages {
		all = append(all, strings.TrimSpace(m.text+" "+m.sha256+" "+m.quotes))
	}
	return all
}

// atDesk lists what the customer wrote, as Chatwoot has it.
func (s sides) atDesk(c *chat) []string {
	ids := s.idsAtPhone(c)
	var messages []said
	for _, m := range s.desk {
		if m.Conversation != c.conversation || m.Kind != "incoming" {
			continue
		}
		got := said{text: m.Text}
		for _, f := range m.Files {
			got.sha256 = f.SHA256
		}
		if i := slices.IndexFunc(c.fromAgent, func(a said) bool { return a.id == m.ReplyTo }); i >= 0 {
			got.quotes = ids[c.fromAgent[i].text]
		}
		messages = append(messages, got)
	}
	return list(messages)
}

// atPhone lists what the agents wrote and did not delete, as the customer's
// phone has it.
func (s sides) atPhone(c *chat) []string {
	gone := map[string]bool{}
	for _, m := range c.fromAgent {
		gone[m.text] = m.gone
	}
	var messages []said
	for _, m := range s.phones[c] {
		if m.Text != "" && !gone[m.Text] {
			messages = append(messages, said{text: m.Text, sha256: m.SHA256, quotes: m.Quoted})
		}
	}
	return list(messages)
}

// idsAtPhone gives the WhatsApp ids of the agents' messages at the phone.
func (s sides) idsAtPhone(c *chat) map[string]string {
	ids := map[string]string{}
	for _, m := range s.phones[c] {
		if m.Text != "" {
			ids[m.Text] = m.ID
		}
	}
	return ids
}

// takenBack are the WhatsApp ids that were revoked at the phone.
func (s sides) takenBack(c *chat) map[string]bool {
	ids := map[string]bool{}
	for _, m := range s.phones[c] {
		if m.Target != "" {
			ids[m.Target] = true
		}
	}
	return ids
}

func set(texts []string) map[string]bool {
	all := map[string]bool{}
	for _, text := range texts {
		all[text] = true
	}
	return all
}

// message is an agent's message as Chatwoot has it.
func (s sides) message(id int) chatwoottest.Message {
	i := slices.IndexFunc(s.desk, func(m chatwoottest.Message) bool { return m.ID == id })
	return s.desk[i]
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
		fmt.Fprintf(&story, "%q (%s) at the phone at %s\n", m.Text, m.ID, m.Time.Format(clock))
	}
	return story.String()
}

const clock = "05.000"
