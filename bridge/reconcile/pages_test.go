package reconcile

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// several makes conversations, in each of which an agent has written something that
// nobody told of; the newest comes first.
func several(d *desk, s *stand, n int, age time.Duration) (made []*conversation, messages []int) {
	for i := range n {
		c := d.add(1)
		s.knows(c)
		messages = append(messages, d.write(c, age+time.Duration(i)*time.Second))
		made = append(made, c)
	}
	return made, messages
}

// A list that is larger than an answer may be does not keep a line from being
// compared: pages are read instead, and the list is not asked for again for a while.
func TestT14_AListThatIsTooLargeIsReadByPages(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(q question) (int, any){
		"33 MB":       func(question) (int, any) { return http.StatusOK, strings.Repeat("x", 33<<20) },
		"500":         func(question) (int, any) { return http.StatusInternalServerError, nil },
		"cut in half": func(question) (int, any) { return http.StatusOK, "half of it" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := &desk{}
				s := newStand(t, d, NewShared(time.Now), 1)
				_, messages := several(d, s, 20, 0)
				several(d, s, 20, 14*time.Minute) // before the last comparison
				d.answer(func(q question) (int, any) {
					if q.within == "" {
						return 0, nil
					}
					return answer(q)
				})
				s.compares()
				require.ElementsMatch(t, messages, s.journaled())
				asked := d.questions()
				require.Equal(t, 2, count(asked, func(q question) bool { return q.within != "" }))
				require.Equal(t, 2, count(asked, func(q question) bool { return q.page != "" }))

				time.Sleep(time.Minute)
				late := d.write(d.conversations[0], 0)
				s.compares()
				require.Contains(t, s.journaled(), late)
				asked = d.questions()
				require.Zero(t, count(asked, func(q question) bool { return q.within != "" }))
				require.Equal(t, 1, count(asked, func(q question) bool { return q.page != "" }), "no further back than there is something new")

				d.answer(nil)
				time.Sleep(heavyBackoff.First)
				s.compares()
				asked = d.questions()
				require.Equal(t, 1, count(asked, func(q question) bool { return q.within != "" }))
				require.Zero(t, count(asked, func(q question) bool { return q.page != "" }))
			})
		})
	}
}

func count(asked []question, fits func(q question) bool) (n int) {
	for _, q := range asked {
		if fits(q) {
			n++
		}
	}
	return n
}

// After a long time all that has changed is not asked for at once. Of what did not
// change only pages are read.
func TestT14_ALongGapIsReadByPages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		s := newStand(t, d, NewShared(time.Now), 1)
		several(d, s, 60, 70*time.Hour) // too old to be taken back
		several(d, s, 30, 50*time.Hour)
		time.Sleep(time.Hour)
		s.afterGap()
		d.questions()
		require.Len(t, s.journaled(), 0, "all are older than the line")

		time.Sleep(time.Hour)
		_, messages := several(d, s, 3, 30*time.Minute)
		s.afterGap()
		require.ElementsMatch(t, messages, s.journaled())
		asked := d.questions()
		require.Zero(t, count(asked, func(q question) bool { return q.within != "" }))
		require.Equal(t, 2, count(asked, func(q question) bool { return q.page != "" }), "33 of them are younger than 60 hours")
		require.Equal(t, 3, count(asked, func(q question) bool { return strings.HasSuffix(q.path, "/messages") }))
	})
}

// A page that cannot be listed while the others can is left out in the end. What is in
// it is not passed over: it is found when the page can be listed, if that is not for ever.
func TestT14_APageThatCannotBeListedDoesNotEndEveryComparison(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		s := newStand(t, d, NewShared(time.Now), 1)
		time.Sleep(time.Hour)
		_, messages := several(d, s, 70, time.Minute)
		d.refuse(func(q question) bool { return q.page == "2" })
		for range skipAfter {
			require.Error(t, s.compare(t.Context(), true, true))
			require.Empty(t, s.journaled())
		}
		s.afterGap()
		require.ElementsMatch(t, append(slices.Clone(messages[:25]), messages[50:]...), s.journaled())
		time.Sleep(30 * time.Minute)
		s.compares()
		d.answer(nil)
		s.compares()
		require.ElementsMatch(t, messages, s.journaled())
		require.Less(t, time.Since(s.mark().At), time.Minute)

		d.refuse(func(q question) bool { return q.page == "1" || q.within != "" })
		began := s.mark().At
		for time.Since(began) < leftOutMost {
			time.Sleep(10 * time.Minute)
			_ = s.compare(t.Context(), false, false)
			require.Equal(t, began, s.mark().At)
		}
		time.Sleep(leftOutMost)
		s.compares()
		require.Less(t, time.Since(s.mark().At), time.Minute)
	})
}

// A conversation that is deleted while pages are read moves the others up, and none
// slips through.
func TestWhatMovesUpAPageIsRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		s := newStand(t, d, NewShared(time.Now), 1)
		time.Sleep(time.Hour)
		_, messages := several(d, s, 60, time.Minute)
		deleted := false
		d.answer(func(q question) (int, any) {
			if q.page == "2" && !deleted {
				d.conversations, deleted = d.conversations[3:], true
			}
			return 0, nil
		})
		s.afterGap()
		require.ElementsMatch(t, messages[3:], s.journaled())
	})
}

// Chatwoot counts a list's window from when it answers. When a request has waited
// for long, at the gate or elsewhere, the window's beginning is not in the list.
func TestAListThatCameLateIsNotBelieved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		s := newStand(t, d, NewShared(time.Now), 1)
		time.Sleep(5 * time.Minute)
		_, messages := several(d, s, 1, 4*time.Minute)
		limited := false
		d.answer(func(q question) (int, any) {
			if q.within != "" && !limited {
				limited = true // the next one waits for five minutes
				return http.StatusTooManyRequests, nil
			}
			return 0, nil
		})
		s.compares()
		require.Equal(t, messages, s.journaled())
	})
}
