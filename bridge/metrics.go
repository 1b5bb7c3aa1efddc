package bridge

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are the bridge's counters. None has a label of a customer.
type Metrics struct {
	registry     prometheus.Registerer
	takeFailures prometheus.Counter
	panics       prometheus.Counter
	whatsapp     *prometheus.CounterVec
	webhooks     *prometheus.CounterVec
	effects      *prometheus.CounterVec
	lateWebhooks prometheus.Counter
	overtaken    prometheus.Counter
	reconciled   *prometheus.CounterVec
	cacheRefused prometheus.Counter
	toChatwoot   prometheus.Histogram
	toPhone      prometheus.Histogram
}

// NewMetrics registers the bridge's metrics.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		registry:     registry,
		takeFailures: prometheus.NewCounter(prometheus.CounterOpts{Name: "wootbridge_take_failures_total", Help: "WhatsApp events that could not be committed at once."}),
		panics:       prometheus.NewCounter(prometheus.CounterOpts{Name: "wootbridge_panics_total", Help: "Panics that ended as a dead job."}),
		whatsapp:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "wootbridge_whatsapp_events_total", Help: "What the WhatsApp library warned of."}, []string{"event"}),
		webhooks:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "wootbridge_webhooks_total", Help: "Webhooks by the answer they got."}, []string{"answer"}),
		effects:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: "wootbridge_jobs_total", Help: "Attempts at jobs by direction and outcome."}, []string{"direction", "outcome"}),
		lateWebhooks: prometheus.NewCounter(prometheus.CounterOpts{Name: "wootbridge_late_webhooks_total", Help: "Messages for which Chatwoot was asked for earlier ones, because webhooks were late."}),
		overtaken:    prometheus.NewCounter(prometheus.CounterOpts{Name: "wootbridge_overtaken_total", Help: "Agents' messages that were sent after a later one of their chat."}),
		reconciled:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "wootbridge_reconciled_total", Help: "What comparing with Chatwoot's messages found: messages nobody told of, deletions, retries, bubbles that were red for nothing."}, []string{"found"}),
		cacheRefused: prometheus.NewCounter(prometheus.CounterOpts{Name: "wootbridge_cache_refused_total", Help: "Entries of the cache that were not believed: not sealed by this bridge's key, or for another entry. After an upgrade or a new key there are some."}),
		toChatwoot:   prometheus.NewHistogram(prometheus.HistogramOpts{Name: "wootbridge_inbound_seconds", Help: "From the commit of a WhatsApp message to its Chatwoot message.", Buckets: prometheus.ExponentialBuckets(0.01, 2.5, 12)}),
		toPhone:      prometheus.NewHistogram(prometheus.HistogramOpts{Name: "wootbridge_outbound_seconds", Help: "From the commit of a webhook to WhatsApp's acknowledgement.", Buckets: prometheus.ExponentialBuckets(0.01, 2.5, 12)}),
	}
	registry.MustRegister(m.takeFailures, m.panics, m.whatsapp, m.webhooks, m.effects, m.reconciled, m.lateWebhooks, m.overtaken, m.cacheRefused, m.toChatwoot, m.toPhone)
	return m
}

func (m *Metrics) countWhatsApp(event string) { m.whatsapp.WithLabelValues(event).Inc() }

func (m *Metrics) countJob(queue, outcome string) { m.effects.WithLabelValues(queue, outcome).Inc() }

func (m *Metrics) countReconciled(what string) { m.reconciled.WithLabelValues(what).Inc() }

func (m *Metrics) countRefused() { m.cacheRefused.Inc() }
