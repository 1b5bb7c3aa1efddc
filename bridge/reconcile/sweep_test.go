package reconcile

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/lines"
)

func ofMessages(q question) bool { return strings.HasSuffix(q.path, "/messages") }

// A comparison that does not come to its end is continued by the next process: what
// is newer comes first, and what was compared is not read again.
func TestT14_ALongComparisonGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, shared := &desk{}, NewShared(time.Now)
		s := newStand(t, d, shared, 1)
		time.Sleep(4 * time.Hour)
		made, messages := several(d, s, 120, 2*time.Hour)
		before := s.mark()
		for _, c := range made[1:] { // customers' messages, about which nothing is to be done
			c.messages[0]["message_type"] = 0
		}
		reads := 0
		d.refuse(func(q question) bool {
			if ofMessages(q) {
				reads++
			}
			return reads > 80 // then Chatwoot is away
		})
		require.Error(t, s.compare(t.Context(), true, true))
		mark := s.mark()
		require.Equal(t, before.Watermark, mark.Watermark)
		require.Equal(t, before.At, mark.At)
		require.True(t, made[74].activity.Equal(mark.Swept.To), "three batches")
		require.Empty(t, s.journaled(), "nothing is done before all is known")
		require.Len(t, s.behind(), 1, "but what is to be done")

		d.answer(nil)
		d.questions()
		time.Sleep(time.Hour)
		s.restart(shared)
		late := d.write(made[10], 0)
		s.afterGap()
		require.Equal(t, []int{late, messages[0]}, s.journaled())
		require.Equal(t, 1+(120-75)+1+1, d.count(ofMessages), "the late one, the rest with the one at whose activity it stopped, and the one with something to do")
		require.Empty(t, s.behind())
		require.Equal(t, lines.Swept{}, s.mark().Swept)
		require.Less(t, time.Since(s.mark().At), time.Minute*5)
	})
}

// A long comparison reports messages that the ledger lacks, and does nothing until
// an admin confirms.
func TestALongComparisonOnlyReportsWhatIsForeign(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, shared := &desk{}, NewShared(time.Now)
		s := newStand(t, d, shared, 1)
		time.Sleep(4 * time.Hour)
		made, messages := several(d, s, 120, 2*time.Hour)
		for _, c := range made[60:62] {
			d.post(c, map[string]any{"message_type": 0, "status": "sent", "source_id": "WAID:UNKNOWN"}, 2*time.Hour+time.Minute)
		}
		for range 2 {
			s.afterGap()
			require.EqualValues(t, 2, s.mark().Foreign)
			require.Empty(t, s.journaled())
			s.restart(shared)
		}
		require.NoError(t, s.Line.Store.ConfirmForeign(t.Context(), "l1"))
		s.afterGap()
		require.ElementsMatch(t, messages, s.journaled())
		require.Zero(t, s.mark().Foreign)
		require.Empty(t, s.behind())
	})
}

// A conversation in which nothing happened costs no request, until it may have been
// changed without a trace.
func TestAConversationThatLooksTheSameIsNotReadAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, shared := &desk{}, NewShared(time.Now)
		s := newStand(t, d, shared, 1)
		made, _ := several(d, s, 3, 0)
		s.compares()
		require.Equal(t, 3, d.count(ofMessages))
		time.Sleep(5 * time.Second)
		s.compares()
		require.Zero(t, d.count(ofMessages))
		time.Sleep(5 * time.Second)
		late := d.write(made[1], 0)
		s.compares()
		require.Equal(t, 1, d.count(ofMessages))
		require.Contains(t, s.journaled(), late)
		time.Sleep(looksFor - 8*time.Second)
		s.compares()
		require.Equal(t, 2, d.count(ofMessages))
		s.afterGap()
		require.Equal(t, 3, d.count(ofMessages), "after a gap it is read further back")
		time.Sleep(3 * time.Minute)
		s.restart(shared)
		require.Zero(t, s.mark().Watermark)
		d.write(made[0], 0)
		s.compares()
		time.Sleep(3 * time.Second)
		require.NotZero(t, s.mark().Watermark)
	})
}
