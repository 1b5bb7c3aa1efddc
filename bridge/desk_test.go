package bridge_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// desk is a simulated Chatwoot and what the tests ask of it again and again.
type desk struct {
	*chatwoottest.Server
	t testing.TB
}

func newDesk(t testing.TB) desk { return newDeskOf(t, chatwoottest.DefaultVersion) }

// newDeskOf is a Chatwoot of another release.
func newDeskOf(t testing.TB, version string) desk {
	d := desk{chatwoottest.New(chatwoottest.Options{Dir: t.TempDir(), Version: version}), t}
	require.NoError(t, d.Start())
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

// wait blocks until a message fits.
func (d desk) wait(what string, fits func(chatwoottest.Message) bool) chatwoottest.Message {
	d.t.Helper()
	m, err := d.WaitMessage(patience, fits)
	require.NoError(d.t, err, what)
	return m
}

// say is an agent's reply in the only conversation there is.
func (d desk) say(text string, options ...chatwoottest.MessageOption) chatwoottest.Message {
	d.t.Helper()
	conversations := d.Conversations()
	require.Len(d.t, conversations, 1)
	m, err := d.Reply(conversations[0].ID, text, options...)
	require.NoError(d.t, err)
	return m
}

// webhookTaken blocks until the bridge has answered the webhook of a new message.
func (d desk) webhookTaken(message int) {
	d.t.Helper()
	_, err := d.WaitWebhook(patience, func(w chatwoottest.Delivery) bool {
		return w.Event == "message_created" && w.Message == message && w.Status == http.StatusOK
	})
	require.NoError(d.t, err)
}

// incoming lists the customer's texts as the desk has them.
func (d desk) incoming() []string {
	var texts []string
	for _, c := range d.Conversations() {
		for _, m := range d.Messages(c.ID) {
			if m.Kind == "incoming" {
				texts = append(texts, m.Text)
			}
		}
	}
	return texts
}

func withText(text string) func(chatwoottest.Message) bool {
	return func(m chatwoottest.Message) bool { return m.Text == text }
}

func withStatus(id int, status string) func(chatwoottest.Message) bool {
	return func(m chatwoottest.Message) bool { return m.ID == id && m.Status == status }
}
