package delivery_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/delivery"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

const alice = "5511888880002@s.whatsapp.net"

// reader is a connection that remembers what was shown as read.
type reader struct{ read []string }

// MarkRead implements delivery.Session.
func (r *reader) MarkRead(_ context.Context, _, _ string, ids []string, _ time.Time) error {
	r.read = append(r.read, ids...)
	return nil
}

// Group implements delivery.Session.
func (*reader) Group(context.Context, string, bool) (content.Group, error) {
	return content.Group{}, nil
}

// desk is a line whose Chatwoot says when agents have seen which conversation.
type desk struct {
	*linetest.Line
	t     *testing.T
	s     *delivery.Statuses
	phone *reader
	seen  map[int64]int64
	asked []string
}

func newDesk(t *testing.T, ticks string) *desk {
	d := &desk{t: t, phone: &reader{}, seen: map[int64]int64{}}
	server := &linetest.Chatwoot{Decide: func(_ *linetest.Chatwoot, r *http.Request) (*http.Response, error) {
		d.asked = append(d.asked, r.URL.Path)
		if strings.HasSuffix(r.URL.Path, "/conversations") {
			var listed []any
			for id, at := range d.seen {
				listed = append(listed, map[string]any{"id": id, "agent_last_seen_at": at})
			}
			return linetest.Answer(r, http.StatusOK, map[string]any{"data": map[string]any{"payload": listed}}), nil
		}
		var id int64
		_, err := fmt.Sscanf(r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:], "%d", &id)
		require.NoError(t, err)
		return linetest.Answer(r, http.StatusOK, map[string]any{"id": id, "agent_last_seen_at": d.seen[id]}), nil
	}}
	d.Line = linetest.New(t, linetest.Options{Chatwoot: server, Settings: func(s *lines.Settings) { s.BlueTicks = ticks }})
	d.s = &delivery.Statuses{Inbox: d.Inbox, IDs: d.IDs, DB: d.DB, Journal: d.Journal, Session: d.phone, Clock: d.Clock, Log: d.Log}
	return d
}

// writes is a customer's message that came into Chatwoot at a second.
func (d *desk) writes(jid, wa string, conversation, at int64) idmap.Chat {
	d.t.Helper()
	id := d.Know(jid, conversation)
	d.InTx(func(ctx context.Context, tx *sql.Tx) error {
		return d.IDs.LinkMessage(ctx, tx, idmap.Link{
			Line: linetest.ID, WA: wa, Chat: id, Message: at, Conversation: conversation, Origin: idmap.FromCustomer, Sender: jid, Written: time.Unix(at, 0),
		})
	})
	chat, err := d.IDs.ChatByConversation(d.t.Context(), linetest.ID, conversation)
	require.NoError(d.t, err)
	d.s.NoteArrival(d.t.Context(), chat, at)
	return chat
}

func TestAnOpenedConversationIsShownAsReadUpToThen(t *testing.T) {
	t.Parallel()
	d := newDesk(t, lines.BlueOnOpen)
	d.s.LookAtOpened(t.Context())
	require.Empty(t, d.asked, "nothing is unseen")
	chat := d.writes(alice, "A", 1, 100)
	d.writes(alice, "B", 1, 110)
	d.s.LookAtOpened(t.Context())
	require.Empty(t, d.phone.read)
	d.seen[1] = 105
	d.s.LookAtOpened(t.Context())
	require.Equal(t, []string{"A"}, d.phone.read)
	d.s.MarkAnswered(t.Context(), chat, alice, chatwoot.Message{Author: chatwoot.Author{ID: 1, Type: "agent_bot"}})
	require.Equal(t, []string{"A"}, d.phone.read, "a bot has opened nothing")
	d.seen[1] = 110
	d.s.LookAtOpened(t.Context())
	require.Equal(t, []string{"A", "B"}, d.phone.read)
	n := len(d.asked)
	d.s.LookAtOpened(t.Context())
	require.Len(t, d.asked, n, "only what is unseen is looked at")
}

func TestManyUnseenConversationsAreListed(t *testing.T) {
	t.Parallel()
	d := newDesk(t, lines.BlueOnOpen)
	for i := range int64(20) {
		d.writes(fmt.Sprint(5511888880100+i, "@s.whatsapp.net"), fmt.Sprint("M", i), i+1, 100)
		if i < 10 {
			d.seen[i+1] = 100
		}
	}
	d.s.LookAtOpened(t.Context())
	require.Len(t, d.phone.read, 10)
	require.LessOrEqual(t, len(d.asked), 4)
}

func TestBlueTicksComeWhenTheSettingSays(t *testing.T) {
	t.Parallel()
	for ticks, want := range map[string][]string{
		lines.BlueOnArrival: {"A", "-"}, lines.BlueOnReply: {"-", "A"}, lines.BlueNever: {"-"}, lines.BlueOnOpen: {"-"},
	} {
		d := newDesk(t, ticks)
		chat := d.writes(alice, "A", 1, 100)
		got := append(d.phone.read, "-")
		d.phone.read = nil
		d.s.MarkAnswered(t.Context(), chat, alice, chatwoot.Message{Author: chatwoot.Author{ID: 1, Type: "agent_bot"}})
		require.Equal(t, want, append(got, d.phone.read...), ticks)
	}
}
