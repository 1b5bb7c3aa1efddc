package reconcile

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// One conversation that cannot be listed does not keep the others from being
// compared: it is left behind with its own watermark, tried again ever more
// seldom, and compared from there when Chatwoot lists it again.
func TestT14_AConversationThatCannotBeListedIsLeftBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		broken, sound := d.add(1), d.add(1)
		s := newStand(t, d, NewShared(time.Now), 1)
		s.knows(broken, sound)
		time.Sleep(10 * time.Minute)
		lost := d.write(broken, 4*time.Minute)
		found := d.write(sound, 3*time.Minute)
		d.refuse(func(q question) bool { return q.of(broken.id) })
		s.compares()
		require.Equal(t, []int{found}, s.journaled())
		require.EqualValues(t, found, s.mark().Watermark)
		behind := s.behind()
		require.Len(t, behind, 1)
		require.EqualValues(t, broken.id, behind[0].Conversation)
		require.Zero(t, behind[0].Watermark, "the line's from before")
		require.Equal(t, 1, behind[0].Failures)
		d.questions()

		s.compares()
		require.Zero(t, d.count(func(q question) bool { return q.of(broken.id) }), "it is left in peace for a while")
		last := time.Now()
		for failures := 2; failures < 12; failures++ {
			wait := time.Until(s.behind()[0].Due)
			require.Positive(t, wait)
			require.LessOrEqual(t, wait, behindBackoff.Most*3/2)
			time.Sleep(wait)
			s.compares()
			require.Equal(t, failures, s.behind()[0].Failures)
			require.Equal(t, 1, d.count(func(q question) bool { return q.of(broken.id) }), "it is not insisted on")
			last = time.Now()
		}
		require.Greater(t, s.behind()[0].Due.Sub(last), 5*time.Minute)

		d.answer(nil)
		time.Sleep(time.Until(s.behind()[0].Due))
		s.compares()
		require.Equal(t, []int{found, lost}, s.journaled(), "although the line's watermark has passed it")
		require.Empty(t, s.behind())
	})
}

// A Chatwoot that is away is no fault of a conversation: nothing is changed then.
func TestAComparisonThatCannotFinishChangesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		first, second := d.add(1), d.add(1)
		s := newStand(t, d, NewShared(time.Now), 1)
		s.knows(first, second)
		d.write(first, 0)
		d.write(second, 0)
		before := s.mark()
		read := false
		d.refuse(func(q question) bool { // away after the first conversation
			defer func() { read = read || strings.HasSuffix(q.path, "/messages") }()
			return read
		})
		require.Error(t, s.compare(t.Context(), true, true))
		require.Equal(t, before, s.mark())
		require.Empty(t, s.behind())
		require.Empty(t, s.journaled())
		d.answer(nil)
		s.afterGap()
		require.Len(t, s.journaled(), 2)
	})
}

// What Chatwoot refuses to be done about one conversation keeps no other from
// being done.
func TestT14_ARepairThatIsRefusedIsLeftBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		refused, sound := d.add(1), d.add(1)
		s := newStand(t, d, NewShared(time.Now), 1)
		s.knows(refused, sound)
		found := d.write(sound, 0)
		d.post(refused, map[string]any{"message_type": 0, "status": "failed", "source_id": "WAID:X"}, 0)
		d.answer(func(q question) (int, any) {
			if q.method == http.MethodPatch {
				return http.StatusUnprocessableEntity, map[string]any{"error": "Too many messages"}
			}
			return 0, nil
		})
		s.compares()
		require.Equal(t, []int{found}, s.journaled())
		require.Len(t, s.behind(), 1)
		d.answer(func(q question) (int, any) {
			if q.method == http.MethodPatch {
				return http.StatusOK, map[string]any{"id": 1}
			}
			return 0, nil
		})
		time.Sleep(time.Minute)
		s.compares()
		require.Empty(t, s.behind())
	})
}

// A conversation that was left behind and is deleted is not asked for again, and a
// token that is refused for all stops the line rather than leaving all behind.
func TestWhatIsNotBehindAnyMoreIsForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		c := d.add(1)
		s := newStand(t, d, NewShared(time.Now), 1)
		s.knows(c)
		d.write(c, 0)
		d.refuse(func(q question) bool { return q.of(c.id) })
		s.compares()
		require.Len(t, s.behind(), 1)
		d.answer(nil)
		d.mu.Lock()
		d.conversations = nil
		d.mu.Unlock()
		time.Sleep(time.Minute)
		s.compares()
		require.Empty(t, s.behind())

		d.write(d.add(1), 0)
		d.answer(func(q question) (int, any) {
			if q.list() {
				return 0, nil
			}
			return http.StatusUnauthorized, nil
		})
		var unauthorized *chatwoot.UnauthorizedError
		require.ErrorAs(t, s.compare(t.Context(), false, false), &unauthorized)
		require.Empty(t, s.behind())
	})
}

// Comparisons look back a few minutes and no more, however long something fails.
func TestT14_TheWindowDoesNotGrow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		broken := d.add(1)
		s := newStand(t, d, NewShared(time.Now), 1)
		s.knows(broken)
		d.refuse(func(q question) bool { return q.of(broken.id) })
		for range 60 {
			time.Sleep(time.Minute)
			d.write(broken, 0)
			s.compares()
		}
		for _, q := range d.questions() {
			if q.list() {
				seconds, err := strconv.Atoi(q.within)
				require.NoError(t, err)
				require.LessOrEqual(t, time.Duration(seconds)*time.Second, overlap+2*time.Minute+rounding+slack)
			}
		}
		require.Less(t, time.Since(s.mark().At), time.Minute)
	})
}

// What is behind does not outlive its line.
func TestALineThatIsDeletedLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t, &desk{}, NewShared(time.Now), 1)
		require.NoError(t, s.Line.Store.SetDeleted(t.Context(), "l1", time.Now()))
		require.NoError(t, s.Line.Store.SetBehind(t.Context(), "l1", []lines.Behind{{Conversation: 1}}, lines.Swept{}))
		require.Empty(t, s.behind())
	})
}
