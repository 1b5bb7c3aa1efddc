package chatwoot_test

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// dated answers like a Chatwoot whose clock is ahead of ours.
type dated struct {
	ahead  time.Duration
	header http.Header   // besides, or instead where a value is empty
	body   func() string // made when it is answered
}

func (d *dated) RoundTrip(req *http.Request) (*http.Response, error) {
	header := http.Header{"X-Request-Id": {"1"}, "Date": {time.Now().Add(d.ahead).UTC().Format(http.TimeFormat)}}
	for name, values := range d.header {
		header[name] = values
	}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(d.body())), Request: req}, nil
}

func plainVersion() string { return `{"version":"4.13.0"}` }

func TestK4_ChatwootsClockIsKnownByTheDatesOfItsAnswers(t *testing.T) {
	t.Parallel()
	stamp := func(ahead time.Duration) func() string {
		return func() string {
			return `{"version":"4.13.0","timestamp":"` + time.Now().Add(ahead).UTC().Format(time.DateTime) + `"}`
		}
	}
	for name, test := range map[string]struct {
		answers dated
		want    time.Duration // of Chatwoot's clock before ours
		told    bool
	}{
		"the same":                     {dated{}, 0, false},
		"a second":                     {dated{ahead: time.Second}, 0, false},
		"half a minute":                {dated{ahead: 30 * time.Second}, 30 * time.Second, false},
		"six minutes ahead":            {dated{ahead: 6 * time.Minute}, 6 * time.Minute, true},
		"six minutes behind":           {dated{ahead: -6 * time.Minute}, -6 * time.Minute, true},
		"years":                        {dated{ahead: 20000 * time.Hour}, 20000 * time.Hour, true},
		"not Chatwoot's answer":        {dated{ahead: time.Hour, header: http.Header{"X-Request-Id": nil}}, 0, false},
		"kept by a cache":              {dated{ahead: -time.Hour, header: http.Header{"Age": {"3600"}}}, 0, false},
		"no date":                      {dated{header: http.Header{"Date": nil}}, 0, false},
		"no date that can be read":     {dated{header: http.Header{"Date": {"yesterday"}}}, 0, false},
		"no date, but a timestamp":     {dated{header: http.Header{"Date": nil}, body: stamp(time.Hour)}, time.Hour, true},
		"a date and another timestamp": {dated{ahead: time.Hour, body: stamp(-time.Hour)}, time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.answers.body == nil {
				test.answers.body = plainVersion
			}
			gate := chatwoot.NewGate(time.Now)
			client := clockClient(t, gate, &test.answers)
			_, err := client.Version(t.Context())
			require.NoError(t, err)
			own := time.Now()
			require.InDelta(t, test.want.Seconds(), gate.Theirs(own).Sub(own.Round(0)).Seconds(), 1.5)
			require.WithinDuration(t, own, gate.Ours(gate.Theirs(own)), time.Millisecond)
			if test.told {
				require.InDelta(t, -test.want.Seconds(), gate.Ahead().Seconds(), 1.5)
			} else {
				require.Zero(t, gate.Ahead())
			}
		})
	}
}

// People are told once of each difference, and when it is gone.
func TestK4_PeopleAreToldOnceOfADifference(t *testing.T) {
	t.Parallel()
	gate := chatwoot.NewGate(time.Now)
	var told []time.Duration
	gate.WatchClock(func(ahead time.Duration) { told = append(told, ahead.Round(time.Minute)) })
	answers := &dated{body: plainVersion}
	client := clockClient(t, gate, answers)
	for _, ahead := range []time.Duration{0, -6 * time.Minute, -6*time.Minute - 10*time.Second, 2 * time.Hour, 30 * time.Second, 0} {
		answers.ahead = ahead
		for range 3 {
			_, err := client.Version(t.Context())
			require.NoError(t, err)
		}
	}
	require.Equal(t, []time.Duration{6 * time.Minute, -2 * time.Hour, 0}, told)
}

// Without a Gate nothing is known, and a time that is none stays none.
func TestK4_NoClockIsKnownWithoutAGate(t *testing.T) {
	t.Parallel()
	var none *chatwoot.Gate
	now := time.Now()
	require.Equal(t, now, none.Theirs(now))
	require.Equal(t, now, none.Ours(now))
	require.Zero(t, none.Ahead())
	gate := chatwoot.NewGate(time.Now)
	_, err := clockClient(t, gate, &dated{ahead: time.Hour, body: plainVersion}).Version(t.Context())
	require.NoError(t, err)
	require.True(t, gate.Theirs(time.Time{}).IsZero())
	require.True(t, gate.Ours(time.Time{}).IsZero())
}

func clockClient(t *testing.T, gate *chatwoot.Gate, answers http.RoundTripper) *chatwoot.Client {
	t.Helper()
	client, err := chatwoot.New(chatwoot.Config{
		BaseURL: "http://chatwoot.example.com", Token: "x", Account: 1, Transport: answers, Gate: gate, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	return client
}
