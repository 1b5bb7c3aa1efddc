package bridge_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// restored takes Chatwoot back to the backup; its clock goes on, as clocks do.
func (w *world) restored() {
	w.t.Helper()
	for _, direction := range []string{"in", "out", "status", "upkeep"} {
		w.idle(direction)
	}
	require.NoError(w.t, w.desk.WaitIdle(w.t.Context()))
	w.desk.SetClockAhead(5 * time.Second)
	require.NoError(w.t, w.desk.Restore())
}

// exchange has Alice ask and an agent answer, and waits for the tick.
func (w *world) exchange(question, answer string) chatwoottest.Message {
	w.t.Helper()
	w.alice.SendText(w.phone, question)
	asked := w.desk.wait(question, withText(question))
	reply, err := w.desk.Reply(asked.Conversation, answer)
	require.NoError(w.t, err)
	w.desk.wait("the tick", withStatus(reply.ID, "delivered"))
	return reply
}

func (w *world) restores() (n int) {
	w.t.Helper()
	require.NoError(w.t, w.db.QueryRow(`SELECT restores FROM line WHERE id = $1`, string(w.line)).Scan(&n))
	return n
}

// Chatwoot gives the ids of lost messages to new ones: those are messages of their own,
// and nobody gets one of before again.
func TestT09_AMessageWithTheIDOfALostOneIsSentOnceAndShownTruly(t *testing.T) {
	eachListening(t, func(t *testing.T, w *world) {
		w.exchange("one", "answer one")
		require.NoError(t, w.desk.Backup())
		lost := w.exchange("two", "answer two")
		third, err := w.desk.Reply(lost.Conversation, "answer three")
		require.NoError(t, err)
		w.desk.wait("the tick", withStatus(third.ID, "delivered"))
		w.restored()

		var again []chatwoottest.Message
		for _, text := range []string{"after the restore", "and once more", "and more", "the last"} {
			m := w.desk.say(text)
			again = append(again, m)
			w.desk.wait("the tick of "+text, withStatus(m.ID, "delivered"))
		}
		require.Less(t, again[0].ID, third.ID, "ids are given again")
		there, err := w.alice.WaitText(patience, "the last")
		require.NoError(t, err)
		w.alice.MarkRead(there.ID)
		w.desk.wait("the blue tick", withStatus(again[3].ID, "read"))
		w.exchange("still there?", "yes")
		require.Equal(t, []string{"answer one", "answer two", "answer three", "after the restore", "and once more", "and more", "the last", "yes"}, w.alice.Texts())
		require.Equal(t, []string{"one", "still there?"}, w.desk.incoming())
		require.Equal(t, 1, w.restores())
		require.Len(t, w.desk.Contacts(), 1)
		require.NoError(t, w.desk.Delete(again[0].ID))
		taken, err := w.alice.WaitKind(patience, "revoke")
		require.NoError(t, err)
		first, err := w.alice.WaitText(patience, "after the restore")
		require.NoError(t, err)
		require.Equal(t, first.ID, taken.Target())
	})
}

// A customer's message may be the first that gets an id again, and somebody else may get
// the conversation's number.
func TestT09_ARestoredChatwootShowsNobodyInSomebodyElsesConversation(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		require.NoError(t, w.desk.Backup())
		lost := w.exchange("I am Alice", "hello Alice")
		w.exchange("Alice again", "hello again")
		w.restored()
		bob := w.wa.NewPeer("5511777770003", "Bob")
		bob.SendText(w.phone, "I am Bob")
		his := w.desk.wait("Bob", withText("I am Bob"))
		require.Equal(t, lost.Conversation, his.Conversation, "the number is given again")
		w.alice.SendText(w.phone, "Alice after that")
		hers := w.desk.wait("Alice", withText("Alice after that"))
		require.NotEqual(t, his.Conversation, hers.Conversation)
		for conversation, text := range map[int]string{hers.Conversation: "to Alice", his.Conversation: "to Bob"} {
			m, err := w.desk.Reply(conversation, text)
			require.NoError(t, err)
			w.desk.wait("the tick", withStatus(m.ID, "delivered"))
		}
		require.Equal(t, []string{"hello Alice", "hello again", "to Alice"}, w.alice.Texts())
		require.Equal(t, []string{"to Bob"}, bob.Texts())
	})
}

// What was under way is sent, once, and is no other message.
func TestT09_AMessageThatChatwootLostWhileItWaitedIsSentBesideTheNewOne(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		w.exchange("one", "answer one")
		require.NoError(t, w.desk.Backup())
		plug := w.unplug()
		waiting := w.desk.say("it waits")
		w.told("created", waiting.ID)
		w.desk.SetClockAhead(5 * time.Second)
		require.NoError(t, w.desk.Restore())
		fresh := w.desk.say("after the restore")
		require.Equal(t, waiting.ID, fresh.ID)
		w.told("created", fresh.ID)
		plug()
		w.desk.wait("the tick", withStatus(fresh.ID, "delivered"))
		w.idle("out")
		require.ElementsMatch(t, []string{"answer one", "it waits", "after the restore"}, w.alice.Texts())
	}, byBoth)
}

// Whoever administers the line reads that Chatwoot was restored, also after a restart, for
// a week.
func TestT09_AdminsReadThatChatwootWasRestored(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		notice := func() string {
			status, err := w.bridge.LineStatus(t.Context(), w.line)
			require.NoError(t, err)
			return status.Notice
		}
		w.exchange("one", "answer one")
		require.NoError(t, w.desk.Backup())
		w.exchange("two", "answer two")
		w.restored()
		require.NotContains(t, notice(), "restored")
		m := w.desk.say("after the restore")
		w.desk.wait("the tick", withStatus(m.ID, "delivered"))
		require.Eventually(t, func() bool { return strings.Contains(notice(), "restored") }, patience, 20*time.Millisecond)
		told := notice()
		require.Contains(t, told, "What was written ")
		require.Contains(t, told, "nothing is sent twice")
		w.away(func() { w.pass(24 * time.Hour) })
		require.Equal(t, told, notice())
		w.away(func() { w.pass(7 * 24 * time.Hour) })
		require.NotContains(t, notice(), "restored")
	})
}

// A comparison finds what nobody told, and sends nothing of before again.
func TestK7_AComparisonAfterARestoreSendsWhatIsNewAndNothingElse(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		w.exchange("one", "answer one")
		require.NoError(t, w.desk.Backup())
		w.exchange("two", "answer two")
		w.exchange("three", "answer three")
		w.restored()
		w.away(func() {
			w.desk.AddWebhookRule(chatwoottest.WebhookRule{Event: "message_created", Times: 1, Fault: chatwoottest.WebhookFault{Drop: true}})
			w.desk.say("written while the bridge was away")
		})
		_, err := w.alice.WaitText(patience, "written while the bridge was away")
		require.NoError(t, err)
		w.exchange("and now?", "now too")
		w.idle("out")
		require.Equal(t, []string{"answer one", "answer two", "answer three", "written while the bridge was away", "now too"}, w.alice.Texts())
		require.Equal(t, []string{"one", "and now?"}, w.desk.incoming())
		require.Equal(t, 1, w.restores())
	})
}
