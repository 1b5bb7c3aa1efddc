package work_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/bridge/work"
)

// A lane that was not released cleanly stays such a one when its line is just
// being replaced: what its head may have posted is still to be looked for.
func TestUncleanLaneIsNeverReleased(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		l := s.add("l1", &script{})
		l.write(1, "m")
		claim := func() *journal.Lease {
			lease, err := s.journal.Claim(t.Context(), journal.Filter{Queue: journal.In})
			require.NoError(t, err)
			require.NotNil(t, lease)
			return lease
		}
		claim()
		time.Sleep(time.Minute) // whoever holds it has died
		l.hidden = true
		s.start()
		time.Sleep(time.Minute)
		s.stop()
		time.Sleep(time.Minute)
		require.True(t, claim().Unclean())
	})
}

// A panic below a job ends nothing but the job: it is counted and logged with
// its stack, a line stands in the place of the message, and what comes after it
// arrives. A dozen of them use nothing up.
func TestR01_APanicEndsOneJobAndNothingElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const panics = 12
		at := &brittle{}
		s := newStand(t)
		l := s.add("l1", at)
		for i := range panics {
			l.write(1+i%2, fmt.Sprintf("poison %d", i))
			l.write(1+i%2, fmt.Sprintf("fine %d", i))
			l.write(3, fmt.Sprintf("elsewhere %d", i))
		}
		s.start()
		time.Sleep(time.Minute)
		s.stop()
		got, _, _ := at.stored()
		places := map[string]bool{}
		for _, ids := range got {
			for _, id := range ids {
				places[id] = true
			}
		}
		require.Len(t, places, 3*panics)
		require.Equal(t, panics, s.count(journal.Dead))
		require.EqualValues(t, panics, s.panics.Load())
		log := s.log.String()
		require.Equal(t, panics, strings.Count(log, "panic while handling a job"))
		require.Contains(t, log, "brittle", "the stack")
		require.NotContains(t, log, "a value that holds", "it may be a customer's")
	})
}

// brittle panics when it is asked to store poison.
type brittle struct{ script }

func (d *brittle) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet { // what it panicked about is not there
		return d.script.RoundTrip(r)
	}
	body, err := r.GetBody()
	if err != nil {
		return nil, err
	}
	if text := readAll(body); strings.Contains(text, "poison") && !strings.Contains(text, "#unreadable") {
		panic("a value that holds " + text)
	}
	return d.script.RoundTrip(r)
}

// A sentence goes with a pause, and the job that met the cause waits unharmed.
func TestALineIsPausedWithASentence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		at := &script{decide: func(string) answer { return answer{status: http.StatusUnauthorized} }}
		s := newStand(t)
		l := s.add("l1", at)
		l.write(1, "m")
		s.start()
		time.Sleep(time.Minute)
		s.stop()
		require.Contains(t, l.paused, "token")
		_, posts, _ := at.stored()
		require.Equal(t, 1, posts)
		require.Equal(t, 1, s.count(journal.Waiting))
	})
}

// What a job may have done is remembered with it, whatever ends the attempt.
func TestADoubtIsKeptWithTheJob(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fail  func(j *work.Job) error
		doubt bool
	}{
		"nothing was asked":  {func(*work.Job) error { return errRefused }, false},
		"a request was lost": {func(j *work.Job) error { j.MayHaveActed = true; return errRefused }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStand(t)
				l := s.add("l1", &script{})
				var seen []bool
				l.do = func(ctx context.Context, j *work.Job) error {
					if seen = append(seen, j.Ambiguous); len(seen) == 1 {
						return test.fail(j)
					}
					return j.Done(ctx, nil)
				}
				l.write(1, "m")
				s.start()
				time.Sleep(time.Minute)
				s.stop()
				require.Equal(t, []bool{false, test.doubt}, seen)
			})
		})
	}
}

// Each attempt is kept with its time, its outcome and its error.
func TestAttemptsAreKeptWithTheirJob(t *testing.T) {
	t.Parallel()
	for outcome, end := range map[journal.Outcome]func(ctx context.Context, j *work.Job) error{
		"done": func(ctx context.Context, j *work.Job) error { return j.Done(ctx, nil) },
		"dead": func(context.Context, *work.Job) error { return &work.PermanentError{Err: errors.New("no")} },
		journal.Paused: func(context.Context, *work.Job) error {
			return &work.PauseError{Pause: lines.Pause{Sentence: "Look here."}, Err: errors.New("no")}
		},
	} {
		t.Run(string(outcome), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStand(t)
				l := s.add("l1", &script{})
				var began []time.Time
				var job int64
				l.do = func(ctx context.Context, j *work.Job) error {
					began, job = append(began, time.Now().UTC()), j.ID
					if len(began) == 1 {
						time.Sleep(3 * time.Second)
						return errRefused
					}
					time.Sleep(time.Second)
					return end(ctx, j)
				}
				l.write(1, "m")
				s.start()
				time.Sleep(time.Minute)
				s.stop()
				attempts, err := s.journal.Attempts(t.Context(), job)
				require.NoError(t, err)
				require.Len(t, attempts, 2)
				require.Equal(t, journal.Attempt{N: 1, Begun: began[0], Duration: 3 * time.Second, Outcome: journal.Retried, Error: errRefused.Error()}, attempts[0])
				require.Equal(t, outcome == "done", attempts[1].Error == "")
				attempts[1].Error = ""
				require.Equal(t, journal.Attempt{N: 2, Begun: began[1].Truncate(time.Millisecond), Duration: time.Second, Outcome: outcome}, attempts[1])
			})
		})
	}
}
