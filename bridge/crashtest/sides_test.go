package crashtest

import (
	"context"
	"slices"
	"strings"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// sides are what Chatwoot and the customers' phones have.
type sides struct {
	desk   []chatwoottest.Message
	phones map[*chat][]whatsapptest.MessageState
	hooks  []chatwoottest.Delivery
}

func (r *traffic) look(ctx context.Context) (s sides, err error) {
	if s.desk, err = r.sim.Chatwoot.Messages(ctx); err != nil {
		return s, err
	}
	if s.hooks, err = r.sim.Chatwoot.Webhooks(ctx); err != nil {
		return s, err
	}
	s.phones = map[*chat][]whatsapptest.MessageState{}
	for _, c := range r.chats {
		if s.phones[c], err = r.sim.WhatsApp.Messages(ctx, c.number); err != nil {
			return s, err
		}
	}
	return s, nil
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
			got.quotes = strings.Join(ids[c.fromAgent[i].text], " ")
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
	text := ""
	for _, m := range s.phones[c] {
		alone := isFileAlone(m)
		if m.Text != "" {
			text = m.Text
		}
		switch {
		case gone[text]:
		case alone && len(messages) > 0:
			messages[len(messages)-1].sha256 = m.SHA256
		case m.Text != "":
			messages = append(messages, said{text: m.Text, sha256: m.SHA256, quotes: m.Quoted})
		}
	}
	return list(messages)
}

// isFileAlone reports whether a message is a file whose text came before it,
// because files of its kind have none. Random ones look like sound at times.
func isFileAlone(m whatsapptest.MessageState) bool { return m.Text == "" && m.SHA256 != "" }

// idsAtPhone gives the WhatsApp ids of the agents' messages at the phone, by
// their texts.
func (s sides) idsAtPhone(c *chat) map[string][]string {
	ids := map[string][]string{}
	for _, m := range s.phones[c] {
		if m.Text != "" {
			ids[m.Text] = append(ids[m.Text], m.ID)
		}
	}
	return ids
}

// received reports whether the phone has got a message.
func (s sides) received(c *chat, id string) bool {
	return slices.ContainsFunc(s.phones[c], func(m whatsapptest.MessageState) bool { return m.ID == id })
}

// revoked are the WhatsApp ids that were revoked at the phone.
func (s sides) revoked(c *chat) []string {
	ids := []string{}
	for _, m := range s.phones[c] {
		if m.Target != "" {
			ids = append(ids, m.Target)
		}
	}
	return ids
}

// notes lists what the customer deleted, as Chatwoot has it: a note at the
// message, whose text stays.
func (s sides) notes(c *chat) []string {
	notes := []string{}
	for _, m := range s.desk {
		if m.Conversation == c.conversation && m.Private {
			notes = append(notes, m.Text+" > "+s.message(m.ReplyTo).Text)
		}
	}
	return notes
}

func set(texts []string) map[string]bool {
	all := map[string]bool{}
	for _, text := range texts {
		all[text] = true
	}
	return all
}

// dropped reports whether Chatwoot lost the webhook about a new message.
func (s sides) dropped(message int) bool {
	return slices.ContainsFunc(s.hooks, func(hook chatwoottest.Delivery) bool {
		return hook.Event == "message_created" && hook.Message == message && hook.Dropped
	})
}

// message is a message as Chatwoot has it; its zero value is none.
func (s sides) message(id int) chatwoottest.Message {
	if i := slices.IndexFunc(s.desk, func(m chatwoottest.Message) bool { return m.ID == id }); i >= 0 {
		return s.desk[i]
	}
	return chatwoottest.Message{}
}
