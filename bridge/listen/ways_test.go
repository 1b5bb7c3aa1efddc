package listen_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wootbridge/wootbridge/bridge/listen"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock stands where a test puts it.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

// newWays are Ways of which nothing is known; changes counts how often they told of
// another verdict.
func newWays() (ways *listen.Ways, c *clock, changes *int) {
	c, changes = &clock{now: time.Unix(1_800_000_000, 0)}, new(int)
	return listen.NewWays(c.Now, func() { *changes++ }), c, changes
}

var (
	unanswered = listen.Reason{Code: listen.Unanswered, Detail: "502 Bad Gateway"}
	private    = listen.Reason{Code: listen.Private, Detail: "Hostname 'bridge' has no public ip addresses"}
)

func TestAWayIsUnknownUntilSomethingComes(t *testing.T) {
	t.Parallel()
	ways, c, changes := newWays()
	require.Equal(t, []listen.Status{
		{Way: listen.Webhook, Verdict: listen.Unknown, Since: c.now}, {Way: listen.Live, Verdict: listen.Unknown, Since: c.now},
	}, ways.Status())
	require.False(t, ways.None())
	began := c.now
	c.now = c.now.Add(time.Minute)
	ways.Heard(listen.Webhook)
	require.Equal(t, listen.Status{Way: listen.Webhook, Verdict: listen.Works, Since: c.now}, ways.Of(listen.Webhook))
	require.Equal(t, began, ways.Of(listen.Live).Since, "the other one is as it was")
	require.Equal(t, 1, *changes)
	ways.Heard(listen.Webhook)
	require.Equal(t, 1, *changes, "that it works is no news")
}

// A proxy that starts again must not close the way.
func TestAWebhookThatFailsIsClosedAfterAWhile(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		failures []time.Duration // after the beginning
		closed   bool
	}{
		"once":                             {[]time.Duration{0}, false},
		"twice in an hour":                 {[]time.Duration{0, time.Hour}, false},
		"many in less than a minute":       {[]time.Duration{0, 1, 2, 3, 4, 5, 30 * time.Second, 59999 * time.Millisecond}, false},
		"three over a minute":              {[]time.Duration{0, time.Second, time.Minute}, true},
		"the third one after the minute":   {[]time.Duration{0, 2 * time.Minute, 2*time.Minute + 1}, true},
		"a fourth one where three did not": {[]time.Duration{0, 1, 2, time.Minute}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ways, c, _ := newWays()
			began, closed := c.now, 0
			for _, after := range tc.failures {
				c.now = began.Add(after)
				if ways.Failed(listen.Webhook, unanswered) {
					closed++
				}
			}
			require.Equal(t, tc.closed, ways.Closed(listen.Webhook))
			require.Equal(t, tc.closed, closed == 1, "it is said once")
			if tc.closed {
				require.Equal(t, listen.Status{Way: listen.Webhook, Verdict: listen.Closed, Since: c.now, Reason: unanswered}, ways.Of(listen.Webhook))
			}
		})
	}
}

func TestAFailureThatIsFinalNeedsNoSecondOne(t *testing.T) {
	t.Parallel()
	for code, closed := range map[listen.Code]bool{
		listen.Private: true, listen.UnknownHost: true, listen.Certificate: true, listen.Unanswered: false, listen.NeverCame: false,
	} {
		ways, _, _ := newWays()
		require.Equal(t, closed, ways.Failed(listen.Webhook, listen.Reason{Code: code}), code)
		require.Equal(t, closed, ways.Closed(listen.Webhook), code)
	}
}

func TestASignStartsTheFailuresAnew(t *testing.T) {
	t.Parallel()
	ways, c, _ := newWays()
	for range 10 {
		for range 2 {
			require.False(t, ways.Failed(listen.Webhook, unanswered))
			c.now = c.now.Add(time.Hour)
		}
		ways.Heard(listen.Webhook)
	}
	require.Equal(t, listen.Works, ways.Of(listen.Webhook).Verdict)
}

// A webhook that comes late says nothing of the next one; what the live channel
// tells it tells now.
func TestALateSignOpensTheLiveChannelOnly(t *testing.T) {
	t.Parallel()
	ways, _, _ := newWays()
	ways.Failed(listen.Webhook, private)
	ways.Heard(listen.Webhook)
	require.Equal(t, private, ways.Of(listen.Webhook).Reason)
	require.True(t, ways.Closed(listen.Webhook))
	ways.Close(listen.Live, listen.Reason{Code: listen.Cut})
	require.True(t, ways.None())
	ways.Heard(listen.Live)
	require.Equal(t, listen.Works, ways.Of(listen.Live).Verdict)
	require.Equal(t, listen.Reason{}, ways.Of(listen.Live).Reason)
	require.False(t, ways.None())

	ways.Open(listen.Webhook)
	require.Equal(t, listen.Unknown, ways.Of(listen.Webhook).Verdict)
	ways.Heard(listen.Webhook)
	require.Equal(t, listen.Works, ways.Of(listen.Webhook).Verdict, "a trial opens it")
}

func TestSinceChangesWithTheVerdictOnly(t *testing.T) {
	t.Parallel()
	ways, c, changes := newWays()
	ways.Close(listen.Live, listen.Reason{Code: listen.Cut})
	since := c.now
	c.now = c.now.Add(time.Minute)
	ways.Close(listen.Live, listen.Reason{Code: listen.Silent})
	require.Equal(t, listen.Status{Way: listen.Live, Verdict: listen.Closed, Since: since, Reason: listen.Reason{Code: listen.Silent}}, ways.Of(listen.Live))
	require.Equal(t, 2, *changes, "another reason is told")
	ways.Close(listen.Live, listen.Reason{Code: listen.Silent})
	require.Equal(t, 2, *changes)
	ways.Open(listen.Live)
	require.Equal(t, c.now, ways.Of(listen.Live).Since)
	c.now = c.now.Add(time.Minute)
	ways.Open(listen.Live)
	require.NotEqual(t, c.now, ways.Of(listen.Live).Since, "it was open")
}

func TestAWayIsTriedAfterTenQuietMinutes(t *testing.T) {
	t.Parallel()
	ways, c, _ := newWays()
	require.True(t, ways.Quiet(listen.Live), "it has never said anything")
	ways.Heard(listen.Live)
	require.False(t, ways.Quiet(listen.Live))
	c.now = c.now.Add(10*time.Minute - 1)
	require.False(t, ways.Quiet(listen.Live))
	c.now = c.now.Add(1)
	require.True(t, ways.Quiet(listen.Live))
	ways.Close(listen.Live, listen.Reason{Code: listen.Cut})
	require.False(t, ways.Quiet(listen.Live), "of one that is closed nothing is expected")
	ways.Open(listen.Live)
	require.True(t, ways.Quiet(listen.Live), "what it said before was another connection's")
	heard, _ := ways.HeardSince(time.Unix(1, 0))
	require.Equal(t, map[listen.Way]bool{listen.Live: false, listen.Webhook: false}, heard)
}

func TestWhoeverWaitsForASignIsWoken(t *testing.T) {
	t.Parallel()
	ways, c, _ := newWays()
	heard, more := ways.HeardSince(c.now)
	require.Equal(t, map[listen.Way]bool{listen.Live: false, listen.Webhook: false}, heard)
	ways.Heard(listen.Webhook)
	<-more
	heard, more = ways.HeardSince(c.now)
	require.Equal(t, map[listen.Way]bool{listen.Live: false, listen.Webhook: true}, heard)
	select {
	case <-more:
		require.Fail(t, "nothing more came")
	default:
	}
	heard, _ = ways.HeardSince(c.now.Add(1))
	require.False(t, heard[listen.Webhook])
}

// model is what Ways has to say of a way, read off what happened to it.
type model struct {
	now      time.Time
	verdict  listen.Verdict
	reason   listen.Reason
	since    time.Time
	failures []time.Time // since the last sign, or since it was opened
	signs    []time.Time // since it was opened
}

func (m *model) become(v listen.Verdict, why listen.Reason) {
	if v != m.verdict {
		m.since = m.now
	}
	m.verdict, m.reason = v, why
}

func (m *model) heard(name listen.Way) {
	m.failures, m.signs = nil, append(m.signs, m.now)
	if name == listen.Live || m.verdict == listen.Unknown {
		m.become(listen.Works, listen.Reason{})
	}
}

func (m *model) fail(why listen.Reason) bool {
	m.failures = append(m.failures, m.now)
	final := why.Code == listen.Private || why.Code == listen.UnknownHost || why.Code == listen.Certificate
	lasting := len(m.failures) > 2 && m.now.Sub(m.failures[0]) >= time.Minute
	if m.verdict == listen.Closed || !final && !lasting {
		return false
	}
	m.become(listen.Closed, why)
	return true
}

func (m *model) open() {
	m.failures = nil
	if m.verdict == listen.Closed {
		m.signs = nil
		m.become(listen.Unknown, listen.Reason{})
	}
}

func (m *model) quiet() bool {
	if m.verdict == listen.Closed {
		return false
	}
	return m.verdict == listen.Unknown || len(m.signs) == 0 || m.now.Sub(m.signs[len(m.signs)-1]) >= 10*time.Minute
}

// Whatever happens in whatever order: Ways says what the model says.
func TestWaysAgreeWithTheirModel(t *testing.T) {
	t.Parallel()
	reasons := []listen.Code{listen.Unanswered, listen.NeverCame, listen.Unanswered, listen.Private, listen.UnknownHost, listen.Certificate, listen.Cut, listen.Deaf, listen.Off}
	steps := []time.Duration{0, 0, time.Millisecond, time.Second, 20 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, time.Hour}
	for seed := range uint64(60) {
		chance := rand.New(rand.NewPCG(seed, 7))
		ways, c, changes := newWays()
		models := map[listen.Way]*model{}
		for _, name := range []listen.Way{listen.Webhook, listen.Live} {
			models[name] = &model{now: c.now, verdict: listen.Unknown, since: c.now}
		}
		var history []string
		for range 200 {
			c.now = c.now.Add(steps[chance.IntN(len(steps))])
			for _, m := range models {
				m.now = c.now
			}
			name := []listen.Way{listen.Webhook, listen.Live}[chance.IntN(2)]
			why := listen.Reason{Code: reasons[chance.IntN(len(reasons))], Detail: fmt.Sprint(chance.IntN(2))}
			m := models[name]
			before, told, what := *m, *changes, ""
			switch what = []string{"heard", "heard", "failed", "failed", "failed", "close", "open"}[chance.IntN(7)]; what {
			case "heard":
				ways.Heard(name)
				m.heard(name)
			case "failed":
				require.Equal(t, m.fail(why), ways.Failed(name, why), "seed %d: %v", seed, history)
			case "close":
				ways.Close(name, why)
				m.become(listen.Closed, why)
			case "open":
				ways.Open(name)
				m.open()
			}
			history = append(history, fmt.Sprintf("%s %s %s %s", c.now.Format("15:04:05.000"), what, name, why.Code))
			for other, m := range models {
				require.Equal(t, listen.Status{Way: other, Verdict: m.verdict, Since: m.since, Reason: m.reason}, ways.Of(other), "seed %d: %v", seed, history)
				require.Equal(t, m.quiet(), ways.Quiet(other), "seed %d: %v", seed, history)
				heard, _ := ways.HeardSince(c.now)
				require.Equal(t, len(m.signs) > 0 && m.signs[len(m.signs)-1].Equal(c.now), heard[other], "seed %d: %v", seed, history)
			}
			require.Equal(t, before.verdict != m.verdict || before.reason != m.reason, *changes > told, "seed %d: %v", seed, history)
			require.Equal(t, models[listen.Webhook].verdict == listen.Closed && models[listen.Live].verdict == listen.Closed, ways.None())
		}
	}
}

// Whoever is told of a change may ask what it is.
func TestWaysMayBeAskedByAnybodyAtAnyTime(t *testing.T) {
	t.Parallel()
	var ways *listen.Ways
	ways = listen.NewWays(time.Now, func() { ways.Status(); ways.None() })
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			name := []listen.Way{listen.Webhook, listen.Live}[i%2]
			for range 500 {
				ways.Failed(name, private)
				ways.Heard(name)
				ways.Close(name, unanswered)
				ways.Open(name)
				ways.Quiet(name)
				ways.HeardSince(time.Now())
				ways.Status()
			}
		})
	}
	all.Wait()
}

func TestEveryReasonIsSaidToPeople(t *testing.T) {
	t.Parallel()
	for _, code := range []listen.Code{
		listen.NoAddress, listen.Off, listen.Private, listen.UnknownHost, listen.Certificate, listen.Unanswered, listen.NeverCame,
		listen.Connecting, listen.Unreachable, listen.NoUpgrade, listen.NotConfirmed, listen.Silent, listen.Cut, listen.Deaf,
		listen.BadToken, listen.NotAMember, listen.Suspended,
	} {
		s := listen.Status{Verdict: listen.Closed, Reason: listen.Reason{Code: code}}
		require.NotEmpty(t, s.Sentence(), code)
		require.Equal(t, code == listen.Off || code == listen.NoAddress, s.Unused(), code)
		s.Reason.Detail = "502 Bad\x00\nGateway"
		require.Contains(t, s.Sentence(), "Chatwoot says: 502 Bad")
		require.NotContains(t, s.Sentence(), "\x00")
	}
	require.Equal(t, "Works.", listen.Status{Verdict: listen.Works}.Sentence())
	require.NotEmpty(t, listen.Status{Verdict: listen.Unknown}.Sentence())
}
