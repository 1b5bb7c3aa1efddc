package bridge

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

// brittleDesk panics when it is asked about a text.
type brittleDesk struct {
	*slowDesk
	text string
}

func (d brittleDesk) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet { // what it panicked about is not there
		return reply(r, http.StatusOK, `{"payload":[]}`), nil
	}
	body, err := r.GetBody()
	if err != nil {
		return nil, err
	}
	var read bytes.Buffer
	if _, err := read.ReadFrom(body); err != nil {
		return nil, err
	}
	if strings.Contains(read.String(), d.text) {
		panic("a value that holds " + d.text)
	}
	return d.slowDesk.RoundTrip(r)
}

// A panic below a job ends nothing but the job: it is counted and logged with
// its stack, a line stands in the place of the message, and what comes after it
// arrives. A dozen of them use nothing up.
func TestR01_APanicEndsOneJobAndNothingElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const panics = 12
		desk := brittleDesk{newSlowDesk(100), `"content":"poison`}
		r := newScheduler(t, desk)
		began := time.Now()
		var log bytes.Buffer
		r.b.log = slog.New(slog.NewTextHandler(&log, nil))
		for chat := range 3 {
			r.know(t, 1+chat)
		}
		for i := range panics {
			r.write(t, 1+i%2, fmt.Sprintf("poison %d", i))
			r.write(t, 1+i%2, fmt.Sprintf("fine %d", i))
			r.write(t, 3, fmt.Sprintf("elsewhere %d", i))
		}
		r.startInbound()
		for desk.count() < 3*panics {
			time.Sleep(time.Second)
			require.Less(t, time.Since(began), time.Minute)
		}
		places := map[string]bool{}
		for _, m := range desk.got {
			places[m.sourceID] = true
		}
		require.Len(t, places, 3*panics)
		require.Equal(t, panics, strings.Count(log.String(), "panic while handling a job"))
		require.EqualValues(t, panics, counted(t, r.b.metrics, "wootbridge_panics_total"))
		require.Contains(t, log.String(), "brittleDesk", "the stack")
		require.NotContains(t, log.String(), "a value that holds", "it may be a customer's")
		require.NotContains(t, log.String(), `panic="a value`)
	})
}

func counted(t *testing.T, m *Metrics, name string) (n float64) {
	t.Helper()
	families, err := m.registry.(prometheus.Gatherer).Gather()
	require.NoError(t, err)
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == name {
				n += metric.GetCounter().GetValue()
			}
		}
	}
	return n
}
