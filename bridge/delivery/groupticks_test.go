package delivery_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/bridge/delivery"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/linetest"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

const bakers = "120363010000000001@g.us"

// crowd is a connection that knows who is in the group.
type crowd struct {
	members []content.Member
	err     error
}

// MarkRead implements delivery.Session.
func (*crowd) MarkRead(context.Context, string, string, []string, time.Time) error { return nil }

// Group implements delivery.Session.
func (c *crowd) Group(context.Context, string, bool) (content.Group, error) {
	return content.Group{Members: c.members}, c.err
}

// tick takes a member's receipt in and gives how far the message M has come.
func tick(t *testing.T, l *linetest.Line, s *delivery.Statuses, chat, member string, kind types.ReceiptType) idmap.Status {
	t.Helper()
	group, err := types.ParseJID(bakers)
	require.NoError(t, err)
	who, err := types.ParseJID(member)
	require.NoError(t, err)
	e, tells, err := content.ReceiptEnvelope(types.MessageSource{Chat: group, Sender: who, IsGroup: true}, kind, []string{"M"}, time.Now(), func(types.JID) types.JID { return types.EmptyJID })
	require.NoError(t, err)
	require.True(t, tells)
	l.Append(journal.Status, chat, journal.KindReceipt, e.Payload)
	require.Empty(t, l.Drain(linetest.Handlers{journal.Status: {Do: s.HandleReceipt}}))
	link, err := l.IDs.Linked(t.Context(), linetest.ID, "M")
	require.NoError(t, err)
	return link.Status
}

func newGroup(t *testing.T, ticks string, members int, c *crowd) (*linetest.Line, *delivery.Statuses, string) {
	t.Helper()
	l := linetest.New(t, linetest.Options{Settings: func(s *lines.Settings) { s.GroupTicks = ticks }})
	chat := l.Know(bakers, 1)
	l.InTx(func(ctx context.Context, tx *sql.Tx) error {
		return l.IDs.LinkMessage(ctx, tx, idmap.Link{Line: linetest.ID, WA: "M", Chat: chat, Message: 7, Conversation: 1, Origin: idmap.FromAgent, Status: idmap.Sent, Members: members})
	})
	return l, &delivery.Statuses{Inbox: l.Inbox, IDs: l.IDs, DB: l.DB, Journal: l.Journal, Session: c, Clock: l.Clock, Log: l.Log}, chat
}

func TestAGroupHasAMessageWhenAllHaveIt(t *testing.T) {
	t.Parallel()
	const delivered, read = types.ReceiptTypeDelivered, types.ReceiptTypeRead
	l, s, chat := newGroup(t, lines.GroupTicksAll, 3, &crowd{err: errors.New("not known")})
	for i, step := range []struct {
		member string
		kind   types.ReceiptType
		want   idmap.Status
	}{
		{"1@lid", delivered, idmap.Sent},
		{"1:5@lid", delivered, idmap.Sent}, // another device of hers
		{"2@lid", read, idmap.Sent},
		{"1@lid", read, idmap.Sent},
		{"3@lid", delivered, idmap.Delivered},
		{"2@lid", delivered, idmap.Delivered}, // late, and no step back
		{"3@lid", types.ReceiptTypePlayed, idmap.Read},
		{"3@lid", read, idmap.Read},
	} {
		require.Equal(t, step.want, tick(t, l, s, chat, step.member, step.kind), i)
	}
	known, err := l.IDs.In(l.DB).Reached(t.Context(), linetest.ID, "M")
	require.NoError(t, err)
	require.Empty(t, known.Read, "nobody is waited for any more")
}

func TestWhoHasLeftAGroupIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	c := &crowd{members: []content.Member{{JID: "1@lid"}, {JID: "2@lid", Alt: "5511888880002@s.whatsapp.net"}}}
	l, s, chat := newGroup(t, lines.GroupTicksAll, 3, c)
	require.Equal(t, idmap.Sent, tick(t, l, s, chat, "1@lid", types.ReceiptTypeRead))
	require.Equal(t, idmap.Delivered, tick(t, l, s, chat, "2@lid", types.ReceiptTypeDelivered))
	require.Equal(t, idmap.Read, tick(t, l, s, chat, "2@lid", types.ReceiptTypeRead))
}

func TestTheFirstOfAGroupCountsWhereThatIsSet(t *testing.T) {
	t.Parallel()
	l, s, chat := newGroup(t, lines.GroupTicksFirst, 3, &crowd{})
	require.Equal(t, idmap.Delivered, tick(t, l, s, chat, "1@lid", types.ReceiptTypeDelivered))
	require.Equal(t, idmap.Read, tick(t, l, s, chat, "2@lid", types.ReceiptTypeRead))
}
