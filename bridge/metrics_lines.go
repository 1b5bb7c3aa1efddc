package bridge

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wootbridge/wootbridge/bridge/admin"
	"github.com/wootbridge/wootbridge/bridge/listen"
)

// lineMetrics reads the lines' queues and states when it is asked.
type lineMetrics struct {
	b                              *Bridge
	waiting, age, dead, state, way *prometheus.Desc
}

// watch registers the gauges of b's lines.
func (m *Metrics) watch(b *Bridge) {
	line := []string{"line"}
	m.registry.MustRegister(&lineMetrics{
		b:       b,
		waiting: prometheus.NewDesc("wootbridge_waiting_jobs", "Jobs that are not done yet.", []string{"line", "direction"}, nil),
		age:     prometheus.NewDesc("wootbridge_oldest_job_seconds", "Age of the oldest job that is not done yet.", line, nil),
		dead:    prometheus.NewDesc("wootbridge_dead_jobs", "Jobs that were given up and can be replayed.", line, nil),
		way:     prometheus.NewDesc("wootbridge_way_works", "Whether a way by which Chatwoot tells what agents do works: 1 yes, 0 no; absent while nothing has come by it, and where the line does without.", []string{"line", "way"}, nil),
		state:   prometheus.NewDesc("wootbridge_line_state", "1 for the state that the line is in.", []string{"line", "state"}, nil),
	})
}

// Describe implements prometheus.Collector.
func (m *lineMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{m.waiting, m.age, m.dead, m.state, m.way} {
		out <- desc
	}
}

// collectTimeout keeps a scrape from waiting for a database that is away.
const collectTimeout = 5 * time.Second

// Collect implements prometheus.Collector.
func (m *lineMetrics) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), collectTimeout)
	defer cancel()
	queues, err := m.b.journal.Stats(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(m.waiting, err)
	}
	for _, r := range m.b.all() {
		id := r.inbox.LineID()
		out <- prometheus.MustNewConstMetric(m.state, prometheus.GaugeValue, 1, id, string(admin.StateOf(adminLine{r}).Code))
		for _, s := range r.ways.Status() {
			if works := map[listen.Verdict]float64{listen.Works: 1, listen.Closed: 0}; r.active && s.Verdict != listen.Unknown && !s.Unused() {
				out <- prometheus.MustNewConstMetric(m.way, prometheus.GaugeValue, works[s.Verdict], id, string(s.Way))
			}
		}
		if err != nil {
			continue
		}
		q := queues[id]
		out <- prometheus.MustNewConstMetric(m.waiting, prometheus.GaugeValue, float64(q.Inbound), id, "inbound")
		out <- prometheus.MustNewConstMetric(m.waiting, prometheus.GaugeValue, float64(q.Outbound), id, "outbound")
		out <- prometheus.MustNewConstMetric(m.age, prometheus.GaugeValue, float64(q.OldestSeconds), id)
		out <- prometheus.MustNewConstMetric(m.dead, prometheus.GaugeValue, float64(q.Dead), id)
	}
}
