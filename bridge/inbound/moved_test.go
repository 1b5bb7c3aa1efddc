package inbound_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/bridge/work"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// unlock lets the inbox have several conversations with a customer.
func (o *office) unlock() {
	o.ask(http.MethodPatch, "/inboxes/"+strconv.Itoa(o.Inboxes()[0].ID), `{"lock_to_single_conversation":false}`)
}

// resolve has an agent resolve a conversation, and tells the line.
func (o *office) resolve(conversation int) {
	o.t.Helper()
	require.NoError(o.t, o.Resolve(conversation))
	require.NoError(o.t, o.intake.AcceptEvent(o.t.Context(), chatwoot.Event{Kind: chatwoot.EventStatusChanged, Conversation: o.eventOf(conversation, "resolved")}, nil))
}

// eventOf is what an event says of a conversation.
func (o *office) eventOf(conversation int, status string) chatwoot.EventConversation {
	return chatwoot.EventConversation{ID: chatwoot.ConversationID(conversation), Status: status, SourceID: o.contactSource()}
}

// begin has an agent begin another conversation with the only customer.
func (o *office) begin() (conversation int) {
	o.t.Helper()
	client := o.line.Inbox.Client()
	made, err := client.CreateConversation(o.t.Context(), o.line.Inbox.Line().Inbox, chatwoot.ContactID(o.contact().ID), o.contactSource())
	require.NoError(o.t, err)
	return int(made.ID)
}

// reply has an agent write into a conversation, and tells the line.
func (o *office) reply(conversation int, words, status string) chatwoottest.Message {
	o.t.Helper()
	m, err := o.Reply(conversation, words)
	require.NoError(o.t, err)
	o.told(m, status)
	return m
}

// told tells the line of an agent's message.
func (o *office) told(m chatwoottest.Message, status string) {
	o.t.Helper()
	require.NoError(o.t, o.intake.AcceptEvent(o.t.Context(), chatwoot.Event{
		Kind: chatwoot.EventMessageCreated, Conversation: o.eventOf(m.Conversation, status),
		Message: chatwoot.Message{ID: chatwoot.MessageID(m.ID), Conversation: chatwoot.ConversationID(m.Conversation), Content: m.Text, Type: chatwoot.Outgoing, CreatedAt: chatwoot.Time{Time: o.line.Clock()}},
	}, []byte("{}")))
}

// losePost does the next job of a queue once. The answer to its post is lost, and so
// is the look that follows. A process that is killed records nothing of that.
func (o *office) losePost(queue journal.Queue, killed bool) {
	o.t.Helper()
	var posted atomic.Bool
	defer o.OnRequest(func(r *http.Request) chatwoottest.Fault {
		switch {
		case posted.Load():
			return chatwoottest.Fault{Status: http.StatusBadGateway, ContentType: "text/html", Body: "<html>"}
		case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/messages"):
			posted.Store(true)
			return chatwoottest.AmbiguousCreate()
		}
		return chatwoottest.Fault{}
	})()
	lease := o.line.Claim(queue)
	jobs, err := lease.Next(o.t.Context(), 1)
	require.NoError(o.t, err)
	j := &work.Job{Job: jobs[0], Lease: lease, Epoch: lease.Epoch()}
	do := o.in.Handle
	if queue == journal.Maintenance {
		do = o.upkeep
	}
	failure := do(o.t.Context(), j)
	require.Error(o.t, failure)
	if killed {
		require.NoError(o.t, o.line.Journal.EndLeases(o.t.Context(), false))
		return
	}
	require.NoError(o.t, lease.Fail(o.t.Context(), j.Job, journal.Failure{Outcome: journal.Retried, Cause: "lost", RetryAt: o.line.Clock(), MayHaveActed: j.MayHaveActed}))
}

// copies counts the messages with a source id.
func (o *office) copies(id string) (n int) {
	for _, m := range o.messages() {
		if m.SourceID == "WAID:"+id {
			n++
		}
	}
	return n
}

func TestT10_WhatWasPostedIsNotPostedAgainInAnotherConversation(t *testing.T) {
	t.Parallel()
	for what, post := range map[string]struct {
		message  func(o *office) *waE2E.Message
		before   []error // how the downloads fail
		queue    journal.Queue
		suffixes []string
	}{
		"a text": {message: func(*office) *waE2E.Message { return text("once") }, queue: journal.In, suffixes: []string{""}},
		"a file": {message: func(o *office) *waE2E.Message { return o.image([]byte("\xff\xd8\xff"), "look") }, queue: journal.In, suffixes: []string{""}},
		"a file that follows": {
			message: func(o *office) *waE2E.Message { return o.image([]byte("\xff\xd8\xff"), "look") },
			before:  []error{whatsapp.ErrMediaGone}, queue: journal.Maintenance, suffixes: []string{"", "#file"},
		},
	} {
		for between, change := range map[string]func(o *office, first int){
			"it was resolved":         func(o *office, first int) { o.resolve(first) },
			"an agent began another":  func(o *office, _ int) { o.reply(o.begin(), "hello", "open") },
			"resolved, and a new one": func(o *office, first int) { o.resolve(first); o.reply(o.begin(), "hello", "open") },
		} {
			for end, killed := range map[string]bool{"failed": false, "killed": true} {
				t.Run(what+", "+between+", "+end, func(t *testing.T) {
					t.Parallel()
					o := newOffice(t)
					o.unlock()
					o.from(alicia, byNumber, text("hi"))
					first := o.Conversations()[0].ID
					o.files.failures = post.before
					id := o.take(alicia, byNumber, post.message(o))
					if post.queue == journal.Maintenance {
						o.line.Drain(linetest.Handlers{journal.In: {Do: o.in.Handle}})
						o.files.failures = nil
					}
					o.losePost(post.queue, killed)
					change(o, first)
					conversations := len(o.Conversations())
					o.drain()
					for _, suffix := range post.suffixes {
						require.Equal(t, 1, o.copies(id+suffix), o.View())
						require.Equal(t, first, o.posted(id+suffix).Conversation)
					}
					require.Len(t, o.Conversations(), conversations, "what is there opens nothing")
				})
			}
		}
	}
}

func TestT10_AReplayLooksWhereItWasPosted(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.unlock()
	o.from(alicia, byNumber, text("hi"))
	first := o.Conversations()[0].ID
	id := o.take(alicia, byNumber, text("once"))
	o.losePost(journal.In, false)
	lease := o.line.Claim(journal.In)
	jobs, err := lease.Next(t.Context(), 2)
	require.NoError(t, err)
	require.Equal(t, []int64{int64(first)}, jobs[0].Targets)
	require.NoError(t, lease.Dead(t.Context(), jobs[0], "given up", nil))
	for last := first; len(o.Conversations()) < 8; {
		o.resolve(last)
		last = o.posted(o.from(alicia, byNumber, text("again"))).Conversation
	}
	require.NoError(t, o.line.Journal.Replay(t.Context(), jobs[0].ID))
	o.drain()
	require.Equal(t, 1, o.copies(id), o.View())
}

func TestT10_WhatADeletedConversationHeldIsPostedAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.unlock()
	o.from(alicia, byNumber, text("hi"))
	first := o.Conversations()[0].ID
	id := o.take(alicia, byNumber, text("once"))
	o.losePost(journal.In, false)
	require.NoError(t, o.DeleteConversation(first))
	o.drain()
	require.Equal(t, 1, o.copies(id), o.View())
	require.NotEqual(t, first, o.posted(id).Conversation)
}

func TestK7_TheInboxAsItIsNowDecidesAboutAResolvedConversation(t *testing.T) {
	t.Parallel()
	for name, unlocked := range map[string]bool{"unlocked meanwhile": true, "locked": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			_, err := o.line.Inbox.Read(t.Context(), o.line.Inbox.Client())
			require.NoError(t, err)
			o.from(alicia, byNumber, text("hi"))
			first := o.Conversations()[0].ID
			o.resolve(first)
			if unlocked {
				o.unlock()
			}
			one, two := o.from(alicia, byNumber, text("again")), o.from(alicia, byNumber, text("and again"))
			require.Equal(t, unlocked, o.posted(one).Conversation != first)
			require.Equal(t, o.posted(one).Conversation, o.posted(two).Conversation)
		})
	}
}

func TestK7_TheAnswerComesIntoTheConversationInWhichTheAgentWroteLast(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]string{"its status is told": "open", "it is not told": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.unlock()
			o.from(alicia, byNumber, text("hi"))
			first := o.Conversations()[0].ID
			second := o.begin()
			early := o.reply(second, "hello", status)
			require.Equal(t, second, o.posted(o.from(alicia, byNumber, text("an answer"))).Conversation)
			o.reply(first, "about before", status)
			require.Equal(t, first, o.posted(o.from(alicia, byNumber, text("yes"))).Conversation)
			o.told(early, status)
			require.Equal(t, first, o.posted(o.from(alicia, byNumber, text("and"))).Conversation, "an earlier message that is told late changes nothing")
			o.resolve(second)
			o.reply(second, "thanks", "resolved")
			require.Equal(t, first, o.posted(o.from(alicia, byNumber, text("bye"))).Conversation)
		})
	}
}
